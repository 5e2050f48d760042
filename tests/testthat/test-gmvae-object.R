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
  expect_identical(cells$confidence, confidence(fit$posterior))
  fit <- made_up_fit(batch = factor(rep(c("a", "b"), 30)))
  expect_identical(as.data.frame(fit)$batch, unname(fit$batch))
})
