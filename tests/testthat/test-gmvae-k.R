test_that("separated groups are counted, and update() moves between levels", {
  set.seed(3)
  data <- simulate_counts(n = 240, k = 4, depth = 60, separation = 10)
  set.seed(1)
  fit <- without_cautions(
    gmvae(data$counts, k = 2:8, control = quick_control(40))
  )
  expect_identical(fit$k, 4L)
  expect_identical(fit$k_path$k, 2:8)
  expect_gt(fit$stability, 0.8)
  expect_named(fit$cluster_stability, levels(fit$cluster))
  expect_true(all(fit$cluster_stability > 0.8))
  expect_true(all(fit$cluster_stability <= 1))
  expect_gt(adjusted_rand_index(fit$cluster, data$cluster), 0.9)
  expect_identical(fit$history$epoch, seq_len(nrow(fit$history)))
  expect_output(print(fit), "Stability")

  three <- without_cautions(update(fit, k = 3))
  expect_identical(levels(three$cluster), c("1", "2", "3"))
  expect_gt(nrow(three$history), nrow(fit$history))
  expect_null(three$k_path)
  expect_identical(three$call$k, 3L)
  again <- without_cautions(update(fit, k = 3, x = data$counts))
  expect_identical(again$posterior, three$posterior)
})

test_that("one population is one cluster", {
  set.seed(7)
  data <- simulate_counts(n = 600, depth = 60)
  one <- data$counts[, data$cluster == 1]
  set.seed(1)
  fit <- without_cautions(gmvae(one, control = quick_control(40)))
  expect_identical(fit$k, 1L)
  expect_identical(fit$k_path$k, 1:20)
  expect_gt(fit$k_path$p[1], 0.05)
  expect_true(all(is.na(fit$k_path$p[-1])))
  expect_output(print(fit), "no division of these cells is more than chance")
})

test_that("more than 20 groups are counted", {
  set.seed(2)
  group <- rep_len(1:26, 780)
  change <- matrix(rbinom(200 * 26, 1, 0.25) * rnorm(200 * 26, sd = 1.5), 200)
  rate <- exp(rnorm(200, sd = 0.7) + change)[, group]
  rate <- 1500 * t(t(rate) / colSums(rate))
  x <- matrix(rpois(length(rate), rate), 200,
              dimnames = list(paste0("g", 1:200), paste0("c", 1:780)))
  set.seed(1)
  fit <- without_cautions(gmvae(x, likelihood = "poisson",
                                control = gmvae_control(epochs = 30,
                                                        verbose = FALSE)))
  expect_identical(fit$k, 26L)
  expect_identical(fit$k_path$k, 1:40)
  expect_gt(adjusted_rand_index(fit$cluster, group), 0.98)
})

test_that("small groups that share little information are counted", {
  group <- rep(1:10, c(20, 24, 30, 40, 50, 60, 70, 80, 90, 96))
  set.seed(5)
  rate <- rgamma(400, 1, 1)
  change <- sapply(1:10, function(i) {
    exp(ifelse(runif(400) < 0.13, rnorm(400), 0))
  })
  mean <- (rate * change)[, group]
  x <- matrix(rnbinom(length(mean), mu = mean, size = 5), 400,
              dimnames = list(paste0("g", 1:400), paste0("c", 1:560)))
  set.seed(1)
  fit <- without_cautions(gmvae(x, control = gmvae_control(verbose = FALSE)))
  path <- fit$k_path
  expect_lt(path$k[which.max(path$shared)], 10)
  expect_identical(fit$k, 10L)
  expect_gt(adjusted_rand_index(fit$cluster, group), 0.95)
})

test_that("two clear groups are two clusters, from every seed", {
  set.seed(8)
  data <- simulate_counts(n = 300, depth = 60, separation = 10)
  two <- data$cluster != 1
  for (seed in 1:3) {
    set.seed(seed)
    fit <- without_cautions(gmvae(data$counts[, two], k = 1:8,
                                  control = quick_control(40)))
    expect_identical(fit$k, 2L)
    expect_lt(fit$k_path$p[1], 0.05)
    expect_false(isTRUE(fit$k_path$p[2] < 0.05))
    expect_equal(adjusted_rand_index(fit$cluster, data$cluster[two]), 1)
  }
})

test_that("alpha = 1 makes no tests", {
  set.seed(4)
  data <- simulate_counts(n = 90)
  fit <- without_cautions(gmvae(data$counts, 1:4, control = quick_control(
    4, alpha = 1
  )))
  expect_true(all(is.na(fit$k_path$p)))
  expect_gt(fit$k, 1L)
  expect_error(gmvae_control(alpha = 0), class = "gmvae_error_option")
})

