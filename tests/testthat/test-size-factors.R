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
