test_that("gmm_control() refuses names and values that are no options", {
  expect_error(gmm_control(n_starts = 3), class = "gmvae_error_option")
  expect_error(gmm_control(max = 5), class = "gmvae_error_option")
  expect_error(gmm_control(5), class = "gmvae_error_option")
  expect_error(gmm_control(tol = -1e-9), class = "gmvae_error_option")
  expect_error(gmm_control(max_iter = 1.5), class = "gmvae_error_option")
  expect_error(gmm_control(equal_weights = NA), class = "gmvae_error_option")
  expect_error(gmm_control(min_rows = -1), class = "gmvae_error_option")
  expect_error(gmm_control(min_eigen_ratio = 2), class = "gmvae_error_option")
  expect_error(gmm_control(noise_density = 0), class = "gmvae_error_option")
  expect_error(gmm_control(n_folds = 1), class = "gmvae_error_option")
  edited <- gmm_control()
  edited$tol <- -1
  expect_error(gmm_fit(faithful, 2, control = edited),
               class = "gmvae_error_option")
  expect_error(gmm_fit(faithful, 2, control = list(tol = 1)),
               class = "gmvae_error_option")
})

test_that("print() shows each option", {
  shown <- capture.output(print(gmm_control(noise_density = 0.1)))
  for (option in setdiff(names(formals(gmm_control)), "...")) {
    expect_match(shown, option, all = FALSE)
  }
})

test_that("acceleration and the number of starts change no maximum", {
  groups <- three_groups()
  for (model in c("VVV", "EVE", "VII")) {
    fits <- lapply(c(TRUE, FALSE), function(accelerate) {
      gmm_fit(groups$x, 3, model, start = groups$group,
              control = quiet(accelerate = accelerate, tol = 1e-12))
    })
    expect_equal(fits[[1]]$loglik, fits[[2]]$loglik, tolerance = 1e-9)
    expect_equal(fits[[1]]$means, fits[[2]]$means, tolerance = 1e-4)
  }
})

test_that("min_rows and min_eigen_ratio say what is degenerate", {
  few <- as.matrix(faithful)[c(1:8, 50:57), ]
  start <- rep(1:2, each = 8)
  expect_error(
    gmm_fit(few, 2, "VVV", start = start, control = quiet(min_rows = 10)),
    class = "gmvae_error_numerical"
  )
  expect_error(
    gmm_fit(few, 2, "VVV", start = start,
            control = quiet(min_eigen_ratio = 1)),
    class = "gmvae_error_numerical"
  )
  # The same for models whose components do not differ in covariance: there the
  # default asks for two rows.
  expect_error(
    gmm_fit(few, 2, "EEE", start = start, control = quiet(min_rows = 10)),
    class = "gmvae_error_numerical"
  )
  fit <- gmm_fit(few, 2, "EEE", start = start, control = quiet())
  expect_true(is.finite(fit$loglik))
})
