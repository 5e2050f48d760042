flowers <- as.matrix(iris[, 1:4])
set.seed(1)
fit <- gmm_fit(flowers, 3, "VVV", control = quiet())

test_that("predict() on the fitted rows gives what the fit holds", {
  expect_equal(predict(fit, flowers, type = "posterior"), fit$posterior,
               tolerance = 1e-12, ignore_attr = TRUE)
  expect_equal(predict(fit, flowers, type = "uncertainty"), fit$uncertainty,
               tolerance = 1e-12, ignore_attr = TRUE)
  expect_identical(unname(predict(fit, flowers)), unname(fit$cluster))
  expect_identical(predict(fit), fit$cluster)
  expect_identical(predict(fit, type = "posterior"), fit$posterior)
  expect_identical(predict(fit, type = "uncertainty"), fit$uncertainty)
  expect_equal(sum(log(predict(fit, flowers, type = "density"))), fit$loglik,
               tolerance = 1e-12)
})

test_that("predict() gives the density of the mixture", {
  x <- flowers[c(1, 60, 140), ]
  by_hand <- vapply(1:3, function(i) {
    sum(vapply(1:3, function(k) {
      centred <- x[i, ] - fit$means[k, ]
      covariance <- fit$covariances[, , k]
      fit$weights[k] * exp(-sum(centred * solve(covariance, centred)) / 2) /
        sqrt(det(2 * pi * covariance))
    }, 0))
  }, 0)
  expect_equal(unname(predict(fit, x, type = "density")), by_hand,
               tolerance = 1e-10)
  expect_equal(unname(predict(fit, x, type = "logdensity")), log(by_hand),
               tolerance = 1e-10)
  parts <- predict(fit, x, type = "component")
  expect_identical(colnames(parts), c("1", "2", "3"))
  expect_equal(unname(drop(exp(parts) %*% fit$weights)), by_hand,
               tolerance = 1e-10)
})

test_that("predict() matches columns by name and ignores others", {
  shuffled <- iris[c(10, 80), c(5, 4, 2, 3, 1)]
  expect_identical(predict(fit, shuffled, type = "posterior"),
                   predict(fit, iris[c(10, 80), 1:4], type = "posterior"))
  expect_identical(rownames(predict(fit, shuffled, "posterior")), c("10", "80"))
})

test_that("predict() takes columns by place where newdata has no names", {
  bare <- unname(flowers)
  expect_identical(predict(fit, bare), unname(predict(fit, flowers)))
  one <- gmm_fit(faithful$waiting, 2, "VVV", control = quiet())
  expect_identical(predict(one, c(50, 80)), predict(one, cbind(c(50, 80))))
})

test_that("predict() is finite far away from the data", {
  far <- flowers[1:2, ] + c(1e6, -1e12)
  prob <- predict(fit, far, type = "posterior")
  expect_true(all(is.finite(prob)))
  expect_equal(rowSums(prob), c(1, 1))
  expect_identical(unname(predict(fit, far, type = "density")), c(0, 0))
  expect_true(all(is.finite(predict(fit, far, type = "logdensity"))))
})

test_that("predict() says what is wrong with newdata", {
  expect_snapshot(error = TRUE, {
    predict(fit, flowers[, 1:2])
    predict(fit, unname(flowers[, 1:3]))
    predict(fit, c(5.1, 3.5, 1.4, 0.2))
    predict(fit, transform(iris, Petal.Width = "a"))
    predict(fit, replace(flowers, 7, NaN))
    predict(fit, replace(unname(flowers), 7, Inf))
    predict(fit, letters)
    predict(fit, flowers, type = "classes")
    predict(fit, flowers, what = "class")
  })
  expect_error(predict(fit, flowers[, 1:2]), class = "gmvae_error_input")
  expect_error(predict(fit, flowers, "classes"), class = "gmvae_error_option")
})

test_that("predict() uses kept data for the density", {
  kept <- gmm_fit(flowers, 2, "EEE", keep_data = TRUE, control = quiet())
  expect_identical(predict(kept, type = "density"),
                   predict(kept, flowers, type = "density"))
  expect_identical(predict(kept, type = "imputed"), flowers)
  expect_identical(predict(kept, type = "posterior"),
                   predict(kept, flowers, type = "posterior"))
})

test_that("\"class\" and \"prob\" are \"cluster\" and \"posterior\"", {
  expect_identical(predict(fit, flowers, "class"), predict(fit, flowers))
  expect_identical(predict(fit, flowers, "prob"),
                   predict(fit, flowers, "posterior"))
})

test_that("the posterior is kept unless the user says otherwise", {
  plain <- gmm_fit(flowers, 2, "EEE", keep_posterior = FALSE, control = quiet())
  expect_null(plain$posterior)
  # It is computed again from the data, where these are found.
  expect_equal(predict(plain, type = "posterior"),
               predict(plain, flowers, "posterior"))
  expect_length(predict(plain), 150)
  flowers <- NULL
  expect_error(predict(plain, type = "posterior"), class = "gmvae_error_input")
  expect_error(predict(plain, type = "density"), class = "gmvae_error_input")
})

test_that("arrays of one or three dimensions are no rows of two columns", {
  fit <- gmm_fit(faithful, 2, "VVV", control = gmm_control(verbose = FALSE))
  named <- array(1, c(2, 2, 2), list(NULL, names(faithful), NULL))
  for (x in list(table(c(1, 1, 2)), array(1:3, 3), array(1, 2:4), named)) {
    expect_error(predict(fit, x), class = "gmvae_error_input")
    expect_error(update(fit, k = 3, x = x), class = "gmvae_error_input")
    expect_error(plot(fit, data = x), class = "gmvae_error_input")
  }
})
