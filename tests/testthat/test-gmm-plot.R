test_that("plot() draws one, two and more columns", {
  set.seed(1)
  for (x in list(faithful["waiting"], faithful, iris[, 1:4])) {
    fit <- gmm_fit(x, 2, "VVV", control = quiet())
    for (type in c("classification", "uncertainty")) {
      drawn <- draw(fit, type, data = x)
      expect_identical(names(drawn), c(names(x), "cluster", "uncertainty"))
      expect_identical(drawn$cluster, unname(fit$cluster))
    }
  }
  some <- draw(fit, columns = c("Petal.Width", "Petal.Length"), data = x)
  expect_named(some, c("Petal.Width", "Petal.Length", "cluster",
                       "uncertainty"))
})

test_that("plot() draws the criterion and the trace", {
  fit <- gmm_fit(faithful, k = 1:3, control = quiet())
  expect_identical(draw(fit, "BIC"), fit$search)
  expect_identical(draw(fit, "ICL"), fit$search)
  expect_equal(draw(fit, "trace")$objective, fit$history)
  line <- gmm_fit(faithful$waiting, k = 1:3, control = quiet())
  expect_identical(draw(line, "BIC"), line$search)
})

test_that("models differ in colour, or in shape and line", {
  style <- as.data.frame(model_styles(gmm_models()$code))
  expect_false(anyDuplicated(style) > 0)
  expect_false(anyDuplicated(as.data.frame(model_styles(c("E", "V")))) > 0)
})

test_that("plot() draws noise, labels, missing values and omitted rows", {
  set.seed(1)
  x <- rbind(as.matrix(faithful), cbind(runif(9, 0, 8), runif(9, 20, 120)))
  x[3, 1] <- NA
  labels <- replace(rep(NA, 281), c(1, 2), c("long", "short"))
  fits <- list(
    gmm_fit(x, 2, "VVV", noise = 0.05, na_action = "em", control = quiet()),
    gmm_fit(x, 2, "VVV", labels = labels, na_action = "omit",
            control = quiet()),
    gmm_fit(x[, 2], 2, "V", noise = 0.05, weights = rep(1:0, c(280, 1)),
            control = quiet())
  )
  for (fit in fits) {
    for (type in c("classification", "uncertainty")) {
      data <- if (length(fit$columns) == 1L) x[, 2] else x
      expect_identical(draw(fit, type, data = data)$cluster,
                       unname(fit$cluster))
    }
  }
  expect_error(plot(fits[[2]], data = x[281:1, ]), class = "gmvae_error_input")
  expect_error(plot(fits[[2]], "BIC", data = x), "`data` applies to types",
               class = "gmvae_error_option")
})

test_that("plot() finds the data of the fit again", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  x <- faithful
  fit <- gmm_fit(x, 2, "EEE", control = quiet())
  expect_identical(nrow(plot(fit)), 272L)
  x <- faithful[272:1, ]
  expect_error(plot(fit), class = "gmvae_error_input")
  rm(x)
  expect_error(plot(fit), class = "gmvae_error_input")
  kept <- gmm_fit(faithful, 2, "EEE", keep_data = TRUE, control = quiet())
  kept$call <- NULL
  expect_identical(nrow(draw(kept)), 272L)
})

test_that("plot() says what is wrong", {
  fit <- gmm_fit(faithful, 2, "EEE", control = quiet())
  expect_snapshot(error = TRUE, {
    plot(fit, "clusters")
    plot(fit, data = faithful[1:10, ])
    plot(fit, data = iris)
    plot(fit, data = faithful, columns = "duration")
    plot(fit, colour = "red")
  })
  expect_error(plot(fit, "clusters"), class = "gmvae_error_option")
})

test_that("each type of plot() looks as it should", {
  # EM runs until rounding alone differs between processors.
  control <- quiet(tol = 1e-12)
  fit_of <- function(x, ...) {
    set.seed(1)
    gmm_fit(x, ..., keep_data = TRUE, control = control)
  }
  two <- fit_of(faithful, 2, "VVV")
  one <- fit_of(faithful["waiting"], 2, "V")
  three <- fit_of(iris[seq(1, 150, 3), 1:3], 3, "VEV")
  for (type in c("classification", "uncertainty")) {
    expect_picture(type, function() plot(two, type))
    expect_picture(paste(type, "of one column"), function() plot(one, type))
    expect_picture(paste(type, "of three columns"),
                   function() plot(three, type))
  }
  expect_picture("trace", function() plot(two, "trace"))
  expect_picture("intervals", function() plot(two, "intervals"))
  expect_picture("intervals of three columns",
                 function() plot(three, "intervals"))
  searched <- fit_of(faithful, 1:4, c("EII", "VII", "EEE", "VEE", "VVV"))
  for (type in c("BIC", "ICL")) {
    expect_picture(type, function() plot(searched, type))
  }
  noisy <- fit_of(rbind(faithful, data.frame(eruptions = c(1, 7, 8, 2),
                                             waiting = c(120, 30, 60, 10))),
                  2, "VVV", noise = 0.05)
  expect_picture("noise", function() plot(noisy))
})
