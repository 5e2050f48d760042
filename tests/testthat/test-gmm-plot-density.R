kept <- function(x, ..., control = quiet()) {
  set.seed(1)
  gmm_fit(x, ..., keep_data = TRUE, control = control)
}

test_that("plots of densities return what they draw", {
  one <- kept(faithful["waiting"], 2, "V")
  line <- draw(one, "density")
  expect_named(line, c("waiting", "density"))
  expect_equal(line$density, unname(predict(one, line$waiting, "density")))
  two <- kept(faithful, 2, "VVV")
  for (type in c("density", "perspective")) {
    plane <- draw(two, type)
    expect_equal(plane$density, unname(predict(two, plane, "density")))
  }
  three <- kept(iris[, 1:3], 2, "VVV")
  pairs <- draw(three, "density")
  expect_identical(nrow(pairs), 12L)
  expect_named(draw(three, "perspective",
                    columns = c("Sepal.Width", "Sepal.Length")),
               c("Sepal.Width", "Sepal.Length", "density"))
})

test_that("densities are drawn without data, but not comparisons", {
  fit <- kept(faithful["waiting"], 2, "V")
  fit$data <- NULL
  fit$call <- NULL
  expect_named(draw(fit, "density"), c("waiting", "density"))
  expect_error(plot(fit, "cdf"), class = "gmvae_error_input")
  expect_error(plot(fit, "density", data = 1:3), class = "gmvae_error_input")
})

test_that("cdf and qq compare the mixture with the rows", {
  fit <- kept(faithful, 3, "VVV")
  cdf <- draw(fit, "cdf", columns = "waiting")
  expect_equal(cdf$rows, ecdf(faithful$waiting)(cdf$value))
  one <- marginal(fit, "waiting")
  expect_equal(cdf$mixture, unname(predict(one, cdf$value, "cdf")))
  expect_lt(max(abs(cdf$rows - cdf$mixture)), 0.07)
  qq <- draw(fit, "qq", columns = "waiting")
  expect_equal(qq$probability, ppoints(272))
  expect_equal(qq$rows, sort(faithful$waiting))
  expect_equal(qq$mixture, unname(quantile(one, ppoints(272))))
})

test_that("comparisons take weights, gaps, labels and noise into account", {
  counts <- as.data.frame(table(waiting = faithful$waiting))
  x <- as.numeric(as.character(counts$waiting))
  weights <- counts$Freq
  fit <- gmm_fit(x, 2, "V", weights = weights, control = quiet())
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  cdf <- plot(fit, "cdf")
  expect_equal(cdf$rows, ecdf(faithful$waiting)(x))
  expect_identical(nrow(plot(fit, "qq")), length(x))
  weights <- rev(weights) + 1
  expect_error(plot(fit, "cdf"), class = "gmvae_error_input")

  gaps <- as.matrix(faithful)
  gaps[1:5, 2] <- NA
  for (action in c("em", "omit")) {
    fit <- kept(gaps, 2, "EEE", noise = 0.02, na_action = action)
    expect_identical(nrow(draw(fit, "qq", columns = "waiting")), 267L)
    expect_s3_class(draw(fit, "density"), "data.frame")
  }
})

test_that("mixtures draw their densities", {
  fit <- kept(iris[, 1:4], 3, "VVV")
  expect_named(draw(conditional(fit, c(Petal.Width = 1.5, Petal.Length = 4))),
               c("Sepal.Length", "Sepal.Width", "density"))
  expect_named(draw(marginal(fit, "Petal.Width")), c("Petal.Width", "density"))
  expect_identical(nrow(draw(marginal(fit, names(iris)[1:4]))), 24L)
  expect_snapshot(error = TRUE, {
    plot(marginal(fit, "Petal.Width"), "perspective")
    plot(marginal(fit, "Petal.Width"), "cdf")
    plot(fit, "qq")
    plot(fit, "perspective")
  })
})

test_that("each plot of a density looks as it should", {
  precise <- quiet(tol = 1e-12)
  one <- kept(faithful["waiting"], 2, "V", control = precise)
  two <- kept(faithful, 2, "VVV", control = precise)
  three <- kept(iris[seq(1, 150, 3), 1:3], 3, "VEV", control = precise)
  expect_picture("density of one column", function() plot(one, "density"))
  expect_picture("density of two columns", function() plot(two, "density"))
  expect_picture("density of three columns", function() plot(three, "density"))
  expect_picture("perspective", function() plot(two, "perspective"))
  expect_picture("cdf", function() plot(one, "cdf"))
  expect_picture("qq", function() plot(one, "qq"))
  expect_picture("conditional", function() {
    plot(conditional(two, c(eruptions = 3)))
  })
})
