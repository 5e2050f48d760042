petals <- as.matrix(iris[, 3:4])

test_that("gmm_fit() returns what its page lists, with the names of the data", {
  set.seed(1)
  fit <- gmm_fit(iris[, 1:4], k = 3, model = "full", control = quiet())

  expect_s3_class(fit, "gmm_fit")
  expect_identical(fit$model, "VVV")
  expect_identical(fit$k, 3L)
  expect_identical(dim(fit$means), c(3L, 4L))
  expect_identical(colnames(fit$means), names(iris)[1:4])
  expect_identical(dim(fit$covariances), c(4L, 4L, 3L))
  expect_identical(dim(fit$posterior), c(150L, 3L))
  expect_identical(rownames(fit$posterior), rownames(iris))
  expect_identical(names(fit$cluster), rownames(iris))
  expect_type(fit$cluster, "integer")
  expect_equal(fit$uncertainty, 1 - apply(fit$posterior, 1, max))
  expect_equal(fit$history[length(fit$history)], fit$loglik)
  expect_identical(fit$objective, fit$loglik)
  expect_equal(fit$bic, -2 * fit$loglik + fit$df * log(150))
  expect_equal(fit$aic, -2 * fit$loglik + 2 * fit$df)
  expect_equal(fit$icl, fit$bic - 2 * sum(log(1 - fit$uncertainty)))
  expect_true(fit$converged)
  expect_equal(fit$icl, fit$bic - 2 * fit$entropy)
  expect_gte(length(fit$starts), 1)
  expect_false(is.null(names(fit$starts)))
  expect_identical(unname(which.max(fit$starts)), fit$best_start)
  expect_null(fit$data)
  expect_null(fit$noise)
  expect_identical(c(fit$n, fit$n_incomplete, fit$n_omitted), c(150L, 0L, 0L))
  expect_identical(fit$n_obs, 150L)
  expect_named(fit$candidates, "VVV,3")
})

test_that("gmm_fit() keeps the data only when asked, also through do.call()", {
  fit <- do.call(gmm_fit, list(petals, 2, "EEE", control = quiet()))
  expect_lt(as.numeric(object.size(fit$call)), 5000)
  expect_null(fit$data)

  kept <- gmm_fit(petals, 2, "EEE", keep_data = TRUE, control = quiet())
  expect_identical(kept$data, petals)
})

test_that("gmm_fit() takes matrices, data frames and vectors alike", {
  fits <- lapply(list(petals, as.data.frame(petals)), function(x) {
    set.seed(2)
    gmm_fit(x, 2, control = quiet())[c("means", "bic", "model")]
  })
  expect_identical(fits[[1]], fits[[2]])
  names_only <- gmm_fit(unname(petals), 2, "EEE", control = quiet())
  expect_identical(colnames(names_only$means), c("V1", "V2"))
  some <- petals
  colnames(some) <- c("a", NA)
  expect_identical(gmm_fit(some, 2, "EEE", control = quiet())$columns,
                   c("a", "V2"))

  one <- gmm_fit(faithful$eruptions, k = 2, model = "tied", control = quiet())
  expect_identical(dim(one$means), c(2L, 1L))
  expect_identical(dim(one$covariances), c(1L, 1L, 2L))
  expect_equal(one$covariances[1, 1, 1], one$covariances[1, 1, 2])
  expect_null(names(one$cluster))

  whole <- matrix(as.integer(10 * petals), ncol = 2)
  fit <- gmm_fit(whole, 2, "VVI", control = quiet())
  expect_identical(colnames(fit$means), c("V1", "V2"))
})

test_that("gmm_fit() does not copy a matrix of doubles", {
  skip_if_not(capabilities("profmem"))
  x <- as.matrix(faithful) + 0
  before <- tracemem(x)
  on.exit(untracemem(x))
  copies <- capture.output(
    gmm_fit(x, 1:2, c("EEE", "VVV"), criterion = "bic", control = quiet())
  )
  expect_no_match(copies, "tracemem")
})

