test_that("a checksum tells values and their order, whatever the storage", {
  set.seed(1)
  x <- matrix(rpois(60, 2), 6)
  sparse <- methods::as(x + 0, "CsparseMatrix")
  sum_of <- function(x) data_checksum(as_counts(x))
  expect_identical(sum_of(x), sum_of(sparse))
  expect_equal(sum_of(x), data_checksum(t(x)))
  other <- x
  other[2, 3] <- other[2, 3] + 1
  for (changed in list(other, x[, 10:1], x[6:1, ], x[-1, ], x[, -1])) {
    expect_false(has_checksum(as_counts(changed), sum_of(x)))
  }
  expect_true(has_checksum(sparse, sum_of(x)))
  expect_true(has_checksum(sparse, NULL))
  # Rounding, as of a text file, is no change
  y <- matrix(rnorm(1000), 100)
  expect_true(has_checksum(y * (1 + 1e-14), data_checksum(y)))
  expect_false(has_checksum(y * (1 + 1e-8), data_checksum(y)))
  y[3, 2] <- NA
  expect_true(has_checksum(y, data_checksum(y)))
})

test_that("update() of both fits refuses other data of the same names", {
  x <- tiny_counts()
  fit <- quick_fit(x, 2)
  x <- x[, c(2, 1, 3:12)]
  colnames(x) <- colnames(tiny_counts())
  expect_error(update(fit, k = 3), "other values", class = "gmvae_error_input")
  expect_no_error(without_cautions(update(fit, k = 3, x = tiny_counts())))

  z <- as.matrix(faithful)
  one <- gmm_fit(z, k = 1, model = "VVV")
  z <- z[272:1, ]
  expect_error(update(one, k = 2), class = "gmvae_error_input")
  expect_error(plot(one), class = "gmvae_error_input")
  expect_error(update(one, k = 2, x = z), class = "gmvae_error_input")
  expect_no_error(update(one, k = 2, x = faithful))
})

test_that("update() knows the data of containers", {
  skip_if_not_installed("SingleCellExperiment")
  counts <- tiny_counts()
  sce <- SingleCellExperiment::SingleCellExperiment(list(counts = counts))
  fit <- without_cautions(gmvae(sce, 2, control = quick_control()))
  expect_no_error(without_cautions(update(fit, k = 3)))
  SummarizedExperiment::assay(sce, "counts") <- counts + 1
  expect_error(update(fit, k = 3), class = "gmvae_error_input")
})
