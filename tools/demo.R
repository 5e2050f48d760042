# tools/demo.sh runs this: gmvae() on pbmc_sorted, gmm_fit() on faithful.

suppressPackageStartupMessages({
  library(gmvae)
  library(Matrix)
})

picture <- function(name, expression, width = 900, height = 700) {
  file <- file.path("demo", paste0(name, ".png"))
  grDevices::png(file, width, height, res = 120)
  on.exit(grDevices::dev.off())
  force(expression)
  cat("demo: wrote the plot", file, "\n")
}
heading <- function(text) cat("\n== ", text, "\n", sep = "")
compare <- function(fit, labels) {
  print(table(labels, cluster = fit$cluster, dnn = c("", "")))
  cat(sprintf(
    "\nAdjusted Rand index: %.3f (1: the same groups, 0: no agreement)\n",
    adjusted_rand_index(fit$cluster, labels)
  ))
}

heading("gmvae(counts): 1,000 blood cells of ten sorted populations")
data(pbmc_sorted)
counts <- pbmc_sorted$counts
set.seed(1)
seconds <- system.time(fit <- gmvae(counts))[["elapsed"]]
print(fit)
cat(sprintf("gmvae() took %.1f seconds.\n", seconds))

heading("Sorted populations (rows) and clusters (columns)")
compare(fit, pbmc_sorted$celltype)

heading("Five kinds of cells (rows) and clusters (columns)")
compare(fit, pbmc_sorted$celltype_coarse)

heading("update(fit, k = 10): as many clusters as populations")
compare(update(fit, k = 10), pbmc_sorted$celltype)

heading("Plots of the fit with the number of clusters that gmvae() chose")
picture("pbmc-latent", width = 1500, {
  plot(fit, colour = pbmc_sorted$celltype)
})
for (type in c("k", "loss", "sizes", "uncertainty")) {
  picture(paste0("pbmc-", type), plot(fit, type = type))
}

heading("gmm_fit(faithful): eruptions of the Old Faithful geyser")
set.seed(1)
geyser <- gmm_fit(faithful)
print(summary(geyser))
for (type in c("classification", "BIC")) {
  picture(paste0("faithful-", tolower(type)), plot(geyser, type))
}
