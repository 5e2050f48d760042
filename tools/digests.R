# Prints a digest of what each of many small fits returns: clusters, posteriors,
# parameters, log-likelihoods, the choice of k. A change that is to keep results
# prints the same lines before and after it (on one machine: instruction sets
# differ in rounding).
#   Rscript tools/digests.R [LIBRARY] >before.txt
# LIBRARY is where the package is installed; without it, where R looks first.

folder <- commandArgs(TRUE)[1]
if (!is.na(folder)) .libPaths(c(folder, .libPaths()))
suppressPackageStartupMessages(library(gmvae))
helpers <- Filter(file.exists, c("tests/testthat/helper-data.R",
                                 "../tests/testthat/helper-data.R"))
source(helpers[1])

# Numbers alone: names of fields and of dimensions may change.
digest <- function(...) {
  plain <- lapply(list(...), function(x) as.double(unlist(x)))
  substr(rlang::hash(plain), 1, 16)
}

show <- function(name, ...) cat(sprintf("%-34s %s\n", name, digest(...)))

of_gmvae <- function(name, fit, ...) {
  elbo <- unname(fit$elbo)
  show(name, as.integer(fit$cluster), fit$posterior, fit$latent,
       fit$latent_sd, fit$mixture, fit$parameters, fit$input, elbo,
       fit$history[c("elbo", "elbo_heldout", "reconstruction", "kl",
                     "learning_rate")],
       fit$k, fit$k_path[c("k", "stability", "stability_sd", "log_density",
                           "bic", "icl", "smallest")],
       fit$stability, fit$cluster_stability,
       as.integer(fit$batch), fit$heldout, fit$n_rollbacks, fit$converged,
       fit$outlier, fit$feature_table[-1], fit$size_factors,
       fit$networks)
  invisible(fit)
}

of_gmm <- function(name, fit) {
  show(name, as.integer(fit$cluster), fit$uncertainty, fit$weights, fit$means,
       fit$covariances, fit$loglik, fit$history, fit$starts,
       fit$search[vapply(fit$search, is.numeric, NA)], fit$noise)
  invisible(fit)
}

# Networks -------------------------------------------------------------------

data("pbmc_sorted", package = "gmvae")
some <- pbmc_sorted$counts[, seq(1, 1000, by = 4)]

fit_of <- function(name, x, ..., seed = 1, control = list()) {
  settings <- utils::modifyList(
    list(n_latent = 4, hidden = 24, epochs = 10, n_init = 3, verbose = FALSE),
    control
  )
  set.seed(seed)
  fit <- suppressWarnings(suppressMessages(
    gmvae(x, ..., control = do.call(gmvae_control, settings))
  ))
  of_gmvae(name, fit)
}
simulated <- function(...) {
  set.seed(4)
  simulate_counts(...)$counts
}
counts <- simulated(n = 240)

nb <- fit_of("nb", some, 5, features = 500)
for (likelihood in c("zinb", "poisson", "bernoulli", "gaussian")) {
  x <- simulated(likelihood, n = 240)
  fit_of(likelihood, x[, colSums(x) != 0], 3, likelihood)
}
for (covariance in c("tied", "diag", "full", "spherical")) {
  fit_of(paste("covariance", covariance), counts, 4, covariance = covariance)
}
donor <- rep(c("a", "b", "c"), c(100, 80, 60))
for (by in c("gene-cell", "gene-cluster", "gene-batch")) {
  fit_of(paste("nb, dispersion", by), counts, 3, batch = donor,
         control = list(dispersion = by))
  fit_of(paste("gaussian, variance", by), simulated("gaussian", n = 240), 3,
         "gaussian", batch = donor, control = list(dispersion = by))
}
for (by in c("gene", "gene-cluster", "gene-batch")) {
  fit_of(paste("zinb, zero inflation", by), simulated("zinb", n = 240), 3,
         "zinb", batch = donor, control = list(zero_inflation = by))
}
fit_of("bernoulli with batches", simulated("bernoulli", n = 240), 3,
       "bernoulli", batch = donor)
fit_of("poisson with batches", simulated("poisson", n = 240), 3, "poisson",
       batch = donor)
