# EM over missing entries, and rows left out.

models <- gmm_models()$code
groups <- three_groups()$group
x <- three_groups()$x
flowers <- as.matrix(iris[, 1:4])

test_that("without missing values, the three actions are the same", {
  fits <- lapply(c("fail", "omit", "em"), function(na_action) {
    fit <- gmm_fit(x, 3, "VEV", start = groups, na_action = na_action,
                   control = quiet())
    unclass(fit)[c("loglik", "means", "covariances", "cluster", "bic")]
  })
  expect_identical(fits[[2]], fits[[1]])
  expect_identical(fits[[3]], fits[[1]])
})

test_that("EM over few missing entries is near the fit of all for each model", {
  for (model in models) {
    complete <- gmm_fit(x, 3, model, start = groups, control = quiet())
    distance <- vapply(c(0.1, 0.01, 0.003), function(share) {
      fit <- gmm_fit(with_gaps(x, share), 3, model, start = groups,
                     na_action = "em", control = quiet())
      max(abs(fit$means - complete$means),
          abs(fit$covariances - complete$covariances))
    }, 0)
    expect_lt(distance[3], 0.15)
    expect_lt(distance[3], distance[1])
  }
})

test_that("EM over missing entries maximises the density of what is there", {
  gaps <- with_gaps(x, 0.2)
  fit <- gmm_fit(gaps, 3, "VVV", start = groups, na_action = "em",
                 control = quiet(tol = 1e-12))
  loglik_at <- function(weights, means, covariances) {
    parts <- vapply(1:3, function(j) {
      vapply(seq_len(240), function(i) {
        seen <- which(!is.na(gaps[i, ]))
        s <- covariances[seen, seen, j, drop = FALSE]
        root <- chol(matrix(s, length(seen)))
        z <- backsolve(root, gaps[i, seen] - means[j, seen], transpose = TRUE)
        weights[j] * exp(-sum(z^2) / 2) / prod(diag(root)) /
          (2 * pi)^(length(seen) / 2)
      }, 0)
    }, numeric(240))
    sum(log(rowSums(parts)))
  }
  with(fit, expect_equal(loglik_at(weights, means, covariances), loglik,
                         tolerance = 1e-10))
  # A maximum: no small step in any mean leads higher.
  for (step in c(-1e-3, 1e-3)) {
    for (at in seq_along(fit$means)) {
      means <- replace(fit$means, at, fit$means[at] + step)
      expect_lt(loglik_at(fit$weights, means, fit$covariances), fit$loglik)
    }
  }
})

test_that("EM over missing entries finds the clusters of iris", {
  gaps <- with_gaps(flowers, 0.1)
  for (model in c("VEV", "EEE", "VVV")) {
    set.seed(1)
    complete <- gmm_fit(flowers, 3, model, control = quiet())
    fit <- gmm_fit(gaps, 3, model, na_action = "em", control = quiet())
    agreement <- adjusted_rand_index(fit$cluster, complete$cluster)
    expect_gt(agreement, 0.85)
  }
})

test_that("rows with missing values are left out by \"omit\"", {
  gaps <- with_gaps(flowers, 0.02)
  there <- complete.cases(gaps)
  fit <- gmm_fit(gaps, 3, "VEV", start = iris$Species, na_action = "omit",
                 weights = rep(1:2, 75), control = quiet())
  alone <- gmm_fit(gaps[there, ], 3, "VEV", start = iris$Species[there],
                   weights = rep(1:2, 75)[there], control = quiet())
  expect_identical(fit$means, alone$means)
  expect_identical(fit$cluster[there], alone$cluster)
  expect_true(all(is.na(fit$cluster[!there]), is.na(fit$uncertainty[!there]),
                  is.na(fit$posterior[!there, ])))
  expect_length(fit$cluster, 150)
  expect_identical(fit$n_omitted, sum(!there))
  expect_identical(nobs(fit), nobs(alone))
  expect_output(print(fit), "left out")
})

test_that("rows without any value do not count", {
  empty <- rbind(x, NA, NA)
  fit <- gmm_fit(empty, 3, "VVV", start = c(groups, 1, 1), na_action = "em",
                 control = quiet())
  alone <- gmm_fit(x, 3, "VVV", start = groups, control = quiet())
  expect_equal(fit$loglik, alone$loglik, tolerance = 1e-10)
  expect_equal(fit$bic, alone$bic, tolerance = 1e-10)
  expect_identical(unname(fit$cluster[241:242]), c(1L, 1L))
})

test_that("predict() fills in conditional means", {
  gaps <- with_gaps(flowers, 0.1)
  fit <- gmm_fit(gaps, 1, "VVV", na_action = "em", control = quiet())
  filled <- predict(fit, gaps, "imputed")
  expect_identical(filled[!is.na(gaps)], gaps[!is.na(gaps)])
  i <- which(rowSums(is.na(gaps)) == 1)[1]
  gap <- which(is.na(gaps[i, ]))
  s <- fit$covariances[, , 1]
  by_hand <- fit$means[1, gap] +
    s[gap, -gap] %*% solve(s[-gap, -gap], gaps[i, -gap] - fit$means[1, -gap])
  expect_equal(filled[i, gap], drop(by_hand), ignore_attr = TRUE)

  many <- gmm_fit(gaps, 3, "VEV", na_action = "em", control = quiet())
  better <- predict(many, gaps, "imputed")
  error <- function(filled) sqrt(mean((filled - flowers)[is.na(gaps)]^2))
  column_means <- flowers
  column_means[is.na(gaps)] <- colMeans(gaps, na.rm = TRUE)[col(gaps)[is.na(
    gaps)]]
  expect_lt(error(better), 0.5 * error(column_means))
})

test_that("predict() takes missing values where the fit did", {
  gaps <- with_gaps(flowers, 0.1)
  fit <- gmm_fit(gaps, 3, "VVV", na_action = "em", control = quiet())
  expect_identical(predict(fit, gaps), fit$cluster)
  prob <- predict(fit, gaps, "posterior")
  expect_equal(unname(rowSums(prob)), rep(1, 150))
  expect_equal(sum(predict(fit, gaps, "logdensity")), fit$loglik)
  none <- predict(fit, matrix(NA_real_, 1, 4), "posterior")
  expect_equal(drop(none), fit$weights, ignore_attr = TRUE)

  strict <- gmm_fit(flowers, 3, "VVV", control = quiet())
  expect_error(predict(strict, gaps), class = "gmvae_error_data")
  omitted <- gmm_fit(gaps, 3, "EEE", na_action = "omit", keep_data = TRUE,
                     control = quiet())
  expect_identical(is.na(predict(omitted, type = "density")),
                   is.na(omitted$cluster))
  expect_error(predict(omitted, gaps), class = "gmvae_error_data")
})
