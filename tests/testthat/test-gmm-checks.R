test_that("n_distinct_rows() counts rows, and stops once it has enough", {
  x <- cbind(rep(1:5, each = 40), rep(1:2, 100))
  expect_identical(n_distinct_rows(x, 100L), 10L)
  expect_gte(n_distinct_rows(x, 4L), 4L)
})

test_that("names of columns are no arguments", {
  x <- cbind(method = c(1, 2, 2), decreasing = c(1, 3, 3), na.last = 1:3)
  expect_identical(n_distinct_rows(x, 100L), 3L)
  expect_identical(n_distinct_rows(x[, -3], 100L), 2L)
})

test_that("columns that are matrices of one column are columns", {
  scaled <- faithful
  scaled$waiting <- scale(scaled$waiting)
  plain <- transform(faithful, waiting = as.vector(scaled$waiting))
  fit <- function(x) {
    set.seed(1)
    gmm_fit(x, k = 2, model = "VVV", control = quiet())
  }
  expect_identical(fit(scaled)$loglik, fit(plain)$loglik)
  expect_identical(fit(scaled)$columns, names(faithful))
  expect_equal(fit(array(faithful$waiting, 272))$loglik,
               fit(faithful$waiting)$loglik)
})

test_that("columns that are not numeric are named, with what converts them", {
  local_reproducible_output()
  show <- function(column) {
    x <- faithful
    x$other <- column
    expect_snapshot(error = TRUE, as_numeric_matrix(x, "x"))
  }
  show(rep(c(TRUE, FALSE), 136))
  show(factor(rep(1:2, 136)))
  show(rep("1.5", 272))
  show(as.Date("2020-01-01") + 1:272)
  show(I(as.list(1:272)))
  show(matrix(1, 272, 2))
  # As package bit64 keeps whole numbers.
  show(structure(runif(272), class = "integer64"))
  expect_error(as_numeric_matrix(structure(1, class = "integer64"), "x"),
               "integer64", class = "gmvae_error_input")
})
