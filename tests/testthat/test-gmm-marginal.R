geyser <- function(...) {
  set.seed(1)
  gmm_fit(faithful, ..., control = quiet())
}
noisy_rows <- function() {
  set.seed(1)
  rbind(as.matrix(faithful), cbind(runif(30, 0, 8), runif(30, 10, 130)))
}

test_that("a marginal density is the integral of the joint one", {
  fit <- geyser(k = 3, model = "VVV")
  one <- marginal(fit, "waiting")
  joint <- function(y) {
    predict(fit, cbind(eruptions = y, waiting = 60), "density")
  }
  integral <- integrate(joint, -5, 12, rel.tol = 1e-10)$value
  expect_equal(unname(predict(one, 60, "density")), integral, tolerance = 1e-8)
  expect_identical(one$columns, "waiting")
  expect_identical(dim(one$covariances), c(1L, 1L, 3L))
  expect_identical(marginal(fit, c("waiting", "eruptions"))$columns,
                   c("waiting", "eruptions"))
})

test_that("joint density = marginal density x conditional density", {
  set.seed(1)
  for (noise in list(NULL, 0.05)) {
    fit <- gmm_fit(iris[, 1:4], 3, "VEV", noise = noise, control = quiet())
    given <- c(Petal.Width = 1.5, Sepal.Length = 6)
    rest <- conditional(fit, given)
    expect_identical(rest$columns, c("Sepal.Width", "Petal.Length"))
    x <- iris[c(1, 60, 120), 1:4]
    x[names(given)] <- as.list(given)
    joint <- predict(fit, x, "logdensity")
    parts <- predict(rest, x, "logdensity") +
      predict(marginal(fit, names(given)), x, "logdensity")
    expect_equal(joint, parts, tolerance = 1e-12)
    expect_equal(sum(rest$weights, rest$noise$weight), 1, tolerance = 1e-12)
  }
})

test_that("conditioning in two steps is conditioning in one", {
  fit <- gmm_fit(iris[, 1:4], 2, "VVV", control = quiet())
  given <- c(Petal.Width = 1.5, Sepal.Length = 6)
  at_once <- conditional(fit, given)
  stepwise <- conditional(conditional(fit, given[1]), given[2])
  expect_equal(coef(at_once), coef(stepwise), tolerance = 1e-10)
  expect_identical(at_once$given, stepwise$given)
  expect_equal(coef(conditional(fit, as.data.frame(as.list(given)))),
               coef(at_once))
  part <- c("Sepal.Width", "Sepal.Length", "Petal.Width")
  expect_equal(coef(marginal(at_once, "Sepal.Width")),
               coef(conditional(marginal(fit, part), given)),
               tolerance = 1e-10)
})

test_that("the conditional mean is what predict() imputes", {
  gaps <- as.matrix(faithful)
  gaps[3, "waiting"] <- NA
  fit <- gmm_fit(gaps, 3, "VVV", na_action = "em", control = quiet())
  rest <- conditional(fit, c(eruptions = gaps[[3, "eruptions"]]))
  expect_equal(sum(rest$weights * rest$means),
               predict(fit, gaps, "imputed")[[3, "waiting"]],
               tolerance = 1e-10)
})

test_that("mixtures predict, simulate, print and start fits", {
  fit <- geyser(k = 2, model = "VVV")
  one <- marginal(fit, "waiting")
  expect_named(coef(one), c("weights", "means", "covariances"))
  drawn <- simulate(one, 5, seed = 1)
  expect_identical(dim(drawn), c(5L, 1L))
  expect_identical(colnames(drawn), "waiting")
  expect_equal(rowSums(predict(one, faithful, "posterior")), rep(1, 272),
               ignore_attr = TRUE)
  expect_error(predict(one), class = "gmvae_error_input")
  refit <- gmm_fit(faithful["waiting"], 2, "V", start = coef(one),
                   control = quiet())
  expect_true(refit$converged)
  expect_snapshot({
    print(conditional(fit, c(eruptions = 3)))
    print(marginal(gmm_fit(noisy_rows(), 1, "EEE", noise = 0.05,
                           control = quiet()), "waiting"))
  })
})

test_that("the noise of a mixture is uniform over the columns that are left", {
  fit <- gmm_fit(noisy_rows(), 2, "VVV", noise = 0.05, control = quiet())
  one <- marginal(fit, "waiting")
  expect_equal(exp(one$noise$log_density), 1 / unname(diff(one$noise$range))[1])
  far <- conditional(fit, c(eruptions = 7.5))
  expect_gt(far$noise$weight, 0.9)
  expect_true(all(is.finite(simulate(far, 20, seed = 1))))
})

test_that("one component and omitted rows work", {
  x <- faithful
  x[2, 1] <- NA
  fit <- gmm_fit(x, 1, "VVV", na_action = "omit", control = quiet())
  line <- lm(waiting ~ eruptions, faithful[-2, ])
  rest <- conditional(fit, c(eruptions = 3))
  expect_equal(rest$means[[1]],
               predict(line, data.frame(eruptions = 3))[[1]],
               tolerance = 1e-8)
  expect_equal(rest$covariances[[1]], mean(residuals(line)^2),
               tolerance = 1e-6)
})

test_that("marginal() and conditional() say what is wrong", {
  fit <- geyser(k = 2, model = "EEE")
  expect_snapshot(error = TRUE, {
    marginal(fit, "duration")
    marginal(fit)
    marginal(1, "a")
    conditional(fit)
    conditional(fit, 3)
    conditional(fit, c(eruptions = NA))
    conditional(fit, c(eruptions = 3, waiting = 60))
    conditional("a", c(a = 1))
  })
  expect_error(marginal(fit, "duration"), class = "gmvae_error_option")
  expect_error(conditional(fit, 3), class = "gmvae_error_option")
  expect_error(conditional(1, 3), class = "gmvae_error_input")
  expect_identical(unclassed(odd_values, function(value) {
    conditional(fit, value)
  }), NULL)
  expect_identical(unclassed(odd_values, function(value) {
    marginal(fit, value)
  }), NULL)
})

test_that("a mixture that something changed is an error", {
  one <- marginal(geyser(k = 2, model = "VVV"), "waiting")
  negative <- array(-1, c(1, 1, 2))
  for (broken in list(replace(one, "weights", list(c(2, 3))),
                      replace(one, "means", list(NULL)),
                      replace(one, "covariances", list(negative)))) {
    expect_error(quantile(broken), class = "gmvae_error_input")
    expect_error(print(broken), class = "gmvae_error_input")
  }
})
