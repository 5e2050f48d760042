test_that("plot() draws intervals and returns what it drew", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  before <- graphics::par("mfrow", "mar", "las", "mgp")
  fit <- gmm_fit(iris[, 1:4], 2, "EEE", control = quiet())
  drawn <- plot(fit, "intervals", data = iris[, 1:4], columns = "Petal.Width")
  expect_identical(unique(drawn$panel),
                   c("Weight", "Mean of Petal.Width", "SD of Petal.Width"))
  expect_identical(drawn$component, rep(c("1", "2"), 3))
  expect_equal(drawn$estimate[3:4], unname(fit$means[, "Petal.Width"]))
  expect_true(all(drawn[[3]] < drawn$estimate & drawn$estimate < drawn[[4]]))
  set.seed(1)
  boot <- gmm_bootstrap(fit, 40, "weighted", data = iris[, 1:4],
                        verbose = FALSE)
  expect_identical(nrow(plot(boot)), 18L)
  expect_identical(graphics::par("mfrow", "mar", "las", "mgp"), before)
})
