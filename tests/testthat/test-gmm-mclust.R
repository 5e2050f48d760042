skip_if_not_installed("mclust")
flowers <- as.matrix(iris[, 1:4])
expect_close <- function(a, b, tolerance = 1e-9) {
  expect_lt(max(abs(unname(a) - unname(b))), tolerance)
}
# Mclust() looks for this where it is called.
mclustBIC <- mclust::mclustBIC
as_mclust <- mclust::as.Mclust

test_that("all 14 models have the same numbers in mclust", {
  for (model in gmm_models()$code) {
    fit <- gmm_fit(flowers, 3, model, start = iris$Species, control = quiet())
    theirs <- as_mclust(fit)
    density <- predict(mclust::as.densityMclust(theirs), flowers)
    expect_close(density / predict(fit, flowers, "density"), 1)
    found <- predict(theirs, flowers)
    expect_close(found$z, fit$posterior)
    expect_identical(as.integer(found$classification), unname(fit$cluster))
    expect_close(sum(log(density)), theirs$loglik)
    expect_close(c(theirs$bic, theirs$icl), -c(fit$bic, fit$icl))
    # And back, with names and order.
    back <- as_gmm_fit(theirs)
    expect_equal(coef(back), coef(fit))
    expect_equal(back$search$loglik, fit$loglik)
    expect_equal(back$cluster, fit$cluster, ignore_attr = TRUE)
    single <- gmm_fit(flowers, 1, model, control = quiet())
    density <- predict(mclust::as.densityMclust(as_mclust(single)), flowers)
    expect_close(density / predict(single, flowers, "density"), 1)
  }
})

test_that("fits of mclust keep their numbers here", {
  precise <- mclust::emControl(tol = c(1e-12, 1e-12), itmax = c(1e5, 1e5))
  for (model in gmm_models()$code) {
    theirs <- mclust::Mclust(flowers, 3, model, control = precise,
                             verbose = FALSE)
    fit <- as_gmm_fit(theirs)
    expect_close(fit$posterior, predict(theirs)$z)
    expect_close(c(fit$loglik, fit$bic, fit$icl, fit$df),
                 c(theirs$loglik, -theirs$bic, -theirs$icl, theirs$df))
    expect_close(sum(predict(fit, flowers, "logdensity")), theirs$loglik, 1e-5)
  }
  for (k in 1:3) {
    theirs <- mclust::densityMclust(faithful$waiting, G = k, plot = FALSE,
                                    verbose = FALSE)
    fit <- as_gmm_fit(theirs)
    expect_close(predict(fit, faithful$waiting, "density"),
                 predict(theirs, faithful$waiting))
  }
})

test_that("distribution functions agree with mclust", {
  theirs <- mclust::densityMclust(mclust::acidity, G = 1:4, plot = FALSE,
                                  verbose = FALSE)
  fit <- as_gmm_fit(theirs)
  x <- sort(mclust::acidity)
  expect_close(predict(fit, x, "cdf"), mclust::cdfMclust(theirs, x)$y)
  p <- c(0.001, 0.1, 0.5, 0.77, 0.99)
  expect_close(quantile(fit, p), mclust::quantileMclust(theirs, p), 1e-7)
  level <- c(0.25, 0.5, 0.9)
  rows <- hdr(fit, level, newdata = x)
  expect_close(unique(rows$density),
               mclust::hdrlevels(predict(theirs, x), level))
})

test_that("the search table becomes mclust's, and the other way round", {
  set.seed(1)
  fit <- gmm_fit(faithful, 1:4, c("EEE", "VVV", "EII"), control = quiet())
  theirs <- as_mclust(fit)
  expect_identical(dim(theirs$BIC), c(4L, 3L))
  expect_equal(max(theirs$BIC), -fit$bic)
  expect_output(print(theirs), "EEE,3")
  expect_output(print(summary(theirs, parameters = TRUE)), "EEE")
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  for (what in c("BIC", "classification", "uncertainty", "density")) {
    expect_no_error(plot(theirs, what = what))
  }

  theirs <- mclust::Mclust(faithful, 1:3, verbose = FALSE)
  back <- as_gmm_fit(theirs)
  expect_identical(nrow(back$search), 42L)
  expect_equal(-back$search$bic, c(unclass(theirs$BIC)), ignore_attr = TRUE)
  expect_identical(min(back$search$bic), back$bic)
  expect_output(print(back), "Taken over from mclust")
  wider <- update(back, k = 3:4, model = "EEE")
  expect_identical(wider$search$k, 3:4)
})

test_that("noise goes both ways", {
  set.seed(1)
  x <- rbind(flowers, matrix(runif(60, 0, 8), 15))
  fit <- gmm_fit(x, 2, "VVV", noise = 0.1, control = quiet())
  theirs <- as_mclust(fit)
  expect_close(predict(theirs)$z, fit$posterior)
  expect_identical(as.integer(theirs$classification), unname(fit$cluster))
  expect_equal(as_gmm_fit(theirs)$noise, fit$noise)

  theirs <- mclust::Mclust(x, 2, "VVV", verbose = FALSE,
                           initialization = list(noise = 151:165))
  back <- as_gmm_fit(theirs)
  expect_close(back$posterior, predict(theirs)$z)
  expect_equal(exp(-back$noise$log_density), theirs$hypvol)
  expect_identical(back$df, as.integer(theirs$df))
})

test_that("rows that were left out are not in mclust's object", {
  x <- faithful
  x[3, 1] <- NA
  omitted <- gmm_fit(x, 2, "EEE", na_action = "omit", control = quiet())
  expect_identical(as_mclust(omitted)$n, 271L)
  used <- gmm_fit(x, 2, "EEE", na_action = "em", control = quiet())
  expect_error(as_mclust(used), class = "gmvae_error_data")
  lean <- gmm_fit(faithful, 2, "EEE", keep_posterior = FALSE,
                  control = quiet())
  expect_close(rowSums(as_mclust(lean)$z), 1)
})

test_that("as_gmm_fit() says what is wrong, and icl() has one meaning", {
  broken <- mclust::Mclust(faithful, 2, "EEE", verbose = FALSE)
  broken$data <- broken$data[1:10, ]
  expect_snapshot(error = TRUE, {
    as_gmm_fit(1)
    as_gmm_fit(broken)
  })
  fit <- gmm_fit(faithful, 2, "EEE", control = quiet())
  expect_identical(as_gmm_fit(fit), fit)
  expect_identical(mclust::icl(fit), fit$icl)
})
