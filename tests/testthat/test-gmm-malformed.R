# Whatever is given where, gmm_fit() returns finite numbers or a classed error.

control <- quiet(n_init = 2)
set.seed(1)
x <- rbind(matrix(rnorm(60), 20), matrix(rnorm(60, 5), 20))
colnames(x) <- c("a", "b", "c")

is_sound <- function(fit) {
  numbers <- unlist(unclass(fit)[c("weights", "means", "covariances", "loglik",
                                   "bic", "icl", "aic", "df", "history")])
  there <- !is.na(fit$cluster)
  all(is.finite(numbers)) && all(fit$cluster[there] %in% 0:fit$k) &&
    all(is.finite(fit$uncertainty[there])) && all(diff(fit$history) >= 0) &&
    abs(sum(fit$weights, fit$noise$weight) - 1) < 1e-8 &&
    all(is.na(fit$search$bic) == !is.na(fit$search$reason))
}

# Outcomes that are neither a sound fit nor a classed error.
unsound <- function(cases, call_with) {
  unlist(lapply(seq_along(cases), function(i) {
    name <- if (is.null(names(cases))) i else names(cases)[i]
    tryCatch(
      if (!is_sound(call_with(cases[[i]]))) paste(name, "-> not sound"),
      gmvae_error = function(cnd) NULL,
      error = function(cnd) paste(name, "->", conditionMessage(cnd)),
      gmvae_warning_ties = function(cnd) NULL,
      warning = function(cnd) paste(name, "-> warns:", conditionMessage(cnd))
    )
  }))
}

data_sets <- function() {
  bump <- function(values, at = 1) replace(x, at, values)
  c(
    list(
      plain = x, integer = matrix(as.integer(x * 3), 40),
      frame = as.data.frame(x), vector = x[, 1], named = `names<-`(1:40, 1:40),
      logical = x > 0, text = matrix("a", 4, 2), complex = matrix(1i, 4, 2),
      factor = iris, dates = data.frame(a = as.Date(1:9, "2020-01-01")),
      nested = data.frame(a = I(cbind(1:5, 1:5))), list = list(1, 2),
      array = array(1:8, c(2, 2, 2)), table = table(1:3, 1:3),
      sparse = Matrix::Matrix(x), no_rows = x[0, ], no_columns = x[, 0],
      ts = stats::ts(x), one_row = x[1, , drop = FALSE],
      two_rows = x[1:2, ], three_rows = x[c(1, 21, 22), ],
      one_column = x[, 1, drop = FALSE], wide = t(x),
      equal_rows = x[rep(1, 30), ], two_values = x[rep(c(1, 21), 20), ],
      three_values = x[rep(c(1, 2, 21), 20), ],
      constant = cbind(x, 1), duplicated = cbind(x, d = x[, 1]),
      opposite = cbind(x, d = 7 - 2 * x[, 1]), sums = cbind(x, d = rowSums(x)),
      nearly = cbind(x, d = x[, 1] + 1e-9 * x[, 2]),
      same_names = `colnames<-`(x, c("a", "a", "b")),
      no_names = unname(x), blank_names = `colnames<-`(x, c("", NA, "b")),
      binary = matrix(rep_len(c(0, 1, 1), 120), 40),
      identity = diag(10), ordered = outer(1:40, 1:3), squares = (1:30)^2,
      grid = as.matrix(expand.grid(1:5, 1:5)), heavy = cbind(x^5, exp(x)),
      mixed_units = sweep(x, 2, c(1e-100, 1, 1e100), "*")
    ),
    stats::setNames(
      lapply(c(1e-300, 1e-120, 1e-20, 1e20, 1e120, 1e300), "*", x),
      paste("units", 1:6)
    ),
    stats::setNames(lapply(c(1e3, 1e8, 1e12, 1e16), "+", x),
                    paste("offset", 1:4)),
    stats::setNames(lapply(c(1e6, -1e6, 1e12, 1e100), bump),
                    paste("outlier", 1:4)),
    stats::setNames(lapply(c(1e6, 1e9), function(value) {
      bump(value * rnorm(6), c(1, 2, 41, 42, 81, 82))
    }), paste("outliers", 1:2)),
    stats::setNames(lapply(list(NA, NaN, Inf, -Inf), bump),
                    paste("one entry", 1:4))
  )
}

gap_patterns <- function() {
  at <- function(...) replace(x, cbind(...), NA)
  list(
    one = at(3, 2), column_but_one = at(2:40, 1), column = at(1:40, 1),
    row = at(5, 1:3), all_but_row = at(rep(2:40, 3), rep(1:3, each = 39)),
    all = x * NA, diagonal = at(1:3, 1:3), group = at(1:20, 2),
    half = at(1:20, 1) |> replace(cbind(21:40, 2), NA),
    checkers = replace(x, (row(x) + col(x)) %% 2 == 0, NA),
    never_together = replace(x, cbind(1:40, rep_len(1:2, 40)), NA),
    nan = replace(x, 1:5, NaN), both = replace(x, 1:6, c(NA, Inf)),
    integer = replace(matrix(as.integer(x * 3), 40), 4, NA),
    outlier = replace(x, c(1, 45), c(1e6, NA))
  )
}

