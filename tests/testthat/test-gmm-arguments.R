# Any value for any argument is taken or refused by a classed error.

control <- quiet(n_init = 1)
set.seed(1)
x <- rbind(matrix(rnorm(60), 20), matrix(rnorm(60, 5), 20))

test_that("any value for any argument", {
  for (name in setdiff(names(formals(gmm_fit)), c("x", "...", "control"))) {
    problems <- unclassed(odd_values, function(value) {
      arguments <- list(x, k = 2, model = "VVV", control = control)
      arguments[name] <- list(value)
      do.call(gmm_fit, arguments, quote = TRUE)
    })
    expect_null(problems, info = name)
  }
  expect_null(unclassed(odd_values, function(v) gmm_fit(v, control = control)))
  expect_null(unclassed(odd_values, function(v) gmm_fit(x, 2, control = v)))
  for (name in setdiff(names(formals(gmm_control)), "...")) {
    expect_null(unclassed(odd_values, function(v) {
      do.call(gmm_control, stats::setNames(list(v), name), quote = TRUE)
    }), info = name)
  }
  for (name in names(formals(gmm_prior))) {
    expect_null(unclassed(odd_values, function(v) {
      prior <- do.call(gmm_prior, stats::setNames(list(v), name), quote = TRUE)
      gmm_fit(x, 2, "VVV", prior = prior, control = control)
    }), info = name)
  }
})

test_that("any value for the methods of a fit", {
  fit <- gmm_fit(x, 2, "VVV", keep_data = TRUE, control = control)
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  calls <- list(
    newdata = function(v) predict(fit, v),
    type = function(v) predict(fit, x, v),
    nsim = function(v) simulate(fit, if (is.numeric(v)) min(v, 100) else v),
    plot_type = function(v) plot(fit, v),
    columns = function(v) plot(fit, columns = v),
    data = function(v) plot(fit, data = v),
    icl = function(v) icl(v),
    k = function(v) update(fit, k = v),
    x = function(v) update(fit, k = 1, x = v)
  )
  for (name in names(calls)) {
    expect_null(unclassed(odd_values, calls[[name]]), info = name)
  }
})
