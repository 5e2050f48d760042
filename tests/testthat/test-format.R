test_that("numbers look the same under any decimal mark", {
  set.seed(1)
  fit <- gmm_fit(faithful, k = 1:2, model = "VVV", prior = TRUE,
                 control = quiet())
  set.seed(1)
  net <- quick_fit(simulate_counts(n = 90)$counts, 2, epochs = 3)
  shown <- function() {
    capture.output(print(fit), print(summary(fit)), print(fit$control),
                   print(gmm_prior(0.5)), print(net), print(summary(net)),
                   print(net$control))
  }
  message <- function() {
    tryCatch(gmm_control(ridge = -0.5), error = conditionMessage)
  }
  usual <- list(shown(), message())
  expect_match(usual[[2]], "-0.5", fixed = TRUE)
  rlang::local_options(OutDec = ",")
  expect_silent(found <- list(shown(), message()))
  expect_identical(found, usual)
  expect_identical(getOption("OutDec"), ",")
})
