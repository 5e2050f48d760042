test_that("gmvae() returns what its page promises", {
  set.seed(1)
  x <- simulate_counts(n = 60, genes = 30)$counts
  fit <- quick_fit(x, 3)
  expect_s3_class(fit, "gmvae")
  expect_s3_class(fit$cluster, "factor")
  expect_named(fit$cluster, colnames(x))
  expect_identical(dim(fit$posterior), c(60L, 3L))
  expect_equal(unname(rowSums(fit$posterior)), rep(1, 60))
  expect_identical(dim(fit$latent), c(60L, 3L))
  expect_true(all(fit$latent_sd > 0))
  expect_named(fit$mixture, c("weights", "means", "covariances"))
  expect_equal(sum(fit$mixture$weights), 1)
  expect_false(is.unsorted(-fit$mixture$weights))
  expect_identical(dim(fit$mixture$covariances), c(3L, 3L, 3L))
  expect_named(fit$history, c("epoch", "phase", "elbo", "elbo_heldout",
                              "reconstruction", "kl", "learning_rate",
                              "seconds"))
  expect_setequal(fit$history$phase, c("pretrain", "warmup", "joint"))
  shares <- quick_fit(x / max(x), 3, "bernoulli")
  expect_setequal(shares$history$phase, c("pretrain", "joint"))
  expect_identical(dimnames(fit$elbo),
                   list(c("train", "heldout"),
                        c("elbo", "reconstruction", "kl_z", "kl_c")))
  expect_equal(fit$elbo[, "elbo"],
               fit$elbo[, "reconstruction"] - fit$elbo[, "kl_z"] -
                 fit$elbo[, "kl_c"])
  expect_true(all(is.finite(fit$parameters)))
  expect_identical(fit$features, rownames(x))
  expect_length(fit$heldout, 6)
  expect_identical(fit$control$epochs, 5L)
  expect_identical(fit$version, gmvae_format)
  expect_identical(fit$call[[1]], quote(gmvae))
  expect_lt(as.numeric(object.size(fit)), 3e5)
})

test_that("dense, sparse, delayed and Bioconductor input give one fit", {
  set.seed(1)
  x <- simulate_counts(n = 50, genes = 25)$counts
  inputs <- list(x, methods::as(x, "CsparseMatrix"),
                 methods::as(x, "TsparseMatrix"))
  if (requireNamespace("SingleCellExperiment", quietly = TRUE)) {
    inputs <- c(inputs, SingleCellExperiment::SingleCellExperiment(
      list(counts = x)
    ))
  }
  if (requireNamespace("DelayedArray", quietly = TRUE)) {
    inputs <- c(inputs, DelayedArray::DelayedArray(x))
  }
  fits <- lapply(inputs, function(input) {
    set.seed(7)
    comparable(quick_fit(input, 3))
  })
  for (fit in fits[-1]) expect_identical(fit, fits[[1]])
})

test_that("gmvae() takes every likelihood and every covariance", {
  for (likelihood in likelihood_names()) {
    set.seed(2)
    x <- simulate_counts(likelihood, n = 50, genes = 20)$counts
    fit <- quick_fit(x, 2, likelihood)
    expect_true(all(is.finite(fit$latent)), info = likelihood)
    expect_identical(fit$likelihood, likelihood)
  }
  axis_parallel <- c("diag", "spherical", "EII", "VII", "EEI", "VEI", "EVI",
                     "VVI")
  for (covariance in covariance_names()) {
    fit <- quick_fit(x, 2, "gaussian", covariance = covariance)
    expect_true(all(is.finite(fit$mixture$covariances)), info = covariance)
    off <- fit$mixture$covariances[1, 2, 1]
    expect_identical(off == 0, covariance %in% axis_parallel,
                     info = covariance)
  }
})

test_that("gmvae() uses the features and the size factors it is given", {
  set.seed(1)
  x <- simulate_counts(n = 50, genes = 25)$counts
  fit <- quick_fit(x, 2, features = c("g3", "g9", "g4"))
  expect_identical(fit$features, c("g3", "g4", "g9"))
  expect_identical(fit$n_genes, 25L)
  expect_identical(fit$size_source, "library")
  expect_equal(median(fit$size_factors), 1)

  size <- colSums(x)
  set.seed(3)
  own <- quick_fit(x, 2, size_factors = size * 10)
  set.seed(3)
  default <- quick_fit(x, 2)
  expect_identical(own$size_source, "user")
  expect_equal(own$latent, default$latent)
})

test_that("gmvae() works at the edges: two cells, k = n, one cluster", {
  set.seed(1)
  x <- simulate_counts(n = 6, genes = 10, depth = 60)$counts
  expect_identical(nlevels(quick_fit(x, 1)$cluster), 1L)
  expect_true(all(is.finite(quick_fit(x, 6)$posterior)))
  expect_true(all(is.finite(quick_fit(x[, 1:2], 1)$latent)))
  expect_true(all(is.finite(quick_fit(x[1:2, ], 2)$latent)))
  without <- without_cautions(
    gmvae(x, 2, control = quick_control(heldout = 0))
  )
  expect_length(without$heldout, 0)
  expect_output(print(without), "per training cell\n")
  deep <- without_cautions(gmvae(x, 2, control = gmvae_control(
    n_latent = 1, hidden = c(8, 4), epochs = 3, verbose = FALSE
  )))
  expect_identical(dim(deep$latent), c(6L, 1L))
})

