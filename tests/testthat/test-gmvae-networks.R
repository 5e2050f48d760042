several <- function(data, n_networks = 3, k = 3, ..., n_threads = 1) {
  set.seed(1)
  without_cautions(gmvae(data$counts, k, ..., control = quick_control(
    8, n_networks = n_networks, n_threads = n_threads
  )))
}

set.seed(5)
data <- simulate_counts(n = 120)

test_that("of several networks the one most like the others is the fit", {
  fit <- several(data)
  networks <- fit$networks
  expect_identical(nrow(networks), 3L)
  expect_identical(anyDuplicated(networks$seed), 0L)
  expect_identical(which(networks$kept), which.max(networks$agreement))
  expect_equal(fit$seed, networks$seed[networks$kept])
  expect_identical(fit$elbo["heldout", "elbo"],
                   networks$elbo_heldout[networks$kept])
  expect_output(print(fit), "between 3 networks from different seeds")
  expect_equal(summary(fit)$agreement, mean(networks$agreement))
})

test_that("the first network is that of a fit of one", {
  one <- several(data, 1)
  expect_null(one$networks)
  expect_equal(several(data, 2)$networks$seed[1], one$seed)
  expect_identical(summary(one)$agreement, NA_real_)
  expect_false(any(grepl("networks", capture.output(print(one)))))
})

test_that("the network kept is not an outlier, however high its ELBO", {
  core <- function(cluster, elbo) {
    list(posterior = diag(2)[cluster, ], stability = 1,
         elbo = list(train = c(elbo = elbo), heldout = c(elbo = elbo)))
  }
  halves <- rep(1:2, each = 10)
  cores <- list(core(rep(1:2, 10), 0), core(halves, -2),
                core(3 - replace(halves, 1, 2), -1))
  kept <- most_typical(cores, 1:3, NULL)$networks
  expect_false(kept$kept[1])
  expect_equal(kept$agreement[2], mean(c(
    adjusted_rand_index(halves, rep(1:2, 10)),
    adjusted_rand_index(halves, replace(halves, 1, 2))
  )))
})

test_that("networks agree on one k", {
  fit <- several(data, 2, k = 2:4)
  expect_identical(fit$k_path$k, 2:4)
  expect_identical(nrow(fit$networks), 2L)
  expect_identical(fit$k, min(fit$networks$chosen_k))
})

test_that("the choice of k is that of one network, with its small groups", {
  core <- function(first) {
    list(posterior = diag(2)[rep(first:(3 - first), each = 10), ],
         stability = 1, small_groups = 0L,
         elbo = list(train = c(elbo = 0), heldout = c(elbo = 0)))
  }
  path <- data.frame(k = 1:4)
  kept <- most_typical(list(core(1L), core(2L)), 1:2,
                       list(k_path = path, small_groups = 1L))
  expect_identical(kept$k_path, path)
  expect_identical(kept$small_groups, 1L)
})

test_that("workers give the same fit", {
  skip_if_not_installed("BiocParallel")
  serial <- several(data, n_threads = 2)
  workers <- BiocParallel::SerialParam()
  parallel <- several(data, BPPARAM = workers, n_threads = 2)
  expect_identical(parallel$parameters, serial$parameters)
  expect_identical(parallel$networks, serial$networks)
  skip_on_os("windows")
  workers <- BiocParallel::MulticoreParam(2)
  expect_identical(several(data, BPPARAM = workers)$parameters,
                   serial$parameters)
})

test_that("BPPARAM must be one", {
  skip_if_not_installed("BiocParallel")
  expect_error(gmvae(data$counts, 3, BPPARAM = 2),
               class = "gmvae_error_option")
})
