# The diabetes data as published, with one value corrected.
diabetes_corrected <- function() {
  data <- new.env()
  utils::data("diabetes", package = "mclust", envir = data)
  x <- data$diabetes[, -1]
  x$insulin[104] <- 455  # 45 in the package
  x
}

test_that("gmm_lrt() stops at the first number that is not rejected", {
  set.seed(1)
  tests <- gmm_lrt(faithful, 1:4, "EEE", n_boot = 99, control = quiet())
  expect_s3_class(tests, "data.frame")
  expect_identical(attr(tests, "k"), tests$k[nrow(tests)])
  expect_true(all(tests$p_value[-nrow(tests)] <= 0.05))
  expect_gt(tests$p_value[nrow(tests)], 0.05)
  one <- gmm_fit(faithful, 1, "EEE", control = quiet())
  expect_equal(tests$loglik[1], one$loglik)
  expect_equal(tests$statistic, 2 * (tests$loglik_against - tests$loglik))
  expect_identical(lengths(attr(tests, "statistics")), tests$n_boot)
  expect_snapshot(print(as.data.frame(tests)[c("k", "against", "df")]))
})

test_that("gmm_lrt() has the p-value of its samples, for any threads", {
  lrt <- function(...) {
    set.seed(5)
    gmm_lrt(three_groups()$x[1:60, 1:2], 1:2, "VVI", n_boot = 59, ...)
  }
  full <- lrt(early_stop = FALSE, control = quiet(n_threads = 1))
  expect_identical(full$n_boot, 59L)
  samples <- attr(full, "statistics")[[1]]
  expect_equal(full$p_value, (1 + sum(samples >= full$statistic)) / 60)
  expect_identical(lrt(early_stop = FALSE, control = quiet(n_threads = 2)),
                   full)
})

test_that("a decision is certain, or nearly, where testing stops", {
  control <- list(n_boot = 999, alpha = 0.05)
  expect_true(is_decided(50, 60, control))    # p > 0.05 whatever follows
  expect_false(is_decided(3, 60, control))
  expect_false(is_decided(0, 100, control))   # 0.95^100 is 0.006
  expect_true(is_decided(0, 200, control))    # 0.95^200 is 3.5e-5
  expect_true(is_decided(0, 999, control))
  expect_false(is_decided(8, 50, list(n_boot = 999, alpha = 0.1)))
})

test_that("the published statistics are those of mclust's solutions", {
  skip_if_not_installed("mclust")
  x <- diabetes_corrected()
  published <- c(369.985, 121.107, 19.901)
  mclustBIC <- mclust::mclustBIC  # Mclust() looks for it here
  set.seed(1)
  solutions <- lapply(1:4, function(k) {
    mclust::Mclust(x, k, "VVV", verbose = FALSE)
  })
  theirs <- vapply(solutions, function(fit) fit$loglik, 0)
  logliks <- vapply(1:4, function(k) {
    parameters <- solutions[[k]]$parameters
    mixture <- list(weights = parameters$pro,
                    means = t(as.matrix(parameters$mean)),
                    covariances = parameters$variance$sigma)
    at <- cpp_gmm_evaluate(as.matrix(x) + 0, core_mixture(mixture, NULL),
                           "log_density", 1)
    c(sum(at$log_density), gmm_fit(x, k, "VVV", control = quiet())$loglik)
  }, c(0, 0))
  # mclust reports the log-likelihood before its last M-step, and stops up to
  # 0.02 before the optimum.
  expect_equal(2 * diff(theirs), published, tolerance = 1e-4)
  expect_true(all(logliks[1, ] >= theirs - 1e-6 & logliks[1, ] < theirs + 0.02))
  # The search finds better optima for two and four components.
  expect_true(all(logliks[2, ] >= logliks[1, ] - 1e-6))
})

test_that("criterion = \"test\" chooses k by the tests", {
  set.seed(2)
  fit <- gmm_fit(faithful, 1:4, c("EEE", "VVV"), criterion = "test",
                 control = quiet(n_boot = 99, n_init = 3))
  expect_identical(fit$k, fit$test$k[nrow(fit$test)])
  expect_true(fit$k %in% 2:3)
  expect_identical(fit$criterion, "test")
  open <- fit$search$k > fit$k + 1L
  expect_true(all(is.na(fit$search$loglik[open])))
  expect_output(print(fit), "Tests of k: 1 against 2: p = 0.01")
  expect_identical(update(fit, criterion = "bic", k = fit$k)$k, fit$k)
  one <- gmm_fit(faithful, 2, "EEE", criterion = "test", control = quiet())
  expect_null(one$test)
  expect_identical(one$k, 2L)
})

test_that("one population stays one for criterion = \"test\"", {
  set.seed(3)
  chosen <- vapply(1:10, function(i) {
    gmm_fit(matrix(rnorm(300), 150), 1:3, "VVV", criterion = "test",
            control = quiet(n_boot = 39, n_init = 2))$k
  }, 0L)
  expect_gte(sum(chosen == 1L), 8)
})

test_that("gmm_lrt() says what is wrong", {
  expect_snapshot(error = TRUE, {
    gmm_lrt(faithful, 2, "EEE")
    gmm_lrt(faithful, 1:2)
    gmm_lrt(faithful, 1:2, c("EEE", "VVV"))
    gmm_lrt(faithful, 1:2, "EEE", n_boot = 5)
    gmm_lrt(faithful, 1:2, "EEE", alpha = 1)
    gmm_lrt(faithful, 1:2, "EEE", start = faithful)
  })
})

test_that("criterion = \"test\" compares all models, and k for the labels", {
  set.seed(1)
  rows <- faithful[seq(1, 272, 3), ]
  fit <- gmm_fit(rows, 1:3, criterion = "test",
                 control = quiet(n_boot = 19, n_init = 2))
  expect_identical(fit$test$k[1], 1L)
  expect_gt(sum(!is.na(fit$search$loglik)), 14)
  labels <- rep(NA, nrow(rows))
  labels[1:2] <- c("long", "short")
  labelled <- gmm_fit(rows, 1:3, "EII", labels = labels, criterion = "test",
                      control = quiet(n_boot = 19, n_init = 2))
  expect_identical(labelled$test$k, 2L)
  expect_gte(labelled$k, 2L)
})
