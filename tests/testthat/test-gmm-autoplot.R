skip_if_not_installed("ggplot2")
kept <- function(x, ...) {
  set.seed(1)
  gmm_fit(x, ..., keep_data = TRUE, control = quiet(tol = 1e-12))
}
built <- function(...) {
  picture <- ggplot2::autoplot(...)
  expect_s3_class(picture, "ggplot")
  expect_no_warning(ggplot2::ggplot_build(picture))
  picture
}

test_that("autoplot() draws fits of every kind", {
  x <- rbind(as.matrix(faithful), cbind(c(0.5, 7, 8), c(20, 120, 30)))
  x[3, 1] <- NA
  noisy <- kept(x, 2, "VVV", noise = 0.05, na_action = "em")
  for (type in c("classification", "uncertainty", "density")) {
    built(noisy, type)
    built(noisy, type, columns = "waiting")
    built(kept(iris[, 1:4], 3, "VVV"), type,
          columns = c("Petal.Width", "Petal.Length"))
    built(kept(faithful$waiting, 1), type)
  }
  built(kept(faithful, 1:3), "BIC")
  weighted <- kept(faithful, 2, "EEE", weights = rep(1:0, c(270, 2)))
  expect_identical(nrow(built(weighted)$data), 272L)
})

test_that("autoplot() says what is wrong", {
  fit <- kept(iris[, 1:4], 2, "EEE")
  expect_snapshot(error = TRUE, {
    ggplot2::autoplot(fit, "trace")
    ggplot2::autoplot(fit, columns = names(iris)[1:3])
  })
})

test_that("each type of autoplot() looks as it should", {
  two <- kept(faithful, 2, "VVV")
  expect_picture("autoplot classification", built(two))
  expect_picture("autoplot uncertainty", built(two, "uncertainty"))
  expect_picture("autoplot density", built(two, "density"))
  expect_picture("autoplot of one column",
                 built(kept(faithful["waiting"], 2, "V")))
  expect_picture("autoplot BIC",
                 built(kept(faithful, 1:4, c("EII", "EEE", "VEE", "VVV")),
                       "BIC"))
})
