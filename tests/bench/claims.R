# Single numbers that the vignette "How it works" quotes and no other benchmark
# gives:
#   Rscript tests/bench/claims.R [folder] [--only=measurements,...]
# folder: as for panel.R, with cytof_multicenter/data.csv.gz for the last of the
# measurements. Seeds 1 to 3 or 5, one thread per fit, k given.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))

folder <- data_folder(plain_arguments())

fit_with <- function(seed, ..., control = list()) {
  set.seed(seed)
  control <- c(list(n_threads = 1, verbose = FALSE), control)
  suppressWarnings(suppressMessages(
    gmvae(..., control = do.call(gmvae_control, control))
  ))
}

# Mean adjusted Rand index of the seeds.
mean_ari <- function(seeds, label, ...) {
  mean(vapply(seeds, function(seed) {
    adjusted_rand_index(fit_with(seed, ...)$cluster, label)
  }, 0))
}

# "gaussian": the default recipe, and that of counts.
measurements <- function() {
  cytof <- read.csv(file.path(folder, "cytof_multicenter", "data.csv.gz"))
  cytof <- cytof[seq(1, nrow(cytof), length.out = 5000), ]
  is_label <- names(cytof) %in% c("label", "batch", "split")
  data(list = c("thyroid", "wdbc", "banknote"), package = "mclust",
       envir = environment())
  sets <- list(
    iris = list(iris[, 1:4], iris$Species),
    thyroid = list(thyroid[, -1], thyroid$Diagnosis),
    wdbc = list(wdbc[, -(1:2)], wdbc$Diagnosis),
    banknote = list(banknote[, -1], banknote$Status),
    cytof_multicenter = list(cytof[!is_label], cytof$label)
  )
  for (name in names(sets)) {
    x <- t(as.matrix(sets[[name]][[1]]))
    label <- sets[[name]][[2]]
    k <- length(unique(label))
    cat(sprintf("  %s %.2f (as counts: %.2f)\n", name,
                mean_ari(1:3, label, x, k, "gaussian"),
                mean_ari(1:3, label, x, k, "gaussian",
                         control = list(warmup = TRUE, mask = 0.5))))
  }
}

# Genes by deviance and by variance beyond a trend.
thinned <- function(counts, n, seed = 1) {
  set.seed(seed)
  share <- pmin(1, n / colSums(counts))
  counts@x <- as.double(rbinom(length(counts@x), counts@x,
                               rep(share, diff(counts@p))))
  counts <- drop0(counts)
  counts[rowSums(counts) > 0, colSums(counts) > 0]
}

chosen_by <- function(counts, likelihood) {
  suppressMessages(gmvae:::select_features(
    gmvae:::as_counts(counts), likelihood, 2000
  ))$index
}

genes <- function() {
  counts <- thinned(pbmc_sorted$counts, 60)
  for (likelihood in c("poisson", "nb")) {
    kept <- counts[chosen_by(counts, likelihood), ]
    cat(sprintf("  60 counts per cell, genes of \"%s\": %.0f counts kept\n",
                likelihood, mean(colSums(kept))))
  }
  data <- read_set(file.path(folder, "pbmc_facs"))
  fifth <- thinned(data$counts, colSums(data$counts) / 5)
  cells <- match(colnames(fifth), colnames(data$counts))
  sets <- list(all = list(data$counts, data$label),
               "a fifth of the" = list(fifth, data$label[cells]))
  for (name in names(sets)) {
    x <- sets[[name]][[1]]
    for (likelihood in c("poisson", "nb")) {
      ari <- mean_ari(1:5, sets[[name]][[2]], x, 10,
                      features = rownames(x)[chosen_by(x, likelihood)])
      cat(sprintf("  pbmc_facs, %s counts, genes of \"%s\": %.3f\n", name,
                  likelihood, ari))
    }
  }
}

# Does the stability of a cluster tell whether it matches a type?
stability <- function() {
  data <- read_set(file.path(folder, "mouse_bladder"))
  for (seed in 1:3) {
    fit <- fit_with(seed, data$counts, 16)
    shared <- table(fit$cluster, data$label)
    either <- outer(rowSums(shared), colSums(shared), `+`) - shared
    match <- apply(shared / either, 1, max)
    confidence <- tapply(apply(fit$posterior, 1, max), fit$cluster, mean)
    low <- fit$cluster_stability < 0.6
    cat(sprintf(paste("  mouse_bladder, seed %d: rank correlation of",
                      "stability and match %.2f;\n"), seed,
                cor(fit$cluster_stability, match, method = "spearman",
                    use = "complete.obs")))
    cat(sprintf("    below 0.6: match %.2f, confidence %.2f\n", match[low],
                confidence[low]), sep = "")
  }
}

sections <- list(measurements = measurements, genes = genes,
                 stability = stability)
data(pbmc_sorted)
for (section in chosen("only", names(sections))) {
  cat("\n==", section, "\n")
  sections[[section]]()
}
