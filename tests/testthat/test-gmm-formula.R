test_that("a formula names columns", {
  set.seed(1)
  by_name <- gmm_fit(~ waiting + eruptions, faithful, k = 2, model = "VVV",
                     control = quiet())
  set.seed(1)
  by_column <- gmm_fit(faithful[2:1], k = 2, model = "VVV", control = quiet())
  plain <- setdiff(names(by_column), c("call", "control"))
  expect_identical(unclass(by_name)[plain], unclass(by_column)[plain])
  expect_identical(deparse(by_name$call[1:3]),
                   "gmm_fit(x = ~waiting + eruptions, data = faithful)")
  dots <- gmm_fit(~ ., iris[1:4], 2, "EEE", control = quiet())
  expect_identical(dots$columns, names(iris)[1:4])
  fewer <- gmm_fit(~ . - Species, iris, k = 2, model = "EEE",
                   control = quiet())
  expect_equal(fewer$loglik, dots$loglik)
  local({
    y <- faithful$waiting
    expect_identical(gmm_fit(~ y, k = 1, control = quiet())$columns, "y")
  })
})

test_that("fits by formula transform new data, update and plot", {
  fit <- gmm_fit(~ eruptions + log(waiting), faithful, k = 2, model = "EEE",
                 control = quiet())
  expect_identical(predict(fit, faithful), fit$cluster)
  columns <- with(faithful, cbind(eruptions, "log(waiting)" = log(waiting)))
  expect_identical(unname(predict(fit, columns)), unname(fit$cluster))
  more <- update(fit, k = 1:2)
  expect_identical(predict(more, faithful), more$cluster)
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_named(plot(fit), c("eruptions", "log(waiting)", "cluster",
                            "uncertainty"))
  # The formula does not carry the data.
  expect_lt(length(serialize(fit$formula, NULL)), 1000)
})

test_that("missing values, weights and wrappers work with formulas", {
  set.seed(1)
  fit <- gmm_fit(~ Ozone + Wind, airquality, k = 1, na_action = "em",
                 weights = rep(2, 153), control = quiet())
  expect_identical(fit$n, 153L)
  expect_equal(fit$n_obs, 306)
  wrapper <- function(d, k) {
    gmm_fit(~ eruptions, data = d, k = k, control = quiet())
  }
  expect_identical(wrapper(faithful, 2)$k, 2L)
  called <- do.call(gmm_fit, list(~ eruptions, faithful, k = 2,
                                  control = quiet()))
  expect_identical(called$columns, "eruptions")
  expect_lt(length(serialize(called$call, NULL)), 5000)
})

test_that("formulas that name no columns are errors", {
  expect_snapshot(error = TRUE, {
    gmm_fit(eruptions ~ waiting, faithful)
    gmm_fit(~ eruptions:waiting, faithful)
    gmm_fit(~ 1, faithful)
    gmm_fit(~ duration, faithful)
    gmm_fit(faithful, data = faithful)
    gmm_fit(~ eruptions, faithful, G = 2)
  })
  expect_error(gmm_fit(~ Species, iris), class = "gmvae_error_input")
  fit <- gmm_fit(~ log(waiting), faithful, k = 1, control = quiet())
  expect_error(predict(fit, iris), class = "gmvae_error_input")
})
