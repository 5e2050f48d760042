fit_of <- function(x, ...) {
  set.seed(1)
  gmm_fit(x, ..., keep_data = TRUE, control = quiet())
}
noisy <- function() {
  set.seed(1)
  rbind(as.matrix(faithful), cbind(runif(30, 0, 8), runif(30, 10, 130)))
}

test_that("tidy(), glance() and augment() are methods of generics", {
  skip_if_not_installed("generics")
  fit <- fit_of(faithful, 2, "VVV")
  parts <- generics::tidy(fit)
  expect_named(parts, c("component", "size", "proportion", "mean.eruptions",
                        "mean.waiting", "sd.eruptions", "sd.waiting"))
  expect_identical(parts$size, tabulate(fit$cluster))
  expect_equal(parts$mean.waiting, unname(fit$means[, 2]))
  expect_equal(parts$sd.eruptions,
               sqrt(unname(fit$covariances[1, 1, ])))
  one <- generics::glance(fit)
  expect_identical(nrow(one), 1L)
  expect_equal(c(one$BIC, one$AIC, one$logLik),
               c(BIC(fit), AIC(fit), as.numeric(logLik(fit))))
  rows <- generics::augment(fit, cbind(faithful, day = 1:272))
  expect_named(rows, c("eruptions", "waiting", "day", ".cluster",
                       ".uncertainty"))
  expect_identical(as.integer(rows$.cluster), unname(fit$cluster))
  expect_named(generics::augment(fit),
               c("eruptions", "waiting", ".cluster", ".uncertainty"))
  new <- generics::augment(fit, newdata = faithful[1:3, ])
  expect_identical(as.integer(new$.cluster), unname(fit$cluster[1:3]))
})

test_that("tidy() counts every parameter once", {
  fit <- fit_of(iris[, 1:3], 2, "VVV")
  table <- tidy.gmm_fit(fit, "parameters")
  expect_identical(nrow(table), 2L + 6L + 12L)
  expect_false(anyDuplicated(table$term) > 0)
  value <- function(term) table$estimate[table$term == term]
  expect_equal(value("weight[2]"), fit$weights[[2]])
  expect_equal(value("mean[1, Sepal.Width]"), fit$means[[1, 2]])
  expect_equal(value("var[1, Sepal.Width]"), fit$covariances[[2, 2, 1]])
  expect_equal(value("cov[2, Sepal.Length, Petal.Length]"),
               fit$covariances[[1, 3, 2]])
})

test_that("data frames cover noise, labels, gaps, one column, one component", {
  fit <- fit_of(noisy(), 1, "EEE", noise = 0.05)
  parts <- tidy.gmm_fit(fit)
  expect_identical(parts$component, c("1", "noise"))
  expect_identical(parts$mean.waiting[2], NA_real_)
  rows <- as.data.frame(fit)
  expect_named(rows, c("cluster", "uncertainty", "posterior.1",
                       "posterior.noise"))
  expect_identical(levels(rows$cluster), c("1", "noise"))
  expect_identical(tidy.gmm_fit(fit, "parameters")$term[1:2],
                   c("weight[1]", "weight[noise]"))

  x <- c(a = 1, b = NA, setNames(faithful$waiting, 1:272))
  labels <- c("low", rep(NA, 273))
  line <- fit_of(x, 2, "V", na_action = "omit", labels = labels)
  rows <- as.data.frame(line)
  expect_identical(rownames(rows), names(x))
  expect_true(is.na(rows["b", "cluster"]))
  expect_identical(as.character(rows["a", "cluster"]), "low")
  expect_named(augment.gmm_fit(line, data = x),
               c("V1", ".cluster", ".uncertainty"))
  lean <- fit_of(faithful, 2, "EEE", keep_posterior = FALSE)
  expect_named(as.data.frame(lean), c("cluster", "uncertainty"))
})

test_that("fitted values and residuals add up to the rows", {
  fit <- fit_of(faithful, 2, "VVV")
  expect_equal(fitted(fit) + residuals(fit), as.matrix(faithful),
               ignore_attr = TRUE)
  expect_identical(fitted(fit)[5, ], fit$means[fit$cluster[5], ])
  standard <- residuals(fit, "standardised")
  distance <- vapply(1:272, function(i) {
    j <- fit$cluster[[i]]
    mahalanobis(unlist(faithful[i, ]), fit$means[j, ], fit$covariances[, , j])
  }, 0)
  expect_equal(unname(rowSums(standard^2)), distance)
})

test_that("residuals know noise and gaps", {
  x <- noisy()
  x[4, 2] <- NA
  fit <- fit_of(x, 2, "VVV", noise = 0.05, na_action = "em")
  noise <- which(fit$cluster == 0)
  expect_gt(length(noise), 5)
  standard <- residuals(fit, "standardised", data = x)
  expect_true(all(is.na(standard[noise, ])))
  j <- fit$cluster[[4]]
  expect_equal(standard[[4, 1]],
               (x[[4, 1]] - fit$means[[j, 1]]) /
                 sqrt(fit$covariances[[1, 1, j]]))
  expect_identical(standard[[4, 2]], NA_real_)
})

test_that("quantile residuals are standard normal", {
  fit <- fit_of(faithful["waiting"], 2, "V")
  scores <- residuals(fit, "quantile")
  expect_identical(dim(scores), c(272L, 1L))
  expect_equal(pnorm(scores[, 1]),
               unname(predict(fit, faithful["waiting"], "cdf")),
               ignore_attr = TRUE)
  expect_gt(suppressWarnings(ks.test(scores, "pnorm"))$p.value, 0.05)
  far <- fit
  expect_equal(normal_scores(far, 180), -normal_scores(
    replace(far, "means", list(-far$means)), -180
  ))
  expect_error(residuals(fit_of(faithful, 1), "quantile"),
               class = "gmvae_error_input")
})

test_that("methods refuse other arguments in words", {
  fit <- fit_of(faithful, 2, "EEE")
  expect_snapshot(error = TRUE, {
    tidy.gmm_fit(fit, "rows")
    augment.gmm_fit(fit, data = iris)
    residuals(fit, "pearson")
    residuals(fit, "quantile")
    fitted(fit, 3)
  })
})
