# Counts of `k` groups of `each` cells, a share `changed` of the genes changed.
grouped_counts <- function(k, each, changed, n_genes = 300, sd = 1) {
  change <- matrix(rnorm(n_genes * k, 0, sd) * (runif(n_genes * k) < changed),
                   n_genes)
  group <- rep(seq_len(k), each = each)
  share <- rlnorm(n_genes) * exp(change[, group])
  mu <- t(t(share) / colSums(share)) * 1000
  list(counts = as_counts(matrix(rnbinom(length(mu), mu = mu, size = 5),
                                 n_genes)),
       group = group)
}

test_that("few distinguishing genes make half of the genes unreliable", {
  set.seed(1)
  reliability <- function(data, ...) {
    split_half_reliability(data$counts, rep(1, ncol(data$counts)), ...)$overall
  }
  none <- grouped_counts(1, 400, 0)
  few <- grouped_counts(10, 40, 0.05)
  many <- grouped_counts(10, 40, 0.5)
  expect_lt(abs(reliability(none)), 0.1)
  expect_lt(reliability(few), 3 / 4)
  expect_gt(reliability(many), 3 / 4)
  expect_gt(reliability(many), reliability(few))
  # Batches are not what is looked for
  batch <- grouped_counts(2, 200, 1)
  expect_gt(reliability(batch), 3 / 4)
  expect_lt(reliability(batch, factor(batch$group)), 0.2)
  # Too few cells to say
  expect_identical(reliability(list(counts = many$counts[, 1:19])), NaN)
})

test_that("gmvae() chooses mask and components by it, and keeps given ones", {
  set.seed(2)
  few <- grouped_counts(3, 40, 0.03)
  many <- grouped_counts(3, 40, 0.5)
  fit <- function(data, ..., n_threads = 1) {
    set.seed(1)
    without_cautions(gmvae(
      data$counts, 3,
      control = gmvae_control(epochs = 4, n_threads = n_threads, ...)
    ))
  }
  ranged <- fit(few)
  expect_identical(ranged$control$mask, c(0.1, 0.7))
  n_pcs <- ranged$control$n_pcs
  expect_true(n_pcs %in% 2:8)
  expect_identical(fit(many)$control[c("mask", "n_pcs")],
                   list(mask = 0.5, n_pcs = 0L))
  given <- fit(few, mask = c(0.1, 0.7), n_pcs = n_pcs)
  expect_identical(given$latent, ranged$latent)
  expect_identical(fit(few, n_threads = 2)$latent, ranged$latent)
  expect_identical(fit(few, mask = c(0.3, 0.3))$latent,
                   fit(few, mask = 0.3)$latent)
  expect_output(print(ranged$control), "mask +0.1, 0.7")
  expect_s3_class(without_cautions(update(ranged, 2, x = few$counts)), "gmvae")
})

test_that("cells of few counts are no narrow panel", {
  set.seed(4)
  share <- matrix(rlnorm(600 * 3), 600)[, rep(1:3, each = 60)]
  x <- matrix(rpois(length(share), 30 * t(t(share) / colSums(share))), 600)
  x <- as_counts(x[, colSums(x) > 0])
  expect_lt(informative_features(x, rep(1, ncol(x)), "nb"), 40)
  control <- function(x) {
    set.seed(1)
    without_cautions(gmvae(
      x, 2, control = gmvae_control(epochs = 2, n_threads = 1)
    ))$control[c("mask", "learning_rate")]
  }
  expect_identical(control(x), list(mask = c(0.1, 0.7), learning_rate = 0.001))
  few <- x[1:40, ]
  few <- few[, Matrix::colSums(few) > 0]
  expect_identical(control(few), list(mask = 0, learning_rate = 0.003))
})

test_that("gmvae() finds groups that few genes distinguish", {
  set.seed(3)
  data <- grouped_counts(20, 40, 0.08, n_genes = 600)
  found <- function(...) {
    set.seed(1)
    fit <- without_cautions(gmvae(
      data$counts, 20, control = gmvae_control(n_threads = 2, ...)
    ))
    adjusted_rand_index(fit$cluster, data$group)
  }
  by_default <- found()
  expect_gt(by_default, 0.8)
  expect_gt(by_default, found(mask = 0.5))
})

test_that("an encoder of measurements can't begin at components", {
  set.seed(5)
  x <- matrix(rnorm(20 * 60), 20)
  fit <- function(n_pcs) {
    without_cautions(gmvae(
      x, 2, "gaussian",
      control = gmvae_control(epochs = 2, n_pcs = n_pcs, n_threads = 1)
    ))
  }
  expect_error(fit(3), "`n_pcs` must be 0 with `likelihood = \"gaussian\"`",
               class = "gmvae_error_option")
  expect_identical(fit(0)$control$n_pcs, 0L)
})

test_that("more components than cells or genes are as many as there are", {
  set.seed(6)
  x <- grouped_counts(2, 30, 0.5, n_genes = 8)$counts
  x <- x[, Matrix::colSums(x) > 0]
  fit <- without_cautions(gmvae(
    x, 2, control = gmvae_control(epochs = 2, n_pcs = 1000, n_threads = 1)
  ))
  expect_true(all(is.finite(fit$latent)))
})
