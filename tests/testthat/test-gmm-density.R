waits <- function(...) {
  set.seed(1)
  gmm_fit(faithful["waiting"], ..., control = quiet())
}
noisy_waits <- function() {
  set.seed(1)
  gmm_fit(c(faithful$waiting, runif(30, 0, 150)), 2, "V", noise = 0.05,
          control = quiet())
}
cdf <- function(fit, x) unname(predict(fit, x, "cdf"))

test_that("the cdf is the integral of the density", {
  for (fit in list(waits(3, "V"), noisy_waits())) {
    ends <- c(30, 55, 71.5, 90)
    density <- function(x) predict(fit, x, "density")
    for (i in 2:4) {
      expect_equal(diff(cdf(fit, ends[c(i - 1, i)])),
                   integrate(density, ends[i - 1], ends[i],
                             rel.tol = 1e-10)$value, tolerance = 1e-9)
    }
  }
  expect_identical(cdf(fit, c(-1e6, 1e6)), c(0, 1))
  named <- predict(waits(1), c(a = 50, b = 60), "cdf")
  expect_named(named, c("a", "b"))
})

test_that("quantiles invert the cdf in both tails", {
  p <- c(1e-300, 1e-12, 0.01, 0.3, 0.5, 0.8, 0.99, 1 - 1e-12)
  for (fit in list(waits(1), waits(3, "V"), noisy_waits())) {
    q <- quantile(fit, p, names = FALSE)
    expect_false(is.unsorted(q))
    low <- p <= 0.5
    found <- ifelse(low, cdf(fit, q), mixture_cdf(fit, q, upper = TRUE))
    wanted <- ifelse(low, p, 1 - p)
    # What two neighbours of a double differ by, and rounding.
    step <- 4 * .Machine$double.eps * abs(q) * line_density(fit, q)
    expect_true(all(abs(found - wanted) <= step + 1e-14 * wanted))
  }
  expect_equal(quantile(waits(1), 0.975, names = FALSE),
               qnorm(0.975, mean(faithful$waiting),
                     sqrt(mean((faithful$waiting - mean(faithful$waiting))^2))))
  expect_identical(quantile(fit, c(0, 1)), c("0%" = -Inf, "100%" = Inf))
  expect_named(quantile(fit), c("0%", "25%", "50%", "75%", "100%"))
})

test_that("a region of one column holds its level and cuts at its threshold", {
  for (fit in list(waits(1), waits(2, "V"), noisy_waits())) {
    for (level in c(0.05, 0.5, 0.8, 0.95, 0.999)) {
      region <- hdr(fit, level)
      held <- sum(cdf(fit, region$upper) - cdf(fit, region$lower))
      # Far from the components the noise is flat: it is taken as a whole.
      flat <- !is.null(fit$noise) && level > 0.99
      expect_equal(held, if (flat) 1 else level, tolerance = 1e-9)
      ends <- c(region$lower, region$upper)
      inner <- ends[!ends %in% fit$noise$range]
      expect_equal(line_density(fit, inner),
                   rep(region$density[1], length(inner)), tolerance = 1e-9)
    }
  }
  both <- hdr(waits(2, "V"), c(0.8, 0.2))
  expect_identical(both$level, c(0.8, 0.8, 0.2))
  expect_named(both, c("level", "density", "lower", "upper"))
  one <- hdr(waits(1), 0.95)
  expect_equal(one$lower, quantile(waits(1), 0.025, names = FALSE),
               tolerance = 1e-9)
})

test_that("narrow and wide components each get their intervals", {
  narrow <- marginal(gmm_fit(faithful, 2, "VVV", control = quiet()), "waiting")
  narrow$covariances[] <- c(1e-8, 100)
  narrow$means[] <- c(50, 50.02)
  region <- hdr(narrow, c(0.2, 0.9))
  cover <- tapply(cdf(narrow, region$upper) - cdf(narrow, region$lower),
                  region$level, sum)
  expect_equal(as.vector(cover), c(0.2, 0.9), tolerance = 1e-9)
})

test_that("a region of several columns holds its level", {
  set.seed(1)
  flat <- gmm_fit(faithful, 1, "VVV", control = quiet())
  # Of one component exactly: a chi-squared distance.
  exact <- exp(-qchisq(c(0.5, 0.95), 2) / 2) /
    (2 * pi * sqrt(det(flat$covariances[, , 1])))
  expect_equal(hdr(flat, c(0.5, 0.95))$density / exact, c(1, 1),
               tolerance = 0.01)
  wide <- matrix(rnorm(12 * 200), 200)
  fits <- list(
    gmm_fit(faithful, 3, "VVV", control = quiet()),
    gmm_fit(iris[, 1:4], 3, "VEV", noise = 0.05, control = quiet()),
    gmm_fit(wide, 1, "EEE", control = quiet())
  )
  before <- .Random.seed
  for (fit in fits) {
    region <- hdr(fit, c(0.25, 0.95))
    density <- predict(fit, simulate(fit, 1e5, seed = 2), "density")
    held <- colMeans(outer(density, region$density, ">="))
    expect_lt(max(abs(held - c(0.25, 0.95))), 0.01)
  }
  expect_identical(.Random.seed, before)
})

test_that("thresholds can come from rows", {
  fit <- waits(2, "V")
  region <- hdr(fit, 0.9, newdata = faithful)
  density <- predict(fit, faithful, "density")
  expect_equal(region$density[1], quantile(density, 0.1, names = FALSE))
  inside <- outer(faithful$waiting, region$lower, ">=") &
    outer(faithful$waiting, region$upper, "<=")
  expect_equal(mean(rowSums(inside) > 0), 0.9, tolerance = 0.02)
})

test_that("quantile(), hdr() and the cdf say what is wrong", {
  fit <- waits(2, "V")
  two <- gmm_fit(faithful, 2, "EEE", control = quiet())
  expect_snapshot(error = TRUE, {
    quantile(two)
    quantile(fit, 2)
    quantile(fit, NA)
    quantile(fit, 0.5, type = 7)
    predict(two, faithful, "cdf")
    hdr(fit, 1)
    hdr(faithful)
    hdr(fit, 0.5, x = 1)
  })
  expect_error(quantile(two), class = "gmvae_error_input")
  expect_error(hdr(fit, 95), class = "gmvae_error_option")
  expect_error(hdr(1), class = "gmvae_error_input")
})
