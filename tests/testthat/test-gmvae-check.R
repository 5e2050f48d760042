test_that("Poisson for overdispersed counts is flagged, for Poisson not", {
  flagged <- function(truth, seed) {
    set.seed(seed)
    x <- simulate_counts(truth, n = 300, genes = 100)$counts
    fit <- without_cautions(gmvae(x, 3, likelihood = "poisson",
                                  control = gmvae_control(verbose = FALSE)))
    check_fit(fit, x, nsim = 10)
  }
  wrong <- flagged("nb", 1)
  expect_identical(wrong$flagged, "variance")
  expect_match(wrong$sentence, "does not describe.*Try \"nb\"")
  expect_gt(wrong$groups["all", "variance_ratio"], 1.2)
  right <- flagged("poisson", 1)
  expect_identical(right$flagged, character())
  expect_match(right$sentence, "describes the values")
})

test_that("the score test of zero inflation: its level, and its power", {
  set.seed(1)
  group <- factor(rep(1:2, each = 150))
  mu <- outer(exp(rnorm(100)), ifelse(group == 1, 2, 3))
  draw <- function() matrix(rnbinom(length(mu), size = 2, mu = mu), nrow(mu))
  test <- function(x) {
    zero_inflation_test(list(counts = x, expected = mu, group = group))
  }
  null <- vapply(1:20, function(i) test(draw())$statistic, 0)
  expect_lt(abs(mean(null)), 0.7)
  expect_lt(max(null), 3)
  thinned <- draw() * rbinom(length(mu), 1, 0.8)
  means <- t(apply(thinned, 1, function(v) ave(v, group)))
  inflated <- zero_inflation_test(list(counts = thinned, expected = means,
                                       group = group))
  expect_gt(inflated$statistic, 5)
  expect_true(inflated$flagged)
})

test_that("dispersions are those of maximum likelihood", {
  set.seed(2)
  mu <- matrix(exp(rnorm(400)), 4, byrow = TRUE) * 5
  x <- matrix(rnbinom(400, size = 3, mu = mu), 4)
  best <- vapply(1:4, function(g) {
    optimize(function(log_theta) {
      sum(dnbinom(x[g, ], size = exp(log_theta), mu = mu[g, ], log = TRUE))
    }, c(-3, 6), maximum = TRUE)$maximum
  }, 0)
  expect_equal(log(fit_dispersion(x, mu, 50L)), best, tolerance = 1e-3)
})

test_that("check_fit() has a row for each batch, and sizes of the cells", {
  data <- simulate_batches(n = 200, genes = 30)
  fit <- quick_fit(data$counts, batch = data$batch)
  check <- check_fit(fit, data$counts, nsim = 10)
  expect_identical(rownames(check$groups), c("all", "a", "b"))
  expect_identical(check$groups["all", "cells"],
                   sum(check$groups[c("a", "b"), "cells"]))
  expect_true(check$heldout)
  expect_identical(check$genes$gene, fit$features)
  # Size factors are totals, and the shares of genes sum to one.
  expect_equal(check$sizes$expected, check$sizes$observed, tolerance = 1e-4)
  expect_equal(check$genes$mean,
               unname(rowMeans(data$counts[fit$features, fit$heldout])))
  other <- data$counts[, 1:40]
  expect_error(check_fit(fit, other), class = "gmvae_error_option")
  expect_false(check_fit(fit, other, batch = data$batch[1:40],
                         nsim = 10)$heldout)
  set.seed(1)
  first <- check_fit(fit, data$counts, nsim = 10)
  set.seed(1)
  expect_identical(check_fit(fit, data$counts, nsim = 10), first)
})

test_that("every likelihood is checked, printed and drawn", {
  skip_if_not_installed("ggplot2")
  for (likelihood in c("zinb", "bernoulli", "gaussian")) {
    data <- simulate_counts(likelihood, n = 200, genes = 40, depth = 50)
    fit <- quick_fit(data$counts, likelihood = likelihood)
    check <- check_fit(fit, data$counts, nsim = 10)
    expect_output(print(check), "Tests:")
    expect_true(all(check$tests$check %in% c("variance", "zeros")))
    grDevices::pdf(NULL)
    expect_s3_class(plot(check), "ggplot")
    grDevices::dev.off()
  }
  heaps <- data$counts
  heaps[, 1:150] <- 0
  fit <- quick_fit(heaps + 0, likelihood = "gaussian")
  expect_true("zeros" %in% check_fit(fit, heaps, nsim = 10)$flagged)
})

test_that("errors name what is wrong", {
  fit <- made_up_fit()
  expect_error(check_fit(1, 2), class = "gmvae_error_input")
  expect_error(check_fit(fit), class = "gmvae_error_input")
  x <- matrix(1, length(fit$features), 5,
              dimnames = list(fit$features, NULL))
  expect_error(check_fit(fit, x[-1, ]), "lacks 1 of", class =
                 "gmvae_error_input")
  expect_error(check_fit(fit, x, nsim = 2), class = "gmvae_error_option")
  expect_error(check_fit(fit, x, assay = "counts"),
               class = "gmvae_error_option")
})
