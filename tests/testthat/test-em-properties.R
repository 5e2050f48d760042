# What must hold for every covariance model, whatever the data.

quiet <- function(...) gmm_control(..., verbose = FALSE)
models <- gmm_models$code
set.seed(11)
groups <- sample(3, 240, replace = TRUE, prob = c(5, 3, 2))
x <- matrix(rnorm(240 * 3), 240) * c(1, 0.6, 1.5)[groups] + 3 * groups
x[, 2] <- x[, 2] + 0.5 * x[, 1]
colnames(x) <- c("a", "b", "c")
fit_model <- function(model, data = x, k = 3, ...) {
  set.seed(4)
  gmm_fit(data, k, model, ..., control = quiet())
}

test_that("the log-likelihood never falls", {
  for (model in models) {
    fit <- fit_model(model)
    expect_true(all(diff(fit$history) >= 0), label = model)
  }
})

test_that("probabilities sum to one and weights are their means", {
  for (model in models) {
    fit <- fit_model(model)
    expect_equal(unname(rowSums(fit$posterior)), rep(1, 240))
    expect_equal(sum(fit$weights), 1)
    expect_equal(colMeans(fit$posterior), fit$weights, tolerance = 1e-4)
    expect_false(is.unsorted(rev(fit$weights)))
  }
})

test_that("a fit is a fixed point of EM", {
  for (model in models) {
    fit <- fit_model(model)
    again <- gmm_fit(x, 3, model, start = fit$cluster, control = quiet())
    expect_equal(again$loglik, fit$loglik, tolerance = 1e-8)
  }
})

test_that("relabelling a start relabels nothing but the start", {
  for (model in models) {
    a <- gmm_fit(x, 3, model, start = groups, control = quiet())
    b <- gmm_fit(x, 3, model, start = c(2, 3, 1)[groups], control = quiet())
    expect_equal(b$means, a$means, tolerance = 1e-10)
    expect_equal(b$loglik, a$loglik, tolerance = 1e-12)
    expect_identical(b$cluster, a$cluster)
  }
})

test_that("restrictions cost likelihood", {
  loglik <- vapply(models, function(model) {
    gmm_fit(x, 3, model, start = groups, control = quiet())$loglik
  }, 0)
  expect_gt(loglik[["VVV"]], loglik[["EEE"]])
  expect_gt(loglik[["VVV"]], loglik[["VVI"]])
  expect_gt(loglik[["VVI"]], loglik[["VII"]])
})

test_that("covariances are what the model says", {
  covariances <- lapply(models, function(model) fit_model(model)$covariances)
  names(covariances) <- models
  expect_identical(covariances$EEE[, , 1], covariances$EEE[, , 3])
  for (k in 1:3) {
    diagonal <- covariances$VVI[, , k]
    expect_identical(diag(diag(diagonal)), unname(diagonal))
    sphere <- covariances$VII[, , k]
    expect_equal(unname(sphere), sphere[1, 1] * diag(3))
    expect_true(isSymmetric(covariances$VVV[, , k]))
    expect_true(all(eigen(covariances$VVV[, , k])$values > 0))
  }
})

test_that("parameters are counted as by hand", {
  # 2 weights, 9 means
  expect_identical(fit_model("VVV")$df, 11L + 18L)
  expect_identical(fit_model("EEE")$df, 11L + 6L)
  expect_identical(fit_model("VVI")$df, 11L + 9L)
  expect_identical(fit_model("VII")$df, 11L + 3L)
  expect_identical(fit_model("VVV", k = 1)$df, 9L)
})

test_that("k = 1 is the sample's mean and covariance", {
  fit <- fit_model("VVV", k = 1)
  expect_equal(fit$means[1, ], colMeans(x))
  expect_equal(fit$covariances[, , 1], cov(x) * 239 / 240)
  expect_identical(fit$bic, fit$icl)
})

test_that("units and offsets do not matter", {
  for (model in models) {
    plain <- fit_model(model)
    tiny <- fit_model(model, x * 1e-7)
    expect_identical(unname(tiny$cluster), unname(plain$cluster))
    expect_equal(tiny$loglik, plain$loglik - 720 * log(1e-7),
                 tolerance = 1e-10)
    expect_equal(tiny$means * 1e7, plain$means, tolerance = 1e-6)

    for (unit in c(1e-120, 1e120)) {
      scaled <- fit_model(model, x * unit)
      expect_identical(unname(scaled$cluster), unname(plain$cluster))
      expect_equal(scaled$loglik, plain$loglik - 720 * log(unit),
                   tolerance = 1e-10)
      expect_equal(predict(scaled, x * unit, "prob"), scaled$posterior,
                   tolerance = 1e-10, ignore_attr = TRUE)
    }

    far <- fit_model(model, x + 1e8)
    expect_identical(unname(far$cluster), unname(plain$cluster))
    expect_equal(far$loglik, plain$loglik, tolerance = 1e-6)

    if (model == "VII") next # a sphere is a statement about units
    mixed <- fit_model(model, sweep(x, 2, c(1, 1e8, 1), "*"))
    expect_identical(unname(mixed$cluster), unname(plain$cluster))
    expect_equal(mixed$loglik, plain$loglik - 240 * log(1e8),
                 tolerance = 1e-10)
    expect_equal(mixed$covariances["b", "b", ],
                 1e16 * plain$covariances["b", "b", ], tolerance = 1e-6)
  }
})

test_that("the order of the columns does not matter", {
  for (model in models) {
    plain <- gmm_fit(x, 3, model, start = groups, control = quiet())
    turned <- gmm_fit(x[, c("c", "a", "b")], 3, model, start = groups,
                      control = quiet())
    expect_equal(turned$loglik, plain$loglik, tolerance = 1e-10)
    expect_equal(turned$means[, c("a", "b", "c")], plain$means,
                 tolerance = 1e-6)
  }
})

test_that("fits have the same bits for 1, 2 and 3 threads", {
  big <- x[rep(1:240, 20), ] + rnorm(240 * 20 * 3, sd = 0.1)
  for (model in models) {
    fits <- lapply(1:3, function(n_threads) {
      set.seed(3)
      control <- quiet(n_threads = n_threads, n_init = 3)
      fit <- gmm_fit(big, 3, model, control = control)
      unclass(fit)[setdiff(names(fit), "control")]
    })
    expect_identical(fits[[2]], fits[[1]])
    expect_identical(fits[[3]], fits[[1]])
  }
})

test_that("one draw is taken from R's generator", {
  set.seed(8)
  gmm_fit(x, 1:3, control = quiet())
  after <- .Random.seed
  set.seed(8)
  sample.int(.Machine$integer.max, 1L)
  expect_identical(after, .Random.seed)
  set.seed(8)
  first <- gmm_fit(x, 4, "VVV", control = quiet())
  set.seed(8)
  expect_identical(gmm_fit(x, 4, "VVV", control = quiet())$means, first$means)
})

test_that("more starts are never worse", {
  few <- quiet(n_init = 1)
  many <- quiet(n_init = 12)
  for (seed in 1:5) {
    set.seed(seed)
    a <- gmm_fit(iris[, 1:4], 4, "VVV", control = few)
    set.seed(seed)
    b <- gmm_fit(iris[, 1:4], 4, "VVV", control = many)
    expect_gte(b$loglik, a$loglik - 1e-4)
  }
})
