petals <- as.matrix(iris[, 3:4])

test_that("print() and summary() fit one screen and return their object", {
  set.seed(1)
  fit <- gmm_fit(faithful, k = 1:3, control = quiet())
  shown <- capture.output(back <- withVisible(print(fit)))
  expect_false(back$visible)
  expect_identical(back$value, fit)
  expect_lt(length(shown), 20)
  expect_lt(max(nchar(shown)), 81)

  expect_s3_class(summary(fit), "summary_gmm_fit")
  expect_lt(length(capture.output(print(summary(fit)))), 40)
  expect_equal(sum(summary(fit)$components$rows), 272)
})

test_that("print() and summary() refuse fits of a newer format", {
  fit <- gmm_fit(petals, 2, "VVI", control = quiet())
  fit$version <- gmvae_format + 1L
  expect_error(print(fit), class = "gmvae_error_input")
  expect_error(summary(fit), class = "gmvae_error_input")
})

test_that("print() says where the fit came from", {
  shown <- function(...) {
    set.seed(1)
    paste(capture.output(print(gmm_fit(..., control = quiet()))),
          collapse = "\n")
  }
  expect_match(shown(faithful, 1:3, c("EEE", "VVV")),
               "Best of 6 mixtures by BIC .smaller is better.:")
  expect_match(shown(faithful, 2, "EEE", weights = rep(2, 272)),
               "sum of weights 544")
  expect_match(shown(faithful, 2, "EEE", prior = TRUE), "Prior: shrinkage")
  expect_match(shown(faithful, 2, "EEE", noise = 0.05),
               "Noise: weight .*, [0-9]+ rows assigned")
  expect_match(shown(replace(as.matrix(faithful), 3, NA), 2, "EEE",
                     na_action = "em"), "1 row has missing values")
  expect_match(shown(faithful$waiting, 2), "for (all|each) component")
  expect_match(shown(faithful[1:7, ], c(1, 8), "EII"),
               "1 more could not be fitted; .search says why")
})

test_that("print() names the best start and components without rows", {
  fit <- gmm_fit(faithful, 3, "EEE", control = quiet())
  names(fit$starts)[fit$best_start] <- "VVV"
  fit$cluster[fit$cluster == 3L] <- 1L
  expect_output(print(fit), "Best of [0-9]+ starts: the solution of VVV.")
  expect_output(print(fit), "Component 3 has no assigned rows")
})

test_that("summary() counts the reasons", {
  fit <- gmm_fit(faithful[1:7, ], c(1, 8:9), "EII", control = quiet())
  expect_identical(as.vector(summary(fit)$reasons), 2L)
  expect_output(print(summary(fit)), "2 x there are only 7 distinct rows")
  noisy <- summary(gmm_fit(faithful, 2, "EEE", noise = 0.05,
                           control = quiet()))
  expect_identical(rownames(noisy$components), c("1", "2", "noise"))
  expect_equal(sum(noisy$components$weight), 1)
})

test_that("components have different names, whatever the labels", {
  labels <- replace(rep(NA_character_, 272), 1:9, "2")
  set.seed(1)
  fit <- gmm_fit(faithful, 2, "VVV", labels = labels, control = quiet())
  expect_identical(names(fit$weights), c("2", "2.1"))
  expect_output(print(summary(fit)), "2.1", fixed = TRUE)
  labels[1:9] <- "noise"
  expect_output(print(gmm_fit(faithful, 2, "VVV", labels = labels,
                              control = quiet())), "noise")
  expect_error(gmm_fit(faithful, 2, labels = labels, noise = 0.1),
               "must not name a component", class = "gmvae_error_option")
})
