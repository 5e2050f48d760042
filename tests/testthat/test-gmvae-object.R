test_that("the fit names its parts by cell, cluster and dimension", {
  fit <- made_up_fit(n = 60, k = 3)
  expect_s3_class(fit, "gmvae")
  cells <- paste0("c", 1:60)
  expect_named(fit$cluster, cells)
  expect_identical(levels(fit$cluster), c("1", "2", "3"))
  expect_identical(dimnames(fit$posterior), list(cells, c("1", "2", "3")))
  expect_identical(dimnames(fit$latent), list(cells, paste0("z", 1:4)))
  expect_identical(dim(fit$mixture$covariances), c(4L, 4L, 3L))
  expect_s3_class(fit$history, "data.frame")
  expect_identical(fit$features, paste0("g", 1:5))
})

test_that("count_active() sees through the scale of a dimension", {
  means <- cbind(1e-3 * rep(-1:1, 10), rep(c(-2, 2), 15), 0)
  expect_equal(count_active(means, 0 * means + 1), 1)
  expect_equal(count_active(means, 0 * means + 1e-3), 2)
})

test_that("a fit saved before an option was there has its default", {
  fit <- quick_fit(tiny_counts(), k = 2, epochs = 2)
  old <- fit
  old$control$dispersion <- NULL
  expect_identical(predict(old, tiny_counts(), type = "latent"),
                   predict(fit, tiny_counts(), type = "latent"))
  expect_identical(fitted_control(old)$dispersion, "gene")
})

test_that("coef() and as.data.frame() hold the mixture and the cells", {
  fit <- made_up_fit(n = 60, k = 3)
  expect_identical(coef(fit), fit$mixture)
  cells <- as.data.frame(fit)
  expect_named(cells, c("cluster", "confidence", "size_factor",
                        colnames(fit$latent)))
  expect_identical(rownames(cells), names(fit$cluster))
  expect_identical(cells$cluster, unname(fit$cluster))
  expect_identical(cells$confidence, confidence(fit, fit$posterior))
  fit <- made_up_fit(batch = factor(rep(c("a", "b"), 30)))
  expect_identical(as.data.frame(fit)$batch, unname(fit$batch))
})

test_that("confidence() counts how repeatable the clusters are", {
  # The first two clusters are found again as one.
  confusion <- rbind(c(0.5, 0.5, 0), c(0.5, 0.5, 0), c(0, 0, 1))
  fit <- made_up_fit(k = 3, cluster_confusion = confusion)
  expect_no_error(validate_fit(fit))
  expect_equal(dimnames(fit$cluster_confusion),
               list(levels(fit$cluster), levels(fit$cluster)))
  # The cell's own cluster has 0.933, the others 0.033 each.
  expected <- c(0.1 / 3 + 0.45, 0.1 / 3 + 0.45, 0.1 / 3 + 0.9)
  expect_equal(confidence(fit, fit$posterior)[1:3], expected)
  certain <- made_up_fit(k = 3)
  expect_equal(confidence(certain, certain$posterior),
               largest_probability(certain$posterior))
  certain$cluster_confusion <- NULL  # saved by an earlier version
  expect_equal(confidence(certain, certain$posterior),
               largest_probability(certain$posterior))
  fit$cluster_confusion[1, 1] <- 0.9
  expect_error(validate_fit(fit), class = "gmvae_error_input")
})
