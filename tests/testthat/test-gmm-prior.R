flowers <- as.matrix(iris[, 1:4])

test_that("the prior reproduces mclust's fit with priorControl()", {
  fit <- gmm_fit(flowers, model = "VVV", start = iris$Species, prior = TRUE,
                 control = quiet(tol = 1e-12))
  expect_equal(fit$loglik, -192.69528386, tolerance = 1e-7)
  expect_gt(abs(fit$objective - fit$loglik), 0.1)
})

test_that("the defaults of gmm_prior() are those of its page", {
  fit_by <- function(prior, model = "VVV") {
    gmm_fit(flowers, 3, model, start = iris$Species, prior = prior,
            control = quiet())
  }
  default <- fit_by(TRUE)
  scale <- cov(flowers) / 3^(2 / 4)
  written <- gmm_prior(0.01, colMeans(flowers), 6, scale)
  expect_equal(fit_by(written)$covariances, default$covariances,
               tolerance = 1e-8)
  shuffled <- gmm_prior(mean = rev(colMeans(flowers)), scale = scale)
  expect_equal(fit_by(shuffled)$means, default$means, tolerance = 1e-8)
  for (model in c("EII", "VII", "EEI", "VVI", "VEI", "EVI")) {
    ball <- gmm_prior(scale = mean(diag(scale)))
    expect_equal(fit_by(ball, model)$covariances,
                 fit_by(TRUE, model)$covariances, tolerance = 1e-8,
                 label = model)
  }
})

test_that("one component under a prior is as by hand", {
  prior <- gmm_prior(2, mean = rep(1, 4), dof = 9, scale = 3)
  fit <- gmm_fit(flowers, 1, "VVV", prior = prior, control = quiet())
  n <- 150
  centre <- colMeans(flowers)
  expect_equal(fit$means[1, ], (n * centre + 2) / (n + 2))
  # Fraley and Raftery (2007), table 2
  scatter <- cov(flowers) * (n - 1) + diag(3, 4) +
    n * 2 / (n + 2) * tcrossprod(centre - 1)
  expect_equal(fit$covariances[, , 1], scatter / (9 + n + 4 + 2),
               ignore_attr = TRUE)
})

test_that("a prior makes singular components regular", {
  few <- flowers[c(1, 2, 51, 52, 101, 102), ]
  groups <- rep(1:3, each = 2)
  expect_error(gmm_fit(few, 3, "VVV", start = groups, control = quiet()),
               class = "gmvae_error_numerical")
  for (model in gmm_models()$code) {
    fit <- gmm_fit(few, 3, model, start = groups, prior = TRUE,
                   control = quiet(min_rows = 0))
    expect_true(is.finite(fit$loglik), label = model)
    expect_true(all(diff(fit$history) >= 0), label = model)
  }
})

test_that("gmm_prior() and gmm_fit() say what a prior must be", {
  expect_snapshot(error = TRUE, {
    gmm_prior(shrinkage = -1)
    gmm_prior(mean = c(1, NA))
    gmm_prior(dof = 0)
    gmm_prior(scale = matrix(1, 2, 2))
    gmm_prior(scale = "a")
    gmm_fit(flowers, 2, prior = 0.01)
    gmm_fit(flowers, 2, prior = gmm_prior(mean = 1:3))
    gmm_fit(flowers, 2, prior = gmm_prior(scale = diag(3)))
  })
  expect_output(print(gmm_prior(dof = 9)), "dof 9")
  none <- gmm_fit(flowers, 2, "EEE", prior = FALSE, control = quiet())
  expect_null(none$prior)
  fit <- gmm_fit(flowers, 2, "EEE", prior = TRUE, control = quiet())
  expect_output(print(fit), "Prior: shrinkage 0.01")
})
