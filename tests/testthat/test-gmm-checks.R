test_that("n_distinct_rows() counts rows, and stops once it has enough", {
  x <- cbind(rep(1:5, each = 40), rep(1:2, 100))
  expect_identical(n_distinct_rows(x, 100L), 10L)
  expect_gte(n_distinct_rows(x, 4L), 4L)
})