test_that("gmm_fit() warns when EM stops at max_iter", {
  expect_snapshot({
    fit <- gmm_fit(faithful, 3, "EEE", control = quiet(max_iter = 3))
  })
  expect_warning(
    gmm_fit(faithful, 3, "EEE", control = quiet(max_iter = 3)),
    class = "gmvae_warning_not_converged"
  )
  expect_output(print(fit), "NOT converged after 3 iterations")
})

test_that("EM runs for max_iter iterations at tol = 0, without a warning", {
  expect_silent({
    fit <- gmm_fit(faithful, 3, "EEE", control = quiet(tol = 0, max_iter = 20))
  })
  expect_identical(fit$n_iter, 20L)
  expect_output(print(fit), "EM ran for 20 iterations")
})

test_that("a ridge lets components live on fewer rows", {
  few <- petals[c(1, 2, 51, 52, 101, 102), ]
  expect_error(gmm_fit(few, 3, "VVV", control = quiet()),
               class = "gmvae_error_numerical")
  fit <- gmm_fit(few, 3, "VVV", control = quiet(ridge = 1e-3))
  expect_true(is.finite(fit$loglik))
})

test_that("gmm_fit() says what is wrong with its input", {
  fit_now <- function(x = petals, k = 2, ...) {
    gmm_fit(x, k, ..., control = quiet())
  }
  expect_snapshot(error = TRUE, {
    gmm_fit(letters, 2)
    gmm_fit(iris, 2)
    gmm_fit(list(1, 2), 2)
    gmm_fit(petals[0, ], 1)
    gmm_fit(faithful[0, ], 2)
    gmm_fit(data.frame(a = numeric(), b = numeric()), 1)
    gmm_fit(k = 2)
    gmm_fit(faithful * 1e200, 2)
    gmm_fit(faithful$waiting * 1e-300, 2)
    gmm_fit(replace(petals, c(3, 160), c(NA, NaN)), 2)
    gmm_fit(replace(petals, c(3, 160), c(NA, Inf)), 2, na_action = "em")
    gmm_fit(cbind(petals, none = NA_real_), 2, na_action = "em")
    gmm_fit(replace(petals, 1:150, c(NA, 1)), 2, na_action = "omit")
    gmm_fit(rbind(c(NA, 1), c(1, NA)), 2, na_action = "omit")
    gmm_fit(petals[1, , drop = FALSE], 1)
    gmm_fit(petals[c(1, 1, 1), ], 1)
    gmm_fit(cbind(petals, one = 1), 2)
    gmm_fit(cbind(petals, petals), 2)
    gmm_fit(petals, 0)
    gmm_fit(petals, 2.5)
    gmm_fit(petals, "2")
    gmm_fit(petals[c(1, 1, 51, 101), ], 4)
    gmm_fit(petals, 2, "VVX")
    gmm_fit(petals, 2, model = 3)
    gmm_fit(petals, 2, iterations = 10)
    gmm_fit(petals, 2, na_action = "ignore")
    gmm_fit(petals, 2, criterion = "BIC")
    gmm_fit(petals, 2, keep_data = NA)
    gmm_fit(petals, 2, control = gmm_control(max_iters = 10))
  })
  expect_error(gmm_fit(k = 2), class = "gmvae_error_input")
  expect_error(fit_now(faithful[0, ]), class = "gmvae_error_input")
  expect_error(fit_now(petals * 1e200), class = "gmvae_error_data")
  expect_error(fit_now(letters), class = "gmvae_error_input")
  expect_error(fit_now(iris), class = "gmvae_error_input")
  expect_error(fit_now(replace(petals, 3, NA)), class = "gmvae_error_data")
  expect_error(fit_now(replace(petals, 3, Inf)), class = "gmvae_error_data")
  expect_error(fit_now(cbind(petals, one = 1)), class = "gmvae_error_data")
  expect_error(fit_now(k = 0), class = "gmvae_error_option")
  expect_error(fit_now(k = 151), class = "gmvae_error_option")
  expect_error(fit_now(model = "VVX"), class = "gmvae_error_option")
  expect_error(fit_now(iterations = 10), class = "gmvae_error_option")
  expect_error(fit_now(1), class = "gmvae_error_data")
})
