test_that("adjusted_rand_index() gives known values", {
  expect_identical(adjusted_rand_index(c(1, 1, 2, 2), c("b", "b", "a", "a")),
                   1)
  expect_equal(adjusted_rand_index(c(1, 1, 2, 2), c(1, 2, 1, 2)), -0.5)
  # By hand from the table (1 1 0 / 1 2 1 / 0 0 4) of Hubert and Arabie (1985)
  a <- rep(1:3, c(2, 4, 4))
  b <- c(1, 2, 1, 2, 2, 3, 3, 3, 3, 3)
  expect_equal(adjusted_rand_index(a, b), (7 - 13 * 14 / 45) / (13.5 - 13 * 14 /
                                                                  45))
})

test_that("adjusted_rand_index() ignores names and order of labels", {
  set.seed(1)
  a <- sample(4, 200, TRUE)
  b <- sample(3, 200, TRUE)
  index <- adjusted_rand_index(a, b)
  expect_equal(adjusted_rand_index(b, a), index)
  expect_equal(adjusted_rand_index(factor(letters[a]), -b), index)
  expect_lt(abs(index), 0.05)
})

test_that("adjusted_rand_index() agrees with mclust", {
  skip_if_not_installed("mclust")
  set.seed(1)
  a <- sample(5, 1e4, TRUE)
  b <- ifelse(runif(1e4) < 0.7, a, sample(5, 1e4, TRUE))
  expect_equal(adjusted_rand_index(a, b), mclust::adjustedRandIndex(a, b))
})

test_that("adjusted_rand_index() has no overflow and no full table", {
  n <- 2e5
  half <- rep(1:2, n / 2)
  expect_identical(adjusted_rand_index(half, 3 - half), 1)
  expect_equal(adjusted_rand_index(seq_len(n), half), 0)
  expect_identical(adjusted_rand_index(seq_len(n), rev(seq_len(n))), 1)
})

test_that("adjusted_rand_index() of trivial partitions", {
  expect_identical(adjusted_rand_index(1, 2), 1)
  expect_identical(adjusted_rand_index(c(1, 1, 1), c(2, 2, 2)), 1)
  expect_identical(adjusted_rand_index(1:3, c("a", "b", "c")), 1)
  expect_equal(adjusted_rand_index(1:3, c(1, 1, 1)), 0)
})
