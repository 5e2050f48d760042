# Weights, labels, starts and noise.

flowers <- as.matrix(iris[, 1:4])
species <- iris$Species

test_that("partitions of all types start the same EM", {
  starts <- list(
    species, as.character(species), as.integer(species),
    as.numeric(species), outer(as.integer(species), 1:3, "==") + 0
  )
  fits <- lapply(starts, function(start) {
    gmm_fit(flowers, 3, "VEV", start = start, control = quiet())$loglik
  })
  for (loglik in fits) expect_equal(loglik, fits[[1]], tolerance = 1e-12)
  # k may be left out.
  fit <- gmm_fit(flowers, model = c("VEV", "EEE"), start = species,
                 control = quiet())
  expect_identical(fit$k, 3L)
  expect_identical(nrow(fit$search), 2L)
})

test_that("a mixture starts EM, its columns matched by name", {
  fit <- gmm_fit(flowers, 3, "VVV", start = species, control = quiet())
  turned <- coef(fit)
  turned$means <- turned$means[, 4:1]
  turned$covariances <- turned$covariances[4:1, 4:1, ]
  for (start in list(fit, coef(fit), turned)) {
    again <- gmm_fit(flowers, model = "VVV", start = start, control = quiet())
    expect_equal(again$loglik, fit$loglik, tolerance = 1e-10)
    expect_equal(again$means, fit$means, tolerance = 1e-4)
  }
  line <- gmm_fit(faithful$waiting, model = "V", control = quiet(),
                  start = list(weights = c(0.4, 0.6), means = c(55, 80),
                               covariances = c(30, 30)))
  expect_equal(unname(line$weights), c(0.64, 0.36), tolerance = 0.01)
})

test_that("the fit of one k is that of its start's M-step at max_iter = 1", {
  once <- quiet(max_iter = 1)
  fit <- gmm_fit(flowers, model = "VVV", start = species, control = once)
  expect_equal(fit$weights, c("1" = 1, "2" = 1, "3" = 1) / 3)
  means <- rowsum(flowers, species) / 50
  expect_equal(fit$means[order(fit$means[, 1]), ], means[order(means[, 1]), ],
               ignore_attr = TRUE)
})

test_that("labels keep their rows, name components and guide the others", {
  some <- replace(species, -c(1:5, 51:55, 101:105), NA)
  known <- which(!is.na(some))
  set.seed(1)
  fit <- gmm_fit(flowers, 3, "VEV", labels = some, control = quiet())
  expect_identical(names(fit$weights), levels(species))
  expect_identical(fit$labels, levels(species))
  expect_identical(unname(fit$cluster[known]), as.integer(some[known]))
  expect_true(all(fit$uncertainty[known] == 0))
  expect_equal(unname(rowSums(fit$posterior)), rep(1, 150))
  expect_gt(mean(fit$cluster == as.integer(species)), 0.9)

  more <- gmm_fit(flowers, 4, "EEE", labels = some, control = quiet())
  expect_identical(names(more$weights), c(levels(species), "4"))
  set.seed(1)
  text <- gmm_fit(flowers, 3, "VEV", labels = as.character(some),
                  control = quiet())
  expect_identical(text$means, fit$means)
  set.seed(1)
  numbers <- gmm_fit(flowers, 3, "VEV", labels = as.integer(some),
                     control = quiet())
  expect_equal(numbers$means, fit$means, ignore_attr = TRUE)
  expect_identical(names(numbers$weights), c("1", "2", "3"))
})

test_that("all labels known are one M-step", {
  fit <- gmm_fit(flowers, 3, "VVV", labels = species, control = quiet())
  expect_equal(fit$means, rowsum(flowers, species) / 50)
  expect_equal(fit$icl, fit$bic)
})

test_that("a k below the number of labels has its reason", {
  fit <- gmm_fit(flowers, 2:3, "EEE", labels = species, control = quiet())
  expect_match(fit$search$reason[1], "labels name 3")
  expect_identical(fit$k, 3L)
  expect_error(gmm_fit(flowers, 2, labels = species, control = quiet()),
               class = "gmvae_error_option")
  unknown <- gmm_fit(flowers, 2, "EEE", labels = rep(NA, 150),
                     control = quiet())
  expect_null(unknown$labels)
})

test_that("noise takes the rows far from all components", {
  set.seed(3)
  far <- cbind(runif(25, 0, 8), runif(25, 20, 120))
  data <- rbind(as.matrix(faithful), far)
  fit <- gmm_fit(data, 2:3, c("VVE", "VVV"), noise = 0.1, control = quiet())
  expect_gt(mean(fit$cluster[273:297] == 0), 0.5)
  expect_lt(mean(fit$cluster[1:272] == 0), 0.1)
  expect_equal(sum(fit$weights) + fit$noise$weight, 1)
  expect_identical(colnames(fit$posterior), c(names(fit$weights), "noise"))
  expect_identical(dim(fit$noise$range), c(2L, 2L))
  expect_named(coef(fit), c("weights", "means", "covariances", "noise"))
  expect_identical(predict(fit, data), fit$cluster)
  expect_equal(sum(predict(fit, data, "logdensity")), fit$loglik)

  rows <- gmm_fit(data, fit$k, fit$model, noise = 273:297, control = quiet())
  flags <- gmm_fit(data, fit$k, fit$model, control = quiet(),
                   noise = rep(c(FALSE, TRUE), c(272, 25)))
  expect_identical(rows$cluster, flags$cluster)
  expect_equal(rows$loglik, fit$loglik, tolerance = 1e-4)
})

