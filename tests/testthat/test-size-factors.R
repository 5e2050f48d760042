test_that("cell_sizes() has median 1 and keeps its scale for new cells", {
  x <- as_counts(tiny_counts())
  size <- cell_sizes(x, "nb")
  expect_equal(median(size$factors), 1)
  expect_equal(size$factors * size$scale, unname(Matrix::colSums(x)))
  expect_identical(size$scale, size$reference)
  new <- cell_sizes(x[, 1:2], "nb", scale = size$scale)
  expect_identical(new$factors, size$factors[1:2])

  user <- cell_sizes(x, "poisson", user = 1:12)
  expect_identical(user$source, "user")
  expect_equal(user$factors, 1:12 / 6.5)
  expect_identical(cell_sizes(x, "gaussian")$factors, rep(1, 12))
})

test_that("size factors of a container are used when given, else mentioned", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = tiny_counts())
  )
  said <- function(expr) {
    heard <- FALSE
    withCallingHandlers(without_warnings(expr), gmvae_message = function(cnd) {
      heard <<- heard || grepl("sizeFactors", conditionMessage(cnd))
      rlang::cnd_muffle(cnd)
    })
    heard
  }
  without_warnings <- function(expr) {
    suppressWarnings(expr, classes = caution_classes)
  }
  run <- function(...) gmvae(sce, 2, ..., control = quick_control(2))
  expect_false(said(run()))
  sce$sizeFactor <- colSums(tiny_counts()) / 7
  expect_false(said(run()))
  sce$sizeFactor <- 1:12 / 6.5
  expect_true(said(run()))
  expect_false(said(run(likelihood = "gaussian")))
  expect_false(said(fit <- run(size_factors = sce$sizeFactor)))
  expect_equal(unname(fit$size_factors), sce$sizeFactor)
})
