# Two fits of cells of the same three kinds, one of which the fit has not seen.
set.seed(1)
simulated <- simulate_counts(n = 500, genes = 80, k = 3)
kind <- simulated$cluster
unseen <- which(kind == 3)
new <- setdiff(1:150, unseen)
x <- simulated$counts
fit <- without_cautions(gmvae(
  x[, setdiff(which(kind != 3), new)], 2,
  control = gmvae_control(n_latent = 5, hidden = 32, epochs = 60, heldout = 0.2,
                          verbose = FALSE)
))

test_that("cells of an unseen kind are outliers, others hardly ever", {
  outside <- predict(fit, x[, unseen], "outlier")
  inside <- predict(fit, x[, new], "outlier")
  expect_named(inside, c("score", "p_value"))
  expect_identical(rownames(inside), colnames(x)[new])
  expect_true(all(inside$p_value > 0 & inside$p_value <= 1))
  expect_identical(order(inside$score), order(-inside$p_value, inside$score))
  above <- mean(outer(outside$score, inside$score, ">"))
  expect_gt(above, 0.9)
  expect_gt(mean(outside$p_value < 0.05), 0.6)
  expect_lt(mean(inside$p_value < 0.05), 0.15)
  expect_lt(abs(mean(inside$p_value) - 0.5), 0.1)
})

test_that("the score does not grow with the depth of a cell", {
  # The same cells with fewer counts, most of them still in training's range
  thinned <- x[, new]
  thinned[] <- rbinom(length(thinned), thinned, 0.8)
  scores <- vapply(list(x[, new], thinned), function(y) {
    median(predict(fit, y, "outlier")$score)
  }, 0)
  expect_lt(abs(diff(scores)), 0.5)
  elbo <- predict(fit, x[, new], "elbo")
  score <- predict(fit, x[, new], "outlier")$score
  total <- colSums(x[, new])
  expect_lt(cor(total, elbo), -0.5)
  expect_lt(abs(cor(total, score)), 0.25)
})

test_that("scores of cells like those of the fit have a spread of about 1", {
  spread <- IQR(predict(fit, x[, new], "outlier")$score) / (2 * qnorm(0.75))
  expect_gt(spread, 0.7)
  expect_lt(spread, 1.4)
})

test_that("a cell's score does not depend on the cells beside it", {
  all_cells <- predict(fit, x[, new], "outlier")
  expect_equal(predict(fit, x[, new[1:3]], "outlier"), all_cells[1:3, ])
})

test_that("outliers need counts, and a fit that can compare", {
  expect_error(predict(fit, type = "outlier"), class = "gmvae_error_input")
  fit$outlier <- NULL
  expect_error(predict(fit, x[, 1:2], "outlier"), class = "gmvae_error_input")
})

test_that("every likelihood scores outliers, few cells too", {
  for (likelihood in likelihood_names()) {
    set.seed(1)
    y <- simulate_counts(likelihood, n = 30, genes = 20)$counts
    small <- quick_fit(y, 2, likelihood)
    expect_true(all(is.finite(predict(small, y, "outlier")$score)),
                info = likelihood)
  }
  two <- quick_fit(y[, 1:2], 1, "gaussian")
  expect_true(all(is.finite(predict(two, y, "outlier")$p_value)))
})

test_that("ridge() is least squares but for the weight of one cell", {
  set.seed(1)
  design <- cbind(1, rnorm(2000), rnorm(2000))
  y <- drop(design %*% c(-300, 2, 5)) + rnorm(2000)
  expect_equal(ridge(design, y), unname(lm.fit(design, y)$coefficients),
               tolerance = 1e-3)
  # A column that is never used has no effect, and a constant is its own level
  expect_identical(ridge(cbind(design, 0), y)[4], 0)
  expect_equal(ridge(matrix(1, 5, 1), rep(7, 5)), 7)
})
