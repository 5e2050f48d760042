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
