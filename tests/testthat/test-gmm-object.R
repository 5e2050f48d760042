petals <- as.matrix(iris[, 3:4])

test_that("a fit survives saveRDS()", {
  file <- tempfile(fileext = ".rds")
  on.exit(unlink(file))
  fit <- gmm_fit(petals, 2, "VVV", control = quiet())
  saveRDS(fit, file)
  back <- readRDS(file)
  expect_equal(back, fit, ignore_attr = "srcref")
  expect_identical(predict(back, petals), predict(fit, petals))
})

test_that("logLik(), nobs(), AIC(), BIC(), icl() and coef() agree", {
  fit <- gmm_fit(petals, 2, "VVI", control = quiet())
  expect_identical(as.numeric(logLik(fit)), fit$loglik)
  expect_identical(attr(logLik(fit), "df"), fit$df)
  expect_identical(nobs(fit), 150L)
  expect_equal(BIC(fit), fit$bic)
  expect_equal(AIC(fit), fit$aic)
  expect_identical(icl(fit), fit$icl)
  expect_error(icl(1), class = "gmvae_error_input")
  expect_named(coef(fit), c("weights", "means", "covariances"))
  weighed <- gmm_fit(petals, 2, "VVI", weights = rep(0.5, 150),
                     control = quiet(min_rows = 0))
  expect_identical(nobs(weighed), 75)
  expect_equal(BIC(weighed), weighed$bic)
})
