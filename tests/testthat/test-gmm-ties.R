# A heap of equal values in one column of two, as a detector without a signal
# gives it.
heap <- function() {
  set.seed(1)
  cbind(a = c(rep(0, 300), rnorm(200, 3)), b = rnorm(500))
}

test_that("a heap of equal values wins no search, whatever the seed", {
  x <- heap()
  fits <- lapply(c(3, 9), function(seed) {
    set.seed(seed)
    expect_warning(
      fit <- gmm_fit(x, k = 1:4, control = quiet()),
      class = "gmvae_warning_ties"
    )
    fit
  })
  expect_lt(fits[[1]]$loglik, 0)
  expect_equal(fits[[1]]$loglik, fits[[2]]$loglik, tolerance = 1e-8)
  table <- fits[[1]]$search
  expect_identical(
    unique(table$reason[table$model == "VVV" & table$k > 1]),
    "a component collapsed onto equal values of `a`"
  )
  expect_true(all(table$loglik < 0, na.rm = TRUE))
})

test_that("the warning names the heap, and the error says what helps", {
  local_reproducible_output()
  set.seed(1)
  expect_snapshot(
    invisible(gmm_fit(heap(), k = 1:2, model = c("EEI", "VVI", "VVV"),
                      control = quiet()))
  )
  expect_snapshot(error = TRUE, gmm_fit(heap(), k = 2, model = "VVI",
                                        control = quiet()))
})

test_that("units and outliers do not hide a heap, nor make one", {
  x <- heap()
  for (unit in c(1e-60, 1e60)) {
    set.seed(1)
    expect_error(gmm_fit(x * unit, k = 2, model = "VVV", control = quiet()),
                 "equal values of `a`")
  }
  # Two groups a million standard deviations apart are groups.
  set.seed(2)
  far <- cbind(rnorm(200) + rep(c(0, 1e6), each = 100), rnorm(200))
  expect_silent(fit <- gmm_fit(far, k = 2, model = "VVV", control = quiet()))
  expect_identical(unname(fit$cluster[1:100] == fit$cluster[1]),
                   rep(TRUE, 100))
  expect_equal(sort(unname(fit$covariances[1, 1, ])), c(1, 1),
               tolerance = 0.3)
})

test_that("components of one value each are no fit of a common variance", {
  set.seed(1)
  expect_warning(
    fit <- gmm_fit(mtcars[c("mpg", "cyl")], k = 1:4, control = quiet()),
    "only 3 different values"
  )
  expect_lt(fit$loglik, 0)
})

test_that("a penalty lets components be on equal values", {
  x <- heap()
  set.seed(1)
  fit <- gmm_fit(x, k = 2, model = "VVV", control = quiet(ridge = 1e-3))
  expect_identical(tabulate(fit$cluster), c(300L, 200L))
  expect_silent(gmm_fit(x, k = 2, model = "VVV", prior = TRUE,
                        control = quiet()))
})

test_that("rounded measurements are no heaps", {
  expect_null(heap_of(faithful$waiting))
  for (column in 1:4) expect_null(heap_of(iris[[column]]))
  set.seed(1)
  expect_null(heap_of(round(rnorm(1000), 1)))
  expect_null(heap_of(round(rnorm(300, 10, 2))))
  expect_null(heap_of(rnorm(100)))
  expect_match(heap_of(c(rnorm(100), rep(0, 30))), "^30 of 130 rows are 0$")
  expect_match(heap_of(rep(0:1, 50)), "only 2 different values in 100 rows")
})

test_that("a mixture has fewer parameters than the data have values", {
  ten <- c(1093.4, 1093.3, 1091.0, 1091.2, 1095.1, 1093.35, 1091.05, 1095.12,
           1095.09, 1091.1)
  for (seed in 1:3) {
    set.seed(seed)
    fit <- gmm_fit(ten, control = quiet())
    expect_identical(fit$k, 3L)
    expect_identical(unname(table(fit$cluster)[[1]]), 4L)
  }
  reasons <- fit$search$reason[fit$search$k == 9]
  expect_match(reasons[1], "18 parameters for 10 values")
})

test_that("min_rows holds for models with one covariance", {
  set.seed(1)
  x <- rbind(matrix(rnorm(100), 50), c(20, 20), c(-20, 20))
  fit <- function(...) {
    gmm_fit(x, k = 3, model = "EEE", control = quiet(...))
  }
  expect_gt(min(tabulate(fit()$cluster)), 1L)
  expect_identical(sort(tabulate(fit(min_rows = 0)$cluster)), c(1L, 1L, 50L))
})
