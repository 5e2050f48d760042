# What tools/demo.sh runs: pbmc_sorted through gmvae(), faithful through
# gmm_fit().

suppressPackageStartupMessages({
  library(gmvae)
  library(Matrix)
})

picture <- function(name, expression, width = 900, height = 700) {
  file <- file.path("demo", paste0(name, ".png"))
  grDevices::png(file, width, height, res = 120)
  on.exit(grDevices::dev.off())
  force(expression)
  cat("demo: plot in", file, "\n")
}
heading <- function(text) cat("\n== ", text, "\n", sep = "")

heading("1,000 blood cells of ten sorted populations: gmvae(counts, k = 10)")
data(pbmc_sorted)
counts <- pbmc_sorted$counts
cat(nrow(counts), "genes x", ncol(counts), "cells\n")
set.seed(1)
seconds <- system.time(fit <- gmvae(counts, k = 10))[["elapsed"]]
print(fit)

heading("Clusters (columns) against the sorted populations (rows)")
print(table(pbmc_sorted$celltype, fit$cluster))
cat(
  "\nadjusted Rand index:",
  sprintf("%.3f", adjusted_rand_index(fit$cluster, pbmc_sorted$celltype)),
  "against 10 populations,",
  sprintf("%.3f", adjusted_rand_index(
    fit$cluster, pbmc_sorted$celltype_coarse
  )),
  "against 5 (T cells as one)\n"
)
cat("seconds:", sprintf("%.1f", seconds), "\n\n")
for (type in c("latent", "loss", "sizes", "uncertainty")) {
  picture(paste0("pbmc-", type), plot(fit, type = type))
}

heading("Waiting times of the Old Faithful geyser: gmm_fit(faithful, k = 1:5)")
geyser <- gmm_fit(faithful, k = 1:5)
print(summary(geyser))
picture("faithful-classification", plot(geyser, "classification"))
