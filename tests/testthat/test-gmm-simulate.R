flowers <- as.matrix(iris[, 1:4])
set.seed(1)
fit <- gmm_fit(flowers, 3, "VVV", control = quiet())

test_that("simulate() draws from the mixture", {
  drawn <- simulate(fit, 20000, seed = 1)
  component <- attr(drawn, "component")
  expect_identical(dim(drawn), c(20000L, 4L))
  expect_identical(colnames(drawn), colnames(flowers))
  expect_equal(tabulate(component, 3) / 20000, unname(fit$weights),
               tolerance = 0.02)
  for (k in 1:3) {
    rows <- drawn[component == k, ]
    expect_equal(colMeans(rows), fit$means[k, ], tolerance = 0.01)
    expect_equal(cov(rows), fit$covariances[, , k], tolerance = 0.06)
  }
  one <- simulate(gmm_fit(faithful$waiting, 2, control = quiet()), 3)
  expect_identical(dim(one), c(3L, 1L))
})

test_that("simulate() draws noise from the range of the data", {
  set.seed(1)
  x <- rbind(as.matrix(faithful), cbind(runif(30, 0, 8), runif(30, 20, 120)))
  noisy <- gmm_fit(x, 2, "VVV", noise = 0.1, control = quiet())
  drawn <- simulate(noisy, 5000, seed = 1)
  noise <- attr(drawn, "component") == 0
  expect_equal(mean(noise), noisy$noise$weight, tolerance = 0.1)
  expect_equal(apply(drawn[noise, ], 2, range), noisy$noise$range,
               tolerance = 0.1, ignore_attr = TRUE)
  again <- gmm_fit(drawn, 2, "VVV", noise = 0.1, control = quiet())
  expect_equal(again$means, noisy$means, tolerance = 0.02)
})

test_that("simulate() follows R's rules for seeds", {
  set.seed(5)
  before <- .Random.seed
  first <- simulate(fit, 5, seed = 9)
  expect_identical(.Random.seed, before)
  expect_identical(simulate(fit, 5, seed = 9), first)
  set.seed(3)
  a <- simulate(fit, 5)
  set.seed(3)
  expect_identical(simulate(fit, 5), a)
  expect_error(simulate(fit, 0), class = "gmvae_error_option")
})

test_that("simulate() says what a seed must be", {
  expect_error(simulate(fit, 2, seed = "a"), "`seed`",
               class = "gmvae_error_option")
  expect_error(simulate(fit, 2, seed = 1:2), class = "gmvae_error_option")
  expect_error(simulate(fit, 2, seed = NA_real_), class = "gmvae_error_option")
})