set.seed(2)
two <- simulate_batches(n = 400, genes = 100, depth = 60)
batched <- fit_of("batch given", two$counts, 3, batch = two$batch)
fit_of("batch given, k chosen", two$counts, 2:6, batch = two$batch)
found <- fit_of("batch found", two$counts, 3)
fit_of("batch found, k chosen", two$counts, 2:5, control = list(epochs = 20))
chosen <- fit_of("k chosen", some, features = 600, control = list(epochs = 20))
fit_of("k from 1", counts, 1:4)
fit_of("k chosen, by cluster", counts, 2:4,
       control = list(dispersion = "gene-cluster"))
fit_of("k chosen, gaussian", simulated("gaussian", n = 240), 2:4, "gaussian")
fit_of("k chosen, full", counts, 2:4, covariance = "full")
of_gmvae("update", suppressWarnings(update(chosen, k = 3, x = some)))
of_gmvae("update, k chosen", suppressWarnings(update(nb, k = 3:6, x = some)))
of_gmvae("update with batches",
         suppressWarnings(update(batched, k = 4, x = two$counts)))
fit_of("three networks", counts, 3, control = list(n_networks = 3))
fit_of("networks, k chosen", counts, 2:4, control = list(n_networks = 2))
fit_of("layers, no mask", counts, 3, control = list(
  hidden = c(32, 16), mask = 0, batch_size = 50, heldout = 0, epochs = 6
))
fit_of("size factors, no warm-up", counts, 3, size_factors = 1:240 / 7,
       control = list(warmup = FALSE, patience = 2, damping = 0.3))
set.seed(1)
of_gmvae("defaults", suppressWarnings(suppressMessages(
  gmvae(pbmc_sorted$counts)
)))

new <- pbmc_sorted$counts[, seq(2, 1000, by = 9)]
new_two <- two$counts[, seq(1, 400, by = 7)]
types <- c("cluster", "posterior", "latent", "mean", "normalized", "elbo",
           "outlier")
for (type in types) {
  show(paste("predict", type),
       predict(nb, new, type),
       predict(found, new_two, type),
       predict(batched, new_two, type,
               batch = if (type %in% c("mean", "elbo", "outlier")) "b"))
}

# Mixtures -------------------------------------------------------------------

mixture_of <- function(name, ..., seed = 1) {
  set.seed(seed)
  of_gmm(name, suppressWarnings(suppressMessages(
    gmm_fit(..., control = gmm_control(verbose = FALSE))
  )))
}
flowers <- as.matrix(iris[, 1:4])
gaps <- flowers
gaps[cbind(seq(1, 150, by = 5), rep_len(1:4, 30))] <- NA
mixture_of("faithful, searched", faithful)
mixture_of("iris, searched", iris[, 1:4], k = 1:4)
for (model in c("EVE", "VVE", "VEE", "VEV", "VVV", "tied", "diag")) {
  mixture_of(paste("iris,", model), flowers, k = 3, model = model)
}
mixture_of("iris, weights", flowers, k = 2:3, weights = rep(c(0.5, 1, 2), 50))
mixture_of("iris, missing", gaps, k = 2:3, na_action = "em")
mixture_of("iris, noise", flowers, k = 2:3, noise = 0.05)
mixture_of("iris, prior", flowers, k = 3:4, prior = gmm_prior())
mixture_of("iris, labels", flowers, k = 3,
           labels = replace(as.character(iris$Species), -(1:15 * 10), NA))
mixture_of("iris, start", flowers, model = "VVV",
           start = as.integer(iris$Species))
mixture_of("iris, cross-validated", flowers, k = 2:3, criterion = "cv",
           model = c("VVV", "EEE"))
mixture_of("iris, all at once", gaps, k = 3, na_action = "em", noise = 0.05,
           weights = rep(c(0.5, 1, 2), 50), prior = gmm_prior())
set.seed(3)
many <- matrix(rnorm(24000), 6000) + rep(c(0, 3, 6), each = 2000)
large <- mixture_of("6,000 rows", many, k = 2:4)
for (type in c("cluster", "posterior", "density")) {
  show(paste("predict gmm", type), predict(large, many[1:50, ], type = type))
}
