# gmvae() on MNIST: accuracy by the best matching of 10 clusters to the digits.
#   Rscript tests/bench/mnist.R [folder] [--likelihood=bernoulli] [--seeds=5]
#     [--images=70000] [--hidden=500,500,2000] [--epochs=] [--mask=]
#     [--covariance=shared] [--threads=2]
# folder: the four files in IDX form; default: mnist in GMVAE_DATA, or in
# shared/data beside the sources. --likelihood also takes "gaussian", --images
# the first so many in a random order. Options left out are gmvae()'s defaults,
# but for the networks, which are those of VaDE (Jiang et al. 2017: 94.46%).
#
# Where this differs from VaDE: "bernoulli" sees pixels that are 1 where the
# grey value is above one half, VaDE the grey values themselves, from 0 to 1, in
# the same log-probability; "gaussian" sees the grey values, with a variance per
# pixel. VaDE begins from stacked autoencoders trained one by one.
# Prints each seed, then median and range. Needs package clue.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))
if (!installed("clue")) stop("clue must be installed: it matches clusters.")

# --name=1,2 of the script's arguments.
numbers <- function(name, default = NULL) {
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
if (likelihood == "bernoulli") pixels <- (pixels > 0.5) + 0
pixels <- as(pixels, "CsparseMatrix")
rm(mnist)

options <- list(
  hidden = numbers("hidden", c(500, 500, 2000)), epochs = numbers("epochs"),
  mask = numbers("mask"), n_threads = numbers("threads", 2), verbose = FALSE
)
control <- do.call(gmvae_control, Filter(Negate(is.null), options))

accuracy <- vapply(seq_len(numbers("seeds", 5)), function(seed) {
  set.seed(seed)
  seconds <- system.time(fit <- suppressMessages(
    gmvae(pixels, 10, likelihood, features = "all", control = control,
          covariance = option("covariance", "shared"))
  ))[["elapsed"]]
  right <- mean(is_right(fit$cluster, digits))
  cat(sprintf("seed %d: accuracy %.2f%%, ARI %.3f, NMI %.3f, ", seed,
              100 * right, adjusted_rand_index(fit$cluster, digits),
              nmi(fit$cluster, digits)))
  cat(sprintf("held-out bound %.1f, %d epochs, %.0f s\n",
              fit$bound["heldout", "bound"], nrow(fit$history), seconds))
  right
}, 0)
cat(sprintf("%s, %d images: median %.2f%%, range %.2f%% to %.2f%%\n",
            likelihood, ncol(pixels), 100 * median(accuracy),
            100 * min(accuracy), 100 * max(accuracy)))
