flowers <- as.matrix(iris[, 1:4])

test_that("the table has each combination, and the fit is its best row", {
  set.seed(1)
  for (criterion in c("bic", "aic", "icl", "cv")) {
    fit <- gmm_fit(faithful, 1:3, c("EEE", "VVV", "VII"),
                   criterion = criterion, control = quiet())
    table <- fit$search
    expect_named(table, c("k", "model", "loglik", "df", "bic", "icl", "aic",
                          "cv", "n_iter", "reason"))
    expect_identical(nrow(table), 9L)
    expect_identical(which.min(table[[criterion]]),
                     which(table$k == fit$k & table$model == fit$model))
    expect_equal(table$bic, -2 * table$loglik + table$df * log(272))
    expect_equal(table$aic, -2 * table$loglik + 2 * table$df)
    expect_true(all(table$icl >= table$bic - 1e-9))
    expect_identical(anyNA(table$cv), criterion != "cv")
    expect_output(print(fit), toupper(criterion))
  }
})

test_that("all 14 models and k from 1 to 9 are compared by default", {
  set.seed(1)
  fit <- gmm_fit(faithful, control = quiet(n_init = 2))
  expect_identical(unique(fit$search$model), gmm_models()$code)
  expect_identical(unique(fit$search$k), 1:9)
  expect_identical(is.na(fit$search$bic), !is.na(fit$search$reason))
  line <- gmm_fit(faithful$waiting, control = quiet(n_init = 2))
  expect_identical(unique(line$search$model), c("E", "V"))
})

test_that("models have aliases, and one column takes all codes", {
  fit <- gmm_fit(flowers, 2, c("full", "tied", "diag", "spherical", "VVV"),
                 control = quiet())
  expect_identical(fit$search$model, c("VVV", "EEE", "VVI", "VII"))
  for (model in list("E", "EII", "EVE", "tied")) {
    expect_identical(
      gmm_fit(faithful$waiting, 2, model, control = quiet())$model, "E"
    )
  }
  for (model in list("V", "VII", "VEV", "full", "diag", "spherical")) {
    expect_identical(
      gmm_fit(faithful$waiting, 2, model, control = quiet())$model, "V"
    )
  }
  expect_error(gmm_fit(faithful, 2, "E", control = quiet()),
               class = "gmvae_error_option")
})

test_that("held-out log-likelihoods are near those of new data", {
  set.seed(4)
  first <- three_groups(1)$x
  fit <- gmm_fit(first, 1:5, "VVV", criterion = "cv", control = quiet())
  expect_identical(fit$k, 3L)
  expect_length(fit$folds, 240)
  expect_identical(as.vector(table(fit$folds)), rep(48L, 5))
  # Worse than on the data that were fitted, and not by far.
  gap <- fit$search$cv + 2 * fit$search$loglik
  expect_true(all(gap > 0))
  expect_lt(gap[3], 4 * fit$search$df[3])

  again <- gmm_fit(first, 3, "VVV", criterion = "cv",
                   control = quiet(n_folds = 240))
  expect_equal(again$search$cv, fit$search$cv[3], tolerance = 0.02)
})

test_that("k above the number of distinct rows has its reason", {
  few <- flowers[c(1, 1, 2, 51, 101, 130), ]
  fit <- gmm_fit(few, k = 1:9, model = c("EII", "VVI"), control = quiet())
  above <- fit$search$k > 5
  expect_match(fit$search$reason[above], "only 5 distinct rows", all = TRUE)
  expect_error(gmm_fit(few, 6, control = quiet()),
               class = "gmvae_error_option")
})

test_that("more columns than rows leave the diagonal models", {
  set.seed(2)
  wide <- matrix(rnorm(20 * 50), 20)
  wide[11:20, ] <- wide[11:20, ] + 3
  fit <- gmm_fit(wide, 1:3, control = quiet(n_init = 3))
  oriented <- !grepl("I$", fit$search$model)
  expect_match(fit$search$reason[oriented], "more rows .20. than columns .50.",
               all = TRUE)
  one_covariance <- fit$search$model %in% c("EII", "EEI")
  expect_false(anyNA(fit$search$bic[one_covariance]))
  # A diagonal covariance needs two rows.
  all_six <- gmm_fit(wide, 1:3, control = quiet(n_init = 3, min_rows = 2))
  expect_identical(is.na(all_six$search$bic), oriented)
  expect_identical(unname(fit$cluster), rep(fit$cluster[c(1, 11)], each = 10))
  expect_error(gmm_fit(wide, 2, "VVV", control = quiet()),
               class = "gmvae_error_data")
  ridge <- gmm_fit(wide, 2, "EEE", control = quiet(ridge = 0.1))
  expect_true(is.finite(ridge$loglik))
})

test_that("columns that others determine are named", {
  data <- transform(faithful, sum = eruptions + waiting / 10, z = sin(waiting))
  fit <- gmm_fit(data, 1:2, control = quiet(n_init = 2))
  oriented <- !grepl("I$", fit$search$model)
  expect_identical(is.na(fit$search$bic), oriented)
  expect_match(fit$search$reason[oriented],
               "is a linear combination of `.*` and `.*`: drop it",
               all = TRUE)
  expect_no_match(fit$search$reason[oriented], "`z`")
  expect_error(gmm_fit(data, 2, "VVV", control = quiet()),
               "linear combination", class = "gmvae_error_data")
  copied <- cbind(faithful, again = 1 - 3 * faithful$waiting)
  expect_error(gmm_fit(copied, 2, "EEE", control = quiet()),
               "`again` is a linear combination of `waiting`")
  expect_true(is.finite(
    gmm_fit(copied, 2, "EEE", control = quiet(ridge = 1e-3))$loglik
  ))
})