test_that("extreme counts give finite fits", {
  set.seed(1)
  x <- simulate_counts(n = 40, genes = 20)$counts
  x[1, 1:5] <- 1e8
  x[, 7] <- c(1, rep(0, 19))
  x[2, ] <- 5
  for (likelihood in c("nb", "zinb", "poisson")) {
    fit <- quick_fit(x, 2, likelihood)
    expect_true(all(is.finite(fit$latent)), info = likelihood)
    expect_true(all(is.finite(fit$posterior)), info = likelihood)
  }
})

test_that("a symmetric dense matrix is read whole", {
  set.seed(1)
  x <- matrix(rpois(900, 3), 30)
  x <- x + t(x)
  expect_s4_class(as_counts(x), "dgCMatrix")
  expect_equal(as.matrix(as_counts(x)), x, ignore_attr = TRUE)
  expect_equal(as.matrix(as_counts(diag(5))), diag(5), ignore_attr = TRUE)
  expect_s4_class(as_counts(Matrix::forceSymmetric(Matrix::Matrix(x))),
                  "dgCMatrix")
})

test_that("a fit called with values, by do.call(), does not carry them", {
  set.seed(1)
  x <- simulate_counts(n = 60, genes = 40)$counts
  fit <- without_cautions(
    do.call(gmvae, list(x, k = 2, control = quick_control(2)))
  )
  expect_identical(fit$call, quote(gmvae(x = x, k = 2, control = control)))
})

test_that("options must be written in full", {
  expect_error(gmvae_control(epoch = 7), class = "gmvae_error_option")
  expect_error(gmvae_control(n_thr = 1), class = "gmvae_error_option")
  expect_error(gmvae_control(12), class = "gmvae_error_option")
})

test_that("gaussian: predict()'s ELBO has the units of the data", {
  set.seed(1)
  x <- simulate_counts("gaussian", n = 120, genes = 40)$counts * 100
  fit <- quick_fit(x, 3, likelihood = "gaussian", epochs = 10)
  expect_equal(mean(predict(fit, x, type = "elbo")),
               fit$elbo["train", "elbo"], tolerance = 0.02)
})

test_that("dispersion and zero_inflation vary by cell, cluster and batch", {
  set.seed(6)
  data <- simulate_counts("zinb", n = 150)
  batch <- rep(c("a", "b"), each = 75)
  for (by in varies_by) {
    control <- quick_control(8, dispersion = by, zero_inflation = by)
    set.seed(1)
    fit <- without_cautions(
      gmvae(data$counts, 3, "zinb", batch = batch, control = control)
    )
    expect_true(all(is.finite(fit$elbo)))
    expect_equal(predict(fit, data$counts, type = "posterior"), fit$posterior,
                 tolerance = 1e-5)
    expect_true(all(predict(fit, type = "mean") >= 0))
    # Nothing of the clusters is left to begin with.
    more <- without_cautions(update(fit, k = 4, x = data$counts))
    expect_identical(levels(more$cluster), as.character(1:4))
    set.seed(1)
    several <- without_cautions(
      gmvae(data$counts, 3:4, "zinb", batch = batch, control = control)
    )
    expect_true(several$k %in% 3:4)
    expect_length(levels(several$cluster), several$k)
  }
})

test_that("a dispersion by cluster is found where there is one", {
  set.seed(7)
  data <- simulate_counts("poisson", n = 450, depth = 60)
  noisy <- data$cluster == 2
  mu <- data$counts[, noisy]
  data$counts[, noisy] <- rnbinom(length(mu), size = 0.7, mu = mu)
  elbo_of <- function(by) {
    set.seed(1)
    control <- quick_control(60, dispersion = by, batch_size = 16)
    fit <- without_cautions(gmvae(data$counts, 3, control = control))
    expect_gt(adjusted_rand_index(fit$cluster, data$cluster), 0.9)
    fit$elbo["heldout", "elbo"]
  }
  elbo <- vapply(setdiff(varies_by, "gene-batch"), elbo_of, 0)
  expect_gt(elbo[["gene-cluster"]], elbo[["gene"]] + 5)
  expect_gt(elbo[["gene-cell"]], elbo[["gene"]] + 5)
})

test_that("only parameters that a likelihood has can vary", {
  expect_error(
    gmvae(tiny_counts(), 2, "poisson",
          control = quick_control(dispersion = "gene-cell")),
    class = "gmvae_error_option", "dispersion"
  )
  expect_error(
    gmvae(tiny_counts(), 2, control = quick_control(zero_inflation = "gene")),
    class = "gmvae_error_option", "zero_inflation"
  )
  expect_error(gmvae_control(dispersion = "cell"),
               class = "gmvae_error_option")
})
