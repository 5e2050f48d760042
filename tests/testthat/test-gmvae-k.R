path_of <- function(stability, log_density = seq_along(stability),
                    k = seq_along(stability) + 1L) {
  data.frame(k = k, stability = stability, log_density = log_density)
}

test_that("the finest level that repeats itself is chosen", {
  # k:                       2    3    4    5    6     7    8    9
  expect_identical(choose_k(path_of(c(1, .95, .7, .7, .92, .7, .6, .5))), 6L)
  expect_identical(choose_k(path_of(c(1, .95, .7, .7, .80, .7, .6, .5))), 3L)
  expect_identical(choose_k(path_of(c(1, .75, .7, .7, .80, .7, .6, .5))), 6L)
  # A plateau ends at its last place.
  expect_identical(choose_k(path_of(c(1, 1, 1, 1, .8, .8, .7, .6))), 5L)
})

test_that("two clusters are chosen only where nothing else may be", {
  expect_identical(choose_k(path_of(c(1, .5, .4, .3))), 3L)
  expect_identical(choose_k(path_of(1)), 2L)
  expect_identical(choose_k(path_of(c(1, NA, NA), c(1, NA, NA))), 2L)
})

test_that("no level counts beyond the best density of the other half", {
  stability <- c(.9, .9, .7, .7, .9, .7)
  expect_identical(choose_k(path_of(stability)), 6L)
  expect_identical(choose_k(path_of(stability, c(1, 2, 3, 2, 1, 1))), 3L)
})

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

test_that("clusters that halves find again are told from those they don't", {
  half <- function(...) list(component = cbind(c(...)))
  # Cells 1 and 10 are not in the sample; the third cluster of the fit
  # is what both halves make of the second and third, the fourth is empty.
  halves <- list(cells = 2:9, first = list(half(1, 1, 1, 1, 2, 2, 2, 2)),
                 second = list(half(3, 3, 3, 4, 4, 4, 4, 4)))
  cluster <- c(3, 1, 1, 1, 1, 2, 2, 2, 3, 3)
  expect_equal(cluster_stability(halves, cluster, 4),
               c((1 + 3 / 4) / 2, (3 / 4 + 3 / 5) / 2, (1 / 4 + 1 / 5) / 2, NA))
  halves$first[[1]]$component[] <- NA
  expect_equal(cluster_stability(halves, cluster, 4),
               c(3 / 4, 3 / 5, 1 / 5, NA))
  halves$second[[1]]$component[] <- NA
  expect_identical(cluster_stability(halves, cluster, 2), c(NA_real_, NA_real_))
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

test_that("the path is drawn where there is one", {
  skip_if_not_installed("ggplot2")
  fit <- made_up_fit(k_path = cbind(
    path_of(c(.9, .8, .7)), stability_sd = 0.05
  ))
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_s3_class(plot(fit, "k"), "ggplot")
  expect_error(plot(made_up_fit(), "k"), class = "gmvae_error_option")
})
