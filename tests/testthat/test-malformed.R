# Whatever is given where, the outcome is a right one or a classed error.

set.seed(1)
x <- simulate_counts(n = 30, genes = 12)$counts
control <- quick_control(2)
fit <- quick_fit(x, 2, epochs = 2)

test_that("any value for an argument of gmvae()", {
  calls <- list(
    x = function(v) gmvae(v, 2, control = control),
    k = function(v) gmvae(x, v, control = control),
    likelihood = function(v) gmvae(x, 2, v, control = control),
    covariance = function(v) gmvae(x, 2, covariance = v, control = control),
    features = function(v) gmvae(x, 2, features = v, control = control),
    sizes = function(v) gmvae(x, 2, size_factors = v, control = control),
    control = function(v) gmvae(x, 2, control = v)
  )
  for (name in names(calls)) {
    expect_null(unclassed(odd_values, calls[[name]]), info = name)
  }
})

test_that("any value for an option", {
  for (option in setdiff(names(formals(gmvae_control)), "...")) {
    expect_null(unclassed(odd_values, function(v) {
      do.call(gmvae_control, stats::setNames(list(v), option), quote = TRUE)
    }), info = option)
  }
})

test_that("any value for an argument of predict(), plot() and the rest", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  calls <- list(
    newdata = function(v) predict(fit, v),
    type = function(v) predict(fit, x, v),
    features = function(v) predict(fit, x, "mean", features = v),
    sizes = function(v) predict(fit, x, size_factors = v),
    threshold = function(v) predict(fit, x, threshold = v),
    a = function(v) adjusted_rand_index(v, 1:3),
    batch = function(v) predict(fit, x, "mean", batch = v),
    sce = function(v) runGMVAE(v, 2),
    fitted_sce = function(v) gmvae_fit(v)
  )
  if (requireNamespace("SingleCellExperiment", quietly = TRUE)) {
    sce <- SingleCellExperiment::SingleCellExperiment(list(counts = x))
    calls <- c(calls, list(
      name = function(v) runGMVAE(sce, 2, control = control, name = v),
      stored = function(v) gmvae_fit(sce, v)
    ))
  }
  if (requireNamespace("ggplot2", quietly = TRUE)) {
    calls <- c(calls, list(
      plot = function(v) plot(fit, v),
      colour = function(v) plot(fit, colour = v, method = "pca"),
      method = function(v) plot(fit, "latent", method = v)
    ))
  }
  for (name in names(calls)) {
    expect_null(unclassed(odd_values, calls[[name]]), info = name)
  }
})

test_that("any matrix with any likelihood and k", {
  counts <- tiny_counts() + 0
  one_gene <- counts * 0
  one_gene[1, ] <- 1
  cases <- list(
    constant = counts * 0 + 1, zero = counts * 0, logical = counts > 2,
    negative = -counts, fractional = counts / 3, large = counts * 1e6,
    huge = counts * 1e300, tiny = counts * 1e-300,
    one_cell = counts[, 1, drop = FALSE], one_gene = counts[1, , drop = FALSE],
    two_cells = counts[, 1:2], two_genes = counts[1:2, ] + 1,
    repeated = counts[, rep(1, 30)], sparse = one_gene,
    diagonal = Matrix::Diagonal(20), permutation = methods::as(8:1, "pMatrix"),
    symmetric = Matrix::Matrix(crossprod(counts))
  )
  for (likelihood in likelihood_names()) {
    for (k in c(1, 2, 5)) {
      expect_null(unclassed(cases, function(case) {
        fit <- gmvae(case, k, likelihood, control = control)
        stopifnot(is.finite(fit$posterior), is.finite(fit$latent),
                  is.finite(fit$parameters))
      }), info = paste(likelihood, k))
    }
  }
})