test_that("noise that takes no row keeps its column", {
  tight <- gmm_fit(flowers, 3, "VVV", start = species, noise = 1e-12,
                   control = quiet())
  expect_identical(colnames(tight$posterior), c("1", "2", "3", "noise"))
  fit <- gmm_fit(faithful, 2, "EEE", noise = 0.01, control = quiet())
  fit$noise$weight <- 0
  fit$weights <- fit$weights / sum(fit$weights)
  posterior <- predict(fit, faithful, "posterior")
  expect_identical(colnames(posterior), c("1", "2", "noise"))
  expect_identical(unname(posterior[, "noise"]), numeric(272))
  expect_equal(unname(rowSums(posterior)), rep(1, 272))
})

test_that("the density of the noise can be given, in the data's units", {
  data <- rbind(as.matrix(faithful), c(1e4, 1e6))
  loose <- gmm_fit(data, 2, "VVV", noise = 0.02,
                   control = quiet(noise_density = 1e-4))
  expect_equal(loose$noise$log_density, log(1e-4))
  expect_identical(unname(loose$cluster[273]), 0L)
  expect_equal(exp(predict(loose, rbind(c(-1e6, 0)), "logdensity")),
               loose$noise$weight * 1e-4)
})

test_that("noise and its start go together", {
  data <- rbind(as.matrix(faithful), c(20, 400), c(-9, 300))
  part <- c(ifelse(faithful$waiting > 67, 1, 2), 0, 0)
  fit <- gmm_fit(data, model = "EEE", start = part, noise = 0.01,
                 control = quiet())
  expect_identical(fit$k, 2L)
  z <- cbind(part == 1, part == 2, part == 0) + 0
  same <- gmm_fit(data, model = "EEE", start = z, noise = 0.01,
                  control = quiet())
  expect_equal(same$loglik, fit$loglik, tolerance = 1e-10)
  again <- gmm_fit(data, model = "EEE", start = fit, noise = 0.01,
                   control = quiet())
  expect_equal(again$loglik, fit$loglik, tolerance = 1e-8)
  plain <- coef(fit)[1:3]
  plain$weights <- plain$weights / sum(plain$weights)
  other <- gmm_fit(data, model = "EEE", start = plain, noise = 0.01,
                   control = quiet())
  expect_equal(other$loglik, fit$loglik, tolerance = 1e-6)
})

test_that("gmm_fit() says what is wrong with what is given by row", {
  fit_now <- function(...) gmm_fit(flowers, ..., control = quiet())
  mixture <- coef(gmm_fit(flowers, 2, "EEE", control = quiet()))
  expect_snapshot(error = TRUE, {
    fit_now(2, weights = 1:3)
    fit_now(2, weights = rep(0, 150))
    fit_now(2, weights = c(-1, rep(1, 149)))
    fit_now(2, weights = "a")
    fit_now(2, labels = 1:3)
    fit_now(2, labels = rep(0, 150))
    fit_now(2, labels = species)
    fit_now(2:3, start = species)
    fit_now(2, start = c(1, 2))
    fit_now(3, start = rep(1:2, 75))
    fit_now(2, start = matrix(0.4, 150, 2))
    fit_now(2, start = matrix(0.5, 150, 3))
    fit_now(2, start = list(1))
    fit_now(3, start = mixture)
    fit_now(2, start = replace(mixture, "means", list(diag(2))))
    fit_now(2, start = replace(mixture, "covariances", list(diag(4))))
    fit_now(2, start = replace(mixture, "covariances",
                               list(array(1, c(4, 4, 2)))))
    fit_now(2, start = c(mixture, noise = 0.5))
    fit_now(2, noise = TRUE)
    fit_now(2, noise = 1.5)
    fit_now(2, noise = 1:150)
    fit_now(2, noise = c(1, 1))
    fit_now(2, noise = -0.1)
    fit_now(2, noise = 1:149)
    fit_now(4, noise = 0.99)
  })
})

test_that("noise is not lost where its share is less than a row", {
  set.seed(1)
  z <- rbind(matrix(rnorm(160), 80), c(30, 30))
  noisy <- function(x, share) {
    gmm_fit(x, 1, "VVV", noise = share, control = quiet())
  }
  fits <- lapply(c(0.001, 0.01, 0.02), noisy, x = z)
  for (fit in fits) {
    expect_equal(fit$loglik, fits[[3]]$loglik)
    expect_gt(fit$noise$weight, 0.01)
    expect_identical(dim(predict(fit, z, type = "prob")), c(81L, 2L))
  }
})

test_that("noise of few rows in many is found though the sample has none", {
  set.seed(2)
  x <- rbind(matrix(rnorm(40000), 20000), matrix(runif(10, 50, 200), 5))
  fit <- gmm_fit(x, 1, "VVV", noise = 1e-4, control = quiet())
  expect_identical(which(fit$cluster == 0L), 20001:20005)
})

test_that("noise of weight zero is still noise", {
  set.seed(3)
  x <- matrix(rnorm(200), 100)
  # So thin that no row is ever taken.
  fit <- gmm_fit(x, 1, "VVV", noise = 0.01,
                 control = quiet(noise_density = 1e-300))
  expect_lt(fit$noise$weight, 1e-12)
  fit$noise$weight <- 0
  posterior <- predict(fit, x, type = "posterior")
  expect_identical(colnames(posterior), c("1", "noise"))
  expect_equal(unname(posterior[, "noise"]), rep(0, 100))
  expect_output(print(summary(fit)), "noise")
  again <- gmm_fit(x, start = fit, noise = 0.01, keep_posterior = TRUE,
                   model = "VVV", control = quiet())
  expect_identical(dim(again$posterior), c(100L, 2L))
})