test_that("any data, with few and with all models", {
  for (model in list("VVV", "EII", c("VEI", "EVE"))) {
    expect_null(unsound(data_sets(), function(data) {
      gmm_fit(data, 2, model, control = control)
    }))
  }
  expect_null(unsound(data_sets(), function(data) {
    gmm_fit(data, c(1, 3, 50), control = control)
  }))
})

test_that("any data with a prior, with noise and with a ridge", {
  expect_null(unsound(data_sets(), function(data) {
    gmm_fit(data, 1:3, c("VVV", "VVI", "EEE", "EVE"), prior = TRUE,
            control = control)
  }))
  expect_null(unsound(data_sets(), function(data) {
    gmm_fit(data, 2, c("VVV", "EEI", "VEV"), noise = 0.1, control = control)
  }))
  expect_null(unsound(data_sets(), function(data) {
    gmm_fit(data, 3, c("VVV", "EII", "EEE"),
            control = quiet(ridge = 1e-4, n_init = 2))
  }))
})

test_that("any pattern of missing values", {
  for (na_action in c("fail", "omit", "em")) {
    expect_null(unsound(gap_patterns(), function(data) {
      gmm_fit(data, 1:3, c("VVV", "EEE", "EII", "VVE"), na_action = na_action,
              control = control)
    }))
  }
  expect_null(unsound(gap_patterns(), function(data) {
    gmm_fit(data, 2, c("VVV", "EVV"), na_action = "em", noise = 0.05,
            prior = TRUE, weights = rep_len(0:2, 40), control = control)
  }))
})

test_that("any weights", {
  cases <- list(
    rep(1, 40), rep(0, 40), c(1, rep(0, 39)), rep(1:0, c(4, 36)),
    rep(1:0, 20), rep(1e-300, 40), rep(1e300, 40), rep(1e308, 40),
    rep(1e-8, 40), rep(1e8, 40), c(1e12, rep(1, 39)), c(1e-12, rep(1, 39)),
    -rep(1, 40), c(NA, rep(1, 39)), c(Inf, rep(1, 39)), rep(TRUE, 40), 1:39,
    matrix(1, 40, 1), as.character(1:40)
  )
  expect_null(unsound(cases, function(weights) {
    gmm_fit(x, 1:2, c("VVV", "EII", "EEV"), weights = weights,
            control = control)
  }))
})

test_that("any labels, start and noise", {
  z <- matrix(0.5, 40, 2)
  mixture <- list(weights = c(0.5, 0.5), means = x[1:2, ],
                  covariances = array(diag(3), c(3, 3, 2)))
  part <- function(name, value) replace(mixture, name, list(value))
  labels <- list(
    rep(NA, 40), c(1, rep(NA, 39)), rep(1:2, 20), rep(1:3, length.out = 40),
    rep(c("b", NA), 20), factor(rep("a", 40)), c(0, rep(NA, 39)),
    c(1.5, rep(NA, 39)), c(Inf, rep(1, 39)), c(1e9, rep(1, 39)), 1:40, TRUE,
    rep(2, 40), rep(TRUE, 40), list(1), z
  )
  starts <- list(
    rep(1:2, 20), rep(1:2, each = 20), rep(1, 40), rep(0:1, 20), rep(1:3, 14),
    1:40, c(rep(1, 39), 2), rep(NA_integer_, 40), rep(c("a", "b"), 20), z,
    z * 2, z[1:3, ], cbind(z, 0), cbind(1, rep(0, 40)), -z, z * NaN, mixture,
    part("weights", c(1, 0)), part("weights", c(-1, 2)), part("weights", 1),
    part("weights", c(1e-300, 1)), part("means", x[1, ]),
    part("means", x[1:2, ] * 1e10), part("means", x[c(1, 1), ]),
    part("means", matrix(NaN, 2, 3)), part("covariances", diag(3)),
    part("covariances", array(0, c(3, 3, 2))),
    part("covariances", array(1e-200 * diag(3), c(3, 3, 2))),
    part("covariances", array(1e200 * diag(3), c(3, 3, 2))),
    part("covariances", array(-diag(3), c(3, 3, 2))),
    part("covariances", array(1:9, c(3, 3, 2))), mixture[1:2],
    unname(mixture), c(mixture, noise = 0.1), c(mixture, noise = "a"),
    c(mixture, other = 1), list(), as.data.frame(z)
  )
  noise <- list(
    0, 1, 0.5, 1e-300, 1 - 1e-12, -1, 2, 41, c(1, 1), 1:39, 1:40, rep(TRUE, 40),
    rep(FALSE, 40), rep(c(TRUE, FALSE), 20), TRUE, NA, integer(), "a", 0.5:2
  )
  expect_null(unsound(labels, function(labels) {
    gmm_fit(x, 2:4, c("VVV", "EEI"), labels = labels, control = control)
  }))
  expect_null(unsound(starts, function(start) {
    gmm_fit(x, 2, c("VVV", "EEI", "VEE"), start = start, control = control)
  }))
  expect_null(unsound(starts, function(start) {
    gmm_fit(x, model = "VVI", start = start, noise = 0.1, control = control)
  }))
  expect_null(unsound(noise, function(noise) {
    gmm_fit(x, 2, c("VVV", "EII"), noise = noise, control = control)
  }))
})
