set.seed(1)
base <- gmm_fit(faithful, k = 1:3, model = c("EEE", "VVV"), control = quiet())

test_that("update() fits new combinations only", {
  wider <- count_candidates(update(base, k = 1:5))
  expect_identical(wider$candidates, 4)
  expect_identical(nrow(wider$value$search), 10L)
  old <- wider$value$search$k <= 3
  expect_equal(wider$value$search[old, ], base$search, ignore_attr = TRUE)

  other <- count_candidates(update(base, model = c("VVV", "VVI")))
  expect_identical(other$candidates, 3)
  fewer <- count_candidates(update(base, k = 2))
  expect_identical(fewer$candidates, 0)
  expect_identical(fewer$value$k, 2L)
  chosen <- count_candidates(update(base, criterion = "icl"))
  expect_identical(chosen$candidates, 0)
  expect_identical(chosen$value$icl, min(base$search$icl))
  kept <- count_candidates(update(base, keep_data = TRUE,
                                  keep_posterior = FALSE))
  expect_identical(kept$candidates, 0)
  expect_null(kept$value$posterior)
  expect_identical(dim(update(kept$value, keep_posterior = TRUE)$posterior),
                   c(272L, base$k))
})

test_that("update() takes no draw where it takes combinations over", {
  set.seed(7)
  before <- .Random.seed
  update(base, k = 1:4)
  expect_identical(.Random.seed, before)
})

test_that("a known winner that was not kept is fitted again", {
  few <- base
  winner <- paste0(base$model, ",", base$k)
  few$candidates <- few$candidates[names(few$candidates) != winner]
  again <- count_candidates(update(few, criterion = "bic"))
  expect_identical(again$candidates, 1)
  expect_equal(again$value$bic, base$bic, tolerance = 1e-6)
})

test_that("update() to cross-validation uses the mixtures that it has", {
  counted <- count_candidates(update(base, criterion = "cv"))
  # Five folds of each, no combination anew.
  expect_identical(counted$candidates, 30)
  expect_false(anyNA(counted$value$search$cv))
  more <- count_candidates(update(counted$value, k = 2:4))
  expect_identical(more$candidates, 2 + 10)
  expect_identical(more$value$folds, counted$value$folds)
})

test_that("other changes are a new fit", {
  for (change in list(list(prior = TRUE), list(weights = rep(2, 272)),
                      list(control = quiet(ridge = 0.01)))) {
    counted <- count_candidates(do.call(update, c(list(base), change)))
    expect_identical(counted$candidates, 6)
  }
  same <- count_candidates(update(base, control = quiet(n_threads = 1)))
  expect_identical(same$candidates, 0)
  started <- update(base, start = rep(1:2, 136), model = "EEE")
  expect_identical(started$k, 2L)
})

test_that("update() keeps what the call said about rows", {
  weights <- rep(1:2, 136)
  fit <- gmm_fit(faithful, 1:2, "EEE", weights = weights, control = quiet())
  more <- update(fit, k = 1:3)
  expect_identical(nobs(more), nobs(fit))
  expect_identical(more$call$weights, quote(weights))
  expect_identical(more$call$k, quote(1:3))
  expect_equal(update(more, k = 1:2)$search, fit$search, ignore_attr = TRUE)
  weights <- rep(1, 272)
  expect_error(update(fit, k = 3), class = "gmvae_error_input")
  rm(weights)
  expect_error(update(fit, k = 3), class = "gmvae_error_input")
  expect_s3_class(update(fit, k = 3, weights = NULL), "gmm_fit")
})

test_that("update() says what is wrong", {
  kept <- gmm_fit(faithful, 2, "EEE", keep_data = TRUE, control = quiet())
  expect_snapshot(error = TRUE, {
    update(kept, 3)
    update(kept, G = 3)
    update(kept, x = iris)
    update(kept, k = 0)
    update(kept, k = NULL)
    update(kept, criterion = "BIC")
    update(kept, x = faithful[1:10, ])
    update(kept, n_init = 20)
    update(kept, data = faithful)
    update(kept, k = 2, k = 3)
  })
})
