# The core's log-probabilities against R's own densities.

log_prob <- function(likelihood, x, mean, scale = 1, zero_inflation = 0) {
  cpp_log_prob(likelihood, x, rep_len(mean, length(x)),
               rep_len(scale, length(x)), rep_len(zero_inflation, length(x)))
}

counts <- c(0:12, 40, 300, 5000)

test_that("\"nb\" is dnbinom()", {
  for (mu in c(1e-6, 0.1, 3, 500)) {
    for (theta in c(1e-3, 0.5, 10, 1e4)) {
      expect_equal(log_prob("nb", counts, mu, theta),
                   dnbinom(counts, size = theta, mu = mu, log = TRUE),
                   tolerance = 1e-9)
    }
  }
})

test_that("\"zinb\" is zero_inflation or dnbinom()", {
  for (mu in c(0.1, 3)) {
    for (logit in c(-4, 0, 2)) {
      nb <- dnbinom(counts, size = 0.7, mu = mu)
      zero_inflation <- plogis(logit)
      by_hand <- log((1 - zero_inflation) * nb + zero_inflation * (counts == 0))
      expect_equal(log_prob("zinb", counts, mu, 0.7, logit)[is.finite(by_hand)],
                   by_hand[is.finite(by_hand)], tolerance = 1e-9)
    }
  }
})

test_that("\"poisson\" is dpois()", {
  for (mu in c(1e-6, 0.1, 3, 500)) {
    expect_equal(log_prob("poisson", counts, mu),
                 dpois(counts, mu, log = TRUE), tolerance = 1e-10)
  }
})

test_that("\"bernoulli\" is dbinom()", {
  for (logit in c(-30, -2, 0, 5)) {
    expect_equal(log_prob("bernoulli", 0:1, logit),
                 dbinom(0:1, 1, plogis(logit), log = TRUE), tolerance = 1e-9)
    # A share is the expectation over zeros and ones.
    expected <- 0.7 * dbinom(0, 1, plogis(logit), log = TRUE) +
      0.3 * dbinom(1, 1, plogis(logit), log = TRUE)
    expect_equal(log_prob("bernoulli", 0.3, logit), expected, tolerance = 1e-9)
  }
})

test_that("\"gaussian\" is dnorm()", {
  x <- c(-10, -0.3, 0, 2)
  for (mean in c(-1, 0, 7)) {
    for (variance in c(0.01, 1, 50)) {
      expect_equal(log_prob("gaussian", x, mean, variance),
                   dnorm(x, mean, sqrt(variance), log = TRUE),
                   tolerance = 1e-12)
    }
  }
})

test_that("probabilities of counts sum to one", {
  support <- 0:5000
  expect_equal(sum(exp(log_prob("nb", support, 4, 0.5))), 1)
  expect_equal(sum(exp(log_prob("zinb", support, 4, 0.5, -1))), 1)
  expect_equal(sum(exp(log_prob("poisson", support, 4))), 1)
})
