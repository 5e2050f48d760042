# Makes tests/testthat/fixtures/fits-<format>.rds, the fits of this version that
# later versions must still read:  Rscript tools/fixtures.R [LIBRARY]
# Once a version is released, its file is never made again.

library <- commandArgs(TRUE)
if (length(library) > 0L) .libPaths(c(library, .libPaths()))
library(gmvae)

set.seed(1)
type <- rep(1:3, length.out = 45)
rates <- matrix(4, 20, 3)
rates[cbind(1:18, rep(1:3, 6))] <- 25
counts <- matrix(stats::rpois(20 * 45, rates[, type]), 20)
dimnames(counts) <- list(paste0("g", 1:20), paste0("c", 1:45))
batch <- rep(c("a", "b", "a"), 15)
control <- gmvae_control(n_latent = 2, hidden = 8, epochs = 6, n_init = 2,
                         n_threads = 1, verbose = FALSE)
autoencoder <- suppressWarnings(
  gmvae(counts, 2:4, batch = batch, control = control)
)
mixture <- gmm_fit(faithful, 1:2, c("EEE", "VVV"), noise = 0.05,
                   control = gmm_control(n_init = 2, n_threads = 1,
                                         verbose = FALSE))
# Covariates and a linear decoder have fields of their own.
age <- rep(c(20, 40, 60), 15)
linear <- suppressWarnings(suppressMessages(gmvae(
  counts, 3, covariates = data.frame(age = age),
  control = utils::modifyList(control, list(hidden_decoder = integer()))
)))
classifier <- gmm_classify(
  as.matrix(iris[, 1:4]), iris$Species, model = c("EEE", "VVV"),
  control = gmm_control(n_threads = 1, verbose = FALSE)
)

types <- function(method) eval(formals(getS3method("predict", method))$type)
expected <- list(
  gmvae = sapply(types("gmvae"), simplify = FALSE, function(type) {
    needs <- type %in% c("mean", "elbo", "outlier", "all")
    predict(autoencoder, counts, type, batch = if (needs) batch)
  }),
  gmm_fit = sapply(
    setdiff(types("gmm_fit"), "cdf"),  # that is of one column
    function(type) predict(mixture, faithful[1:20, ], type), simplify = FALSE
  ),
  linear = list(latent = predict(linear, counts, "latent"),
                loadings = loadings(linear)),
  classifier = predict(classifier, as.matrix(iris[, 1:4]), "posterior")
)
saveRDS(
  list(counts = counts, batch = batch, gmvae = autoencoder, gmm_fit = mixture,
       linear = linear, classifier = classifier, expected = expected,
       made_by = as.character(packageVersion("gmvae"))),
  sprintf("tests/testthat/fixtures/fits-%d.rds", autoencoder$version),
  version = 3
)
