test_that("print() and summary() fit on one screen", {
  fit <- made_up_fit()
  fit$call <- quote(gmvae(x = counts, k = 3))
  expect_snapshot(fit)
  expect_snapshot(summary(fit))
  many <- capture.output(made_up_fit(n = 200, k = 60))
  expect_lt(length(many), 25)
  expect_lt(length(capture.output(summary(made_up_fit(n = 200, k = 60)))), 50)
  expect_output(expect_invisible(print(fit)))
})

test_that("print() works for a fit saved before stability was measured", {
  fit <- made_up_fit()
  fit$cluster_stability <- NULL
  expect_output(print(summary(fit)), "confidence stability")
})

test_that("summary() measures confidence and effective components", {
  facts <- summary(made_up_fit(k = 3))
  expect_equal(facts$effective_components, 3)
  expect_equal(facts$confidence, 0.1 / 3 + 0.9)
  expect_identical(facts$clusters$cells, c(20L, 20L, 20L))
  expect_equal(effective_components(c(1, 0)), 1)
  expect_identical(nobs(made_up_fit()), 60L)
})

test_that("the fit names its parts by cell, cluster and dimension", {
  fit <- made_up_fit(n = 60, k = 3)
  expect_s3_class(fit, "gmvae")
  cells <- paste0("c", 1:60)
  expect_named(fit$cluster, cells)
  expect_identical(levels(fit$cluster), c("1", "2", "3"))
  expect_identical(dimnames(fit$posterior), list(cells, c("1", "2", "3")))
  expect_identical(dimnames(fit$latent), list(cells, paste0("z", 1:4)))
  expect_identical(dim(fit$mixture$covariances), c(4L, 4L, 3L))
  expect_s3_class(fit$history, "data.frame")
  expect_identical(fit$features, paste0("g", 1:5))
})

test_that("gmvae_control() prints every option", {
  expect_output(print(gmvae_control()), "epochs +chosen from the data")
})

test_that("resolve_control() leaves nothing to choose", {
  for (n in c(2, 200, 1e4, 1e6)) {
    control <- resolve_control(gmvae_control(), n, "nb")
    expect_false(any(vapply(control, is.null, NA)))
    expect_true(control$epochs >= 2)
  }
  given <- gmvae_control(epochs = 7, warmup = TRUE, mask = 0.2)
  expect_identical(resolve_control(given, 1e3, "gaussian"), given)
  chosen <- function(likelihood) {
    resolve_control(gmvae_control(), 1e3, likelihood)[c("warmup", "mask")]
  }
  expect_identical(chosen("zinb"), list(warmup = TRUE, mask = 0.5))
  expect_identical(chosen("bernoulli"), list(warmup = FALSE, mask = 0.5))
  expect_identical(chosen("gaussian"), list(warmup = FALSE, mask = 0))
})

test_that("training_phases() gives every phase at least one epoch", {
  for (epochs in c(2, 3, 7, 200)) {
    phases <- training_phases(epochs, warmup = TRUE)
    expect_true(all(unlist(phases) >= 1))
    expect_equal(phases$epochs_warmup + phases$epochs_joint, epochs)
    phases <- training_phases(epochs, warmup = FALSE)
    expect_equal(phases$epochs_warmup, 0)
    expect_equal(phases$epochs_joint, epochs)
    expect_gte(phases$epochs_pretrain, 1)
  }
})

test_that("count_active() sees through the scale of a dimension", {
  means <- cbind(1e-3 * rep(-1:1, 10), rep(c(-2, 2), 15), 0)
  expect_equal(count_active(means, 0 * means + 1), 1)
  expect_equal(count_active(means, 0 * means + 1e-3), 2)
})

test_that("a fit saved before an option was there has its default", {
  fit <- quick_fit(tiny_counts(), k = 2, epochs = 2)
  old <- fit
  old$control$dispersion <- NULL
  expect_identical(predict(old, tiny_counts(), type = "latent"),
                   predict(fit, tiny_counts(), type = "latent"))
  expect_identical(fitted_control(old)$dispersion, "gene")
})
