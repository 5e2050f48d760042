mixture <- function(weights, means, covariances) {
  means <- as.matrix(means)
  d <- ncol(means)
  list(weights = weights, means = means,
       covariances = array(covariances, c(d, d, length(weights))),
       k = length(weights), columns = paste0("x", seq_len(d)))
}

test_that("find_modes() finds the modes of a density on a line", {
  two <- mixture(c(0.6, 0.4), c(0, 3), 1)
  found <- find_modes(two)
  density <- function(x) 0.6 * dnorm(x) + 0.4 * dnorm(x, 3)
  best <- c(optimize(density, c(-1, 1), maximum = TRUE, tol = 1e-12)$maximum,
            optimize(density, c(2, 4), maximum = TRUE, tol = 1e-12)$maximum)
  expect_equal(found$modes$location[, 1], best, tolerance = 1e-6,
               ignore_attr = TRUE)
  expect_equal(found$modes$log_density, log(density(best)))
  expect_identical(found$members, 1:2)
})

test_that("two equal components have one mode up to a distance of 2 sd", {
  modes_at <- function(distance) {
    max(find_modes(mixture(c(0.5, 0.5), c(0, distance), 1))$members)
  }
  expect_identical(modes_at(1.99), 1L)
  expect_identical(modes_at(2.01), 2L)
})

test_that("gradient and Hessian agree with differences of the density", {
  set.seed(2)
  three <- mixture(c(0.5, 0.3, 0.2), matrix(rnorm(6), 3),
                   replicate(3, crossprod(matrix(rnorm(6), 3))))
  pieces <- mode_pieces(three)
  at <- c(0.3, -0.2)
  here <- mode_surface(at, pieces)
  step <- 1e-5
  for (j in 1:2) {
    up <- mode_surface(at + step * (1:2 == j), pieces)
    down <- mode_surface(at - step * (1:2 == j), pieces)
    expect_equal(here$gradient[j],
                 (up$log_density - down$log_density) / (2 * step),
                 tolerance = 1e-7)
    expect_equal(here$hessian[, j],
                 (up$gradient - down$gradient) / (2 * step),
                 tolerance = 1e-6)
  }
})

test_that("a climb leaves saddles and minima, and ends where it is concave", {
  # The middle component has so little weight that its mean is a minimum.
  three <- mixture(c(0.495, 0.01, 0.495), c(-2, 0, 2), 1)
  found <- find_modes(three)
  expect_identical(max(found$members), 2L)
  expect_identical(found$members[c(1, 3)], 1:2)
  pieces <- mode_pieces(three)
  ends <- vapply(c(-2, 0, 2), function(from) {
    end <- climb(from, pieces)
    c(end$gradient, end$hessian)
  }, c(0, 0))
  expect_lt(max(abs(ends[1, ])), 1e-8)
  expect_lt(max(ends[2, ]), 0)
})