test_that("components help to choose k where the density does not fall", {
  set.seed(4)
  data <- simulate_counts(n = 150)
  path_of <- function(threads = 1, ...) {
    set.seed(4)
    control <- quick_control(4, alpha = 1, n_threads = threads)
    without_cautions(gmvae(data$counts, 1:3, control = control, ...))$k_path
  }
  path <- path_of()
  expect_identical(which.max(path$log_density), 3L)
  # At most log(3), where the halves find the same three groups.
  expect_gt(path$shared_pcs[3], 1)
  expect_true(all(path$shared_pcs[1:2] < 0.5, path$shared_pcs_sd >= 0))
  expect_identical(path_of(threads = 2), path)
  by_batch <- path_of(batch = rep(c("a", "b"), 75))
  expect_true(all(is.na(by_batch$shared_pcs)))
})

test_that("the choice is told in words", {
  path <- data.frame(k = 1:8, shared = c(0, .6, .8, .7, .9, .87, .8, .89),
                     shared_sd = 0.04,
                     p = c(1e-5, 1e-4, 0.01, NA, NA, NA, NA, NA))
  expect_identical(
    choice_sentence(list(k = 5L, k_path = path)),
    "5 of 1 to 8; 5 to 6 are nearly as good; 1 to 3 are too few (p = 0.01)"
  )
  expect_identical(
    choice_sentence(list(k = 7L, small_groups = 2L, k_path = path)),
    paste0("7 of 1 to 8; 2 of them are small groups beside 5 others; ",
           "5 to 6 are nearly as good; 1 to 3 are too few (p = 0.01)")
  )
  # As much is 0.6 times the standard deviation of the difference, 0.034 here:
  # the rule by which the core chooses.
  expect_identical(cpp_shares_as_much(path$shared, path$shared_sd, 5),
                   path$shared >= 0.9 - 0.6 * sqrt(2) * 0.04)
  # Where components took part, as much is shared by them too.
  with_components <- cbind(path, shared_pcs = 1, shared_pcs_sd = 0.04)
  expect_identical(nearly_as_good(with_components, 5L, 0.05), 5:6)
  with_components$shared_pcs[6] <- 0.9
  expect_identical(nearly_as_good(with_components, 5L, 0.05), 5L)
  with_components[c("shared_pcs", "shared_pcs_sd")] <- NA_real_
  expect_identical(nearly_as_good(with_components, 5L, 0.05), 5:6)
  path$shared_sd[6] <- NA
  expect_no_match(choice_sentence(list(k = 5L, k_path = path)), "nearly")
  path$p[4] <- 0.4
  expect_identical(
    choice_sentence(list(k = 3L, k_path = path)),
    paste0("3 of 1 to 8; 1 to 2 are too few (p < 0.001); ",
           "no sign of more than 4 (p = 0.4)")
  )
  path$p <- c(1, rep(NA, 7))
  expect_identical(choice_sentence(list(k = 1L, k_path = path)),
                   "no division of these cells is more than chance (p = 1)")
  expect_null(choice_sentence(list(k = 3L)))
})

test_that("one cluster of cells that vary continuously has a caution", {
  path <- data.frame(k = 1:2, stability = c(1, 0.9), p = c(0.5, NA),
                     p_unseen = c(1e-8, NA))
  expect_true(is_continuum(list(k = 1L, k_path = path)))
  path$p_unseen[1] <- 0.5
  expect_false(is_continuum(list(k = 1L, k_path = path)))
  expect_false(is_continuum(list(k = 1L)))
})

test_that("a path doesn't depend on the threads", {
  set.seed(4)
  data <- simulate_counts(n = 90)
  path <- function(n_threads) {
    set.seed(1)
    without_cautions(gmvae(data$counts, k = 2:5, control = quick_control(
      4, n_threads = n_threads
    )))$k_path
  }
  expect_identical(path(1), path(3))
})

test_that("update() wants the data of the fit", {
  fit <- quick_fit(tiny_counts(), 2)
  expect_error(update(fit, k = 3, x = tiny_counts()[, 1:5]),
               class = "gmvae_error_input")
  fit$call$x <- quote(nowhere)
  expect_error(update(fit, k = 3), class = "gmvae_error_input")
  expect_error(update(fit, k = 99, x = tiny_counts()),
               class = "gmvae_error_option")
})

test_that("k is checked", {
  for (k in list(0, 1.5, "a", NA, 99, c(2, 99), integer())) {
    expect_error(gmvae(tiny_counts(), k), class = "gmvae_error_option")
  }
})

test_that("update() goes on from fits that lack parts of others", {
  x <- simulate_counts(n = 60)$counts
  fit <- quick_fit(x, 3)
  fit$history$seconds <- NULL
  fit$call <- NULL
  two <- without_cautions(update(fit, k = 2, x = x))
  expect_identical(validate_fit(two), two)
  expect_named(two$history, names(fit$history))
})

test_that("fewer cells than clusters: the numbers are the user's", {
  expect_identical(check_components(NULL, 1, NULL), 1L)
  expect_identical(check_components(NULL, 2, NULL), 1:2)
  expect_identical(check_components(NULL, 19, NULL), 1:2)
  expect_identical(check_components(NULL, 45, NULL), 1:4)
  expect_identical(check_components(NULL, 45, NULL, 3L), 3:4)
})
