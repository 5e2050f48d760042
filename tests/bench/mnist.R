# gmvae() on MNIST: accuracy by the best matching of 10 clusters to the digits.
#   Rscript tests/bench/mnist.R [folder] [--likelihood=bernoulli] [--seeds=5]
#     [--images=70000] [--hidden=500,500,2000] [--epochs=30] [--mask=0]
#     [--covariance=shared] [--threads=2]
# folder: the four files in IDX form; default: mnist in GMVAE_DATA, or in
# shared/data beside the sources. --likelihood also takes "gaussian", --images
# the first so many in a random order. The networks are those of VaDE (Jiang et
# al. 2017: 94.46%), whose encoder sees all pixels too; other options left out
# are gmvae()'s defaults. Both likelihoods see grey values, from 0 to 1.
#
# Where this differs from VaDE: one covariance for all components; pretraining
# of all layers at once, by the likelihood itself; Adam at 0.001 in batches of
# 128; layer normalisation.
# Prints each seed, then median and range. Needs package clue.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))
if (!installed("clue")) stop("clue must be installed: it matches clusters.")

# --name=1,2 of the script's arguments.
numbers <- function(name, default) {
  given <- option(name, NULL)
  if (is.null(given)) default else as.numeric(strsplit(given, ",")[[1]])
}
folder <- plain_arguments()
if (length(folder) == 0L) folder <- file.path(data_folder(), "mnist")
likelihood <- option("likelihood", "bernoulli")
n_images <- numbers("images", 70000)

mnist <- read_mnist(folder)
set.seed(0)
shown <- sample(ncol(mnist$images))[seq_len(n_images)]
pixels <- mnist$images[, shown]
digits <- as.character(mnist$label[shown])
pixels <- as(pixels, "CsparseMatrix")
rm(mnist)

control <- gmvae_control(
  hidden = numbers("hidden", c(500, 500, 2000)), epochs = numbers("epochs", 30),
  mask = numbers("mask", 0), n_threads = numbers("threads", 2), verbose = FALSE
)

accuracy <- vapply(seq_len(numbers("seeds", 5)), function(seed) {
  set.seed(seed)
  seconds <- system.time(
    fit <- quiet_gmvae(pixels, 10, likelihood, features = "all",
                       control = control,
                       covariance = option("covariance", "tied"))
  )[["elapsed"]]
  right <- mean(is_right(fit$cluster, digits))
  cat(sprintf("seed %d: accuracy %.2f%%, ARI %.3f, NMI %.3f, ", seed,
              100 * right, adjusted_rand_index(fit$cluster, digits),
              nmi(fit$cluster, digits)))
  cat(sprintf("held-out ELBO %.1f, %d epochs, %.0f s\n",
              fit$elbo["heldout", "elbo"], nrow(fit$history), seconds))
  right
}, 0)
cat(sprintf("%s, %d images: median %.2f%%, range %.2f%% to %.2f%%\n",
            likelihood, ncol(pixels), 100 * median(accuracy),
            100 * min(accuracy), 100 * max(accuracy)))
