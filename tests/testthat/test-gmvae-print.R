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
