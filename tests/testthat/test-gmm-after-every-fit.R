# What follows a fit, on every kind of fit: it works, or says in words why not.

flowers <- as.matrix(iris[, 1:4])
set.seed(1)
gaps <- replace(flowers, sample(600, 50), NA)
noisy <- rbind(flowers, matrix(runif(40, 0, 8), 10))
petals <- flowers[, 3]
noisy_petals <- noisy[, 3]
petals_with_gaps <- replace(petals, 1:5, NA)
row_weights <- rep(c(0, 0.5, 2), 50)
some_labels <- replace(rep(NA_character_, 150), c(1:5, 51:55),
                       rep(c("small", "large"), each = 5))
quick <- quiet(n_init = 2)
# Weights and labels are found by their names later, so no function is between.
fits <- list(
  noise = gmm_fit(noisy, 2, "VVV", noise = 0.05, control = quick),
  gaps = gmm_fit(gaps, 2, "VVV", na_action = "em", control = quick),
  omitted = gmm_fit(gaps, 2, "VVV", na_action = "omit", control = quick),
  weights = gmm_fit(flowers, 2, "VVV", weights = row_weights, control = quick),
  labels = gmm_fit(flowers, 3, "VVV", labels = some_labels, control = quick),
  prior = gmm_fit(flowers, 3, "VVV", prior = gmm_prior(), control = quick),
  one_component = gmm_fit(flowers, 1, "VVV", control = quick),
  one_column = gmm_fit(petals, 2, "V", control = quick),
  column_with_noise = gmm_fit(noisy_petals, 2, "V", noise = 0.05,
                              control = quick),
  column_with_gaps = gmm_fit(petals_with_gaps, 2, "V", na_action = "em",
                             control = quick),
  one_of_each = gmm_fit(petals, 1, "V", control = quick)
)

# Names of the fits for which `run` fails, and the class of each error; an error
# without class ends the test.
refusals <- function(run) {
  found <- lapply(fits, function(fit) {
    tryCatch({
      utils::capture.output(suppressWarnings(
        value <- run(fit), classes = "gmvae_warning"
      ))
      if (is.numeric(value) && any(is.nan(value))) stop("NaN")
      NULL
    }, gmvae_error = function(cnd) sub("gmvae_error_", "", class(cnd)[1]))
  })
  unlist(found)
}
n_columns <- lengths(lapply(fits, `[[`, "columns"))
of_one_column <- names(fits)[n_columns == 1L]
of_more <- names(fits)[n_columns > 1L]
of_one_component <- c("one_component", "one_of_each")
refused <- function(names, class) {
  stats::setNames(rep(class, length(names)), intersect(names(fits), names))
}

test_that("standard errors, intervals and resampling take every fit", {
  for (information in c("observed", "scores", "sandwich")) {
    expect_null(refusals(function(fit) vcov(fit, information = information)))
  }
  expect_null(refusals(function(fit) {
    confint(fit, c("weight", "mean", "sd", "cor", "eigen"))
  }))
  expect_null(refusals(function(fit) print(summary(fit, se = TRUE))))
  for (type in c("nonparametric", "weighted", "parametric", "jackknife")) {
    expect_null(refusals(function(fit) {
      print(confint(gmm_bootstrap(fit, 20, type), interval = "normal"))
    }))
  }
})

test_that("merging takes every fit; one component has no tree", {
  for (method in merge_methods) {
    expect_null(refusals(function(fit) print(merge_components(fit, method))))
  }
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_null(refusals(function(fit) plot(merge_components(fit, "dip"))))
  for (type in c("steps", "tree")) {
    expect_identical(refusals(function(fit) {
      plot(merge_components(fit, "ridgeline"), type)
    }), refused(of_one_component, "option"))
  }
})

test_that("distributions take every fit, in one column where they need it", {
  first <- function(fit) marginal(fit, fit$columns[1])
  expect_null(refusals(function(fit) predict(first(fit), 1:5, type = "cdf")))
  expect_null(refusals(function(fit) quantile(first(fit), c(0.1, 0.5))))
  expect_null(refusals(function(fit) hdr(first(fit))))
  expect_null(refusals(hdr))
  expect_null(refusals(function(fit) simulate(fit, seed = 1)))
  expect_identical(refusals(function(fit) quantile(fit)),
                   refused(of_more, "input"))
  expect_identical(refusals(function(fit) {
    conditional(fit, stats::setNames(fit$means[1, 1], fit$columns[1]))
  }), refused(of_one_column, "option"))
})

test_that("plots take every fit; one column has no perspective", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  for (type in c("classification", "uncertainty", "intervals", "trace")) {
    expect_null(refusals(function(fit) plot(fit, type)))
  }
  for (type in c("qq", "cdf", "density")) {
    expect_null(refusals(function(fit) {
      plot(fit, type, columns = fit$columns[1])
    }))
  }
  expect_identical(refusals(function(fit) {
    plot(fit, "perspective", columns = utils::head(fit$columns, 2L))
  }), refused(of_one_column, "option"))
})

test_that("imputation, projection, tables and exchange take every fit", {
  expect_null(refusals(function(fit) impute(fit, m = 2)))
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_identical(refusals(function(fit) plot(discriminant_coordinates(fit))),
                   refused(of_one_component, "data"))
  for (run in list(tidy.gmm_fit, glance.gmm_fit, augment.gmm_fit, fitted,
                   residuals, relabel, as.data.frame)) {
    expect_null(refusals(run))
  }
  skip_if_not_installed("mclust")
  expect_identical(
    refusals(function(fit) as_gmm_fit(mclust::as.Mclust(fit))),
    refused(c("gaps", "column_with_gaps"), "data")
  )
})

test_that("classifiers take weights, gaps, one column and one class", {
  species <- iris$Species
  holes <- replace(flowers, c(1, 60, 400), NA)
  classifiers <- list(
    weights = gmm_classify(flowers, species, weights = row_weights,
                           keep_data = TRUE, control = quick),
    gaps = gmm_classify(holes, species, na_action = "em", keep_data = TRUE,
                        control = quick),
    omitted = gmm_classify(holes, species, na_action = "omit",
                           keep_data = TRUE, control = quick),
    column = gmm_classify(flowers[, 3], species, "mixture", k = 1:2,
                          keep_data = TRUE, control = quick),
    class = gmm_classify(flowers, rep("a", 150), keep_data = TRUE,
                         control = quick)
  )
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  for (name in names(classifiers)) {
    fit <- classifiers[[name]]
    density <- predict(fit, type = "logdensity")
    expect_identical(sum(is.na(density)), if (name == "omitted") 3L else 0L)
    expect_s3_class(gmm_classify_cv(fit, 3), "gmm_classify_cv")
    utils::capture.output(print(summary(fit)))
    plot(fit)
    if (name == "class") {
      expect_error(discriminant_coordinates(fit), class = "gmvae_error_data")
    } else {
      expect_s3_class(discriminant_coordinates(fit), "gmm_coordinates")
    }
  }
})