test_that("dependent_columns() finds rank and combinations", {
  set.seed(3)
  base <- matrix(rnorm(300), 100)
  x <- cbind(base, base[, 1] - 2 * base[, 2], 5 * base[, 3])
  found <- dependent_columns(cor(x), letters[1:5], x)
  expect_length(found, 2)
  none <- dependent_columns(cor(base), letters[1:3], base)
  expect_identical(none, character())
  near <- cbind(base, base[, 1] + 1e-3 * rnorm(100))
  none <- dependent_columns(cor(near), letters[1:4], near)
  expect_identical(none, character())
})

test_that("a degenerate optimum does not win", {
  # The point alone has a likelihood without bound.
  far <- rbind(as.matrix(faithful), c(100, 1000))
  fit <- gmm_fit(far, 1:4, control = quiet(n_init = 3))
  expect_true(all(apply(fit$covariances, 3, det) > 1e-4))
  expect_true(all(fit$weights * 273 >= 1 - 1e-6))
  for (candidate in fit$candidates) {
    if (!startsWith(candidate$model, "V")) next
    expect_true(all(apply(candidate$mixture$covariances, 3, det) > 1e-4))
  }
  noisy <- gmm_fit(far, 2:3, "VVV", noise = 0.01, control = quiet(n_init = 3))
  expect_identical(unname(which(noisy$cluster == 0)), 273L)
})

test_that("no fit at all is an error in words", {
  few <- flowers[c(1, 2, 51, 52, 101, 102), ]
  expect_snapshot(error = TRUE, {
    gmm_fit(few, 3, "VVV", start = c(1, 1, 2, 2, 3, 3), control = quiet())
    gmm_fit(few, 3, c("VVV", "VEV"), start = c(1, 1, 2, 2, 3, 3),
            control = quiet())
  })
})

test_that("a column that is nearly a combination is called so", {
  set.seed(1)
  x <- matrix(rnorm(600), 200, dimnames = list(NULL, c("a", "b", "c")))
  nearly <- function(noise) {
    x[, "c"] <- x[, "a"] - x[, "b"] + noise * rnorm(200)
    dependent_columns(cor(x), colnames(x), x)
  }
  expect_match(nearly(0), "is a linear combination of")
  expect_match(nearly(1e-7), "is nearly a linear combination of")
  expect_length(nearly(1e-2), 0L)
})

test_that("a ridge or prior keeps no component without rows", {
  for (seed in 1:4) {
    set.seed(seed)
    fit <- gmm_fit(faithful, 1:6, control = quiet(ridge = 0.1, n_init = 3))
    expect_gt(min(fit$weights) * 272, 0.4)
    x <- matrix(rnorm(60), 30)
    fit <- gmm_fit(x, 1:5, prior = gmm_prior(dof = 100),
                   control = quiet(n_init = 3))
    expect_gt(min(fit$weights) * 30, 0.4)
    expect_lt(max(fit$covariances), 100 * max(var(x)))
  }
})

test_that("tiny problems in any units give finite mixtures or a reason", {
  for (seed in 1:60) {
    set.seed(seed)
    n <- sample(4:14, 1)
    d <- sample(1:3, 1)
    x <- matrix(switch(seed %% 3 + 1, rnorm(n * d), rexp(n * d)^3,
                       round(rnorm(n * d), 1)), n)
    if (any(apply(x, 2, sd) == 0)) next
    model <- if (d == 1) NULL else sample(gmm_models()$code, 3)
    fits <- lapply(10^c(0, -100, 100), function(unit) {
      set.seed(seed)
      tryCatch(
        suppressWarnings(gmm_fit(x * unit, 1:3, model,
                                 control = quiet(n_init = 2))),
        gmvae_error = identity
      )
    })
    for (fit in fits) {
      expect_true(inherits(fit, "gmvae_error") ||
                    all(is.finite(unlist(coef(fit)))))
    }
    if (inherits(fits[[1]], "gmm_fit")) {
      expect_identical(fits[[2]]$k, fits[[1]]$k)
      expect_equal(fits[[3]]$loglik + n * d * log(1e100), fits[[1]]$loglik,
                   tolerance = 1e-6)
    }
  }
})

test_that("many columns and few rows agree with mclust, in diagonal models", {
  skip_if_not_installed("mclust")
  set.seed(1)
  x <- matrix(rnorm(40 * 200), 40)
  x[1:15, 1:30] <- x[1:15, 1:30] + 3
  mclustBIC <- mclust::mclustBIC
  for (model in c("EII", "VII", "EEI", "VEI")) {
    fit <- gmm_fit(x, k = 2, model = model, control = quiet())
    other <- mclust::Mclust(x, 2, model, verbose = FALSE)
    expect_equal(fit$loglik, other$loglik, tolerance = 1e-6)
    expect_equal(fit$loglik, sum(predict(fit, x, type = "logdensity")))
  }
  fit <- gmm_fit(x, k = 1:4, model = c("EII", "VII", "EEI"), control = quiet())
  expect_identical(fit$k, 2L)
})
