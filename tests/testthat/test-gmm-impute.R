gappy <- function(n = 200, share = 0.3) {
  group <- rbinom(n, 1, 0.4)
  x <- rnorm(n) + 3 * group
  y <- 1 + 0.5 * x - 2 * group + rnorm(n)
  # At random: whether y is missing depends on x.
  y[runif(n) < 2 * share * pnorm(x - 1)] <- NA
  data.frame(x, y, id = as.character(seq_len(n)))
}
gap_fit <- function(data, ...) {
  gmm_fit(data[c("x", "y")], ..., na_action = "em", control = quiet())
}

test_that("impute() completes data and leaves the rest alone", {
  set.seed(1)
  data <- gappy()
  fit <- gap_fit(data, 2, "VVV")
  for (proper in c(TRUE, FALSE)) {
    sets <- impute(fit, data, m = 3, proper = proper, data = data)
    expect_length(sets, 3)
    for (set in sets) {
      expect_false(anyNA(set))
      expect_identical(set[!is.na(data$y), ], data[!is.na(data$y), ])
      expect_identical(names(set), names(data))
    }
    gaps <- is.na(data$y)
    expect_false(any(sets[[1]]$y[gaps] == sets[[2]]$y[gaps]))
  }
  long <- as.data.frame(sets)
  expect_identical(dim(long), c(800L, 5L))
  expect_identical(long$.imp, rep(0:3, each = 200))
  expect_identical(sum(is.na(long)), sum(is.na(data)))
  expect_snapshot(print(impute(fit, data[1:20, ], 2, FALSE)))
})

test_that("draws have the conditional distribution", {
  set.seed(1)
  data <- gappy()
  fit <- gap_fit(data, 2, "VVV")
  one <- data.frame(x = rep(1.5, 20000), y = NA_real_)
  drawn <- impute(fit, one, m = 1, proper = FALSE)[[1]]$y
  given <- conditional(fit, c(x = 1.5))
  probability <- predict(given, drawn, "cdf")
  expect_gt(ks.test(probability, "punif")$p.value, 0.001)
  # Nothing observed: the marginal distribution.
  none <- data.frame(x = NA_real_, y = rep(NA_real_, 20000))
  drawn <- impute(fit, none, m = 1, proper = FALSE)[[1]]
  for (column in c("x", "y")) {
    probability <- predict(marginal(fit, column), drawn[column], "cdf")
    expect_gt(ks.test(probability, "punif")$p.value, 0.001)
  }
  correlation <- cor(simulate(fit, 20000, seed = 1))[1, 2]
  expect_lt(abs(cor(drawn)[1, 2] - correlation), 0.04)
})

test_that("proper draws vary more, by the uncertainty of the parameters", {
  set.seed(1)
  x <- matrix(rnorm(40), ncol = 1, dimnames = list(NULL, "x"))
  fit <- gmm_fit(x, 1, control = quiet())
  empty <- data.frame(x = rep(NA_real_, 1000))
  spread <- function(proper) {
    sets <- impute(fit, empty, m = 60, proper = proper, data = x)
    var(vapply(sets, function(set) mean(set$x), 0))
  }
  v <- fit$covariances[[1]]
  expect_equal(spread(FALSE) / (v / 1000), 1, tolerance = 0.5)
  expect_equal(spread(TRUE) / (v / 1000 + v / 40), 1, tolerance = 0.5)
})

test_that("pooled regressions cover the truth as often as they say", {
  skip_if_not_installed("mice")
  set.seed(2)
  covered <- replicate(40, {
    n <- 100
    x <- rnorm(n)
    y <- 1 + 0.5 * x + rnorm(n)
    y[runif(n) < 0.8 * pnorm(x)] <- NA
    data <- data.frame(x, y)
    fit <- gmm_fit(data, 1, "VVV", na_action = "em", control = quiet())
    sets <- impute(fit, data, m = 10, data = data)
    pooled <- mice::pool(with(mice::as.mids(as.data.frame(sets)), lm(y ~ x)))
    ends <- summary(pooled, conf.int = TRUE)[2, c("2.5 %", "97.5 %")]
    ends[[1]] < 0.5 && ends[[2]] > 0.5
  })
  # 95% of 40 intervals: fewer than 33 have probability 0.001.
  expect_gte(sum(covered), 33)
})

test_that("impute() keeps weights, labels, noise, prior and one column", {
  set.seed(1)
  data <- gappy()
  weights <- rep(c(1, 2), 100)
  labels <- replace(rep(NA, 200), 1:4, c("a", "b", "a", "b"))
  rows <- data[c("x", "y")]
  fit <- gmm_fit(rows, 2, "VVV", weights = weights, labels = labels,
                 noise = 0.05, prior = TRUE, na_action = "em",
                 control = quiet())
  sets <- impute(fit, m = 2)
  expect_false(anyNA(sets[[1]]))
  expect_identical(nrow(sets[[2]]), 200L)
  # A labelled row is drawn from its component.
  far <- fit
  far$means["b", ] <- c(100, 100)
  drawn <- draw_missing(far, replace(as.matrix(rows), cbind(2, 2), NA),
                        c(1L, 2L, 1L, 2L, rep(0L, 196)), quote(f()))
  expect_gt(drawn[2, "y"], 50)
  # Weights may have names, in another order than the rows.
  names(weights) <- rownames(rows)
  mixed <- rev(weights)
  again <- gmm_fit(rows, 2, "VVV", weights = mixed, na_action = "em",
                   control = quiet())
  expect_identical(
    fitted_weights(again, rows, NULL, environment(), quote(f())),
    unname(weights)
  )
  expect_identical(fitted_weights(again, rows, mixed, NULL, quote(f())),
                   unname(weights))
  weights <- "lost"
  expect_error(impute(fit, m = 1), class = "gmvae_error_input")

  line <- gmm_fit(c(1, NA, faithful$waiting), 2, "V", na_action = "omit",
                  keep_data = TRUE, control = quiet())
  sets <- impute(line, m = 2)
  expect_named(sets[[1]], "V1")
  expect_false(anyNA(sets[[1]]))
  # A fit without gaps completes other rows.
  whole <- gmm_fit(faithful, 2, "EEE", control = quiet())
  gaps <- data.frame(waiting = c(60, 80), eruptions = NA)
  expect_false(anyNA(impute(whole, gaps, 1)[[1]]))
  only <- impute(marginal(whole, "waiting"), c(50, NA), 2, proper = FALSE)
  expect_identical(only[[1]][1, ], 50)
})

test_that("set.seed() repeats imputations, whatever the threads", {
  data <- with(list(), {
    set.seed(1)
    gappy()
  })
  run <- function(n_threads) {
    set.seed(4)
    fit <- gmm_fit(data[c("x", "y")], 2, "VVV", na_action = "em",
                   control = quiet(n_threads = n_threads))
    impute(fit, data, 2, data = data)
  }
  expect_identical(run(1), run(2))
})

test_that("impute() says what is wrong", {
  fit <- gmm_fit(faithful, 2, "EEE", control = quiet())
  expect_snapshot(error = TRUE, {
    impute(fit, faithful, m = 0)
    impute(fit, faithful, proper = NA)
    impute(fit, iris)
    impute(marginal(fit, "waiting"), faithful)
    impute(faithful)
  })
  expect_identical(unclassed(odd_values, function(value) {
    impute(fit, value, m = 1, proper = FALSE)
  }), NULL)
})
