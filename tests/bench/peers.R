# Clusterings of Bioconductor and Seurat at their defaults, which choose the
# number of groups themselves, on labelled sets of counts; beside them what
# `panel.R --auto` says of gmvae().
#   Rscript tests/bench/peers.R [folder] [--sets=a,b] [--out=peers]
# folder: as for panel.R; sets whose name begins with "atac" are left out unless
# named. Labels are for scoring only. Methods whose packages are not installed
# are left out. One run per set, seed 1.
#
#   walktrap  scran: logNormCounts, modelGeneVar, the 2,000 genes of highest
#             biological variance, 50 principal components; bluster: graph of
#             shared neighbours, walktrap
#   Seurat    NormalizeData, FindVariableFeatures, ScaleData, RunPCA, 10
#             components, FindClusters at resolution 0.8
#   mclust    Mclust of the first 10 components of panel.R, one to 20 groups

script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))

folder <- data_folder(plain_arguments())
sets <- sets_of(folder)
sets <- chosen("sets", sets[!startsWith(sets, "atac")])
out <- option("out", "peers")

mclust_of_pcs <- function(counts) {
  mclustBIC <- mclust::mclustBIC  # Mclust() looks for it where it is called
  mclust::Mclust(principal_components(counts)[, 1:10], 1:20,
                 verbose = FALSE)$classification
}

methods <- list(
  walktrap = if (installed("scran", "bluster", "scuttle")) walktrap,
  Seurat = if (installed("Seurat")) seurat,
  mclust = if (installed("mclust")) mclust_of_pcs
)
methods <- Filter(Negate(is.null), methods)

runs <- do.call(rbind, lapply(sets, function(set) {
  data <- read_set(file.path(folder, set))
  do.call(rbind, lapply(names(methods), function(method) {
    set.seed(1)
    seconds <- system.time(
      cluster <- suppressWarnings(methods[[method]](data$counts))
    )[["elapsed"]]
    row <- scores(cluster, data$label, seconds)
    message(sprintf("%s, %s: ARI %.3f", set, method, row$ari))
    cbind(set = set, labels = length(unique(data$label)), method = method, row)
  }))
}))

numbers <- vapply(runs, is.double, NA)
shown <- runs
shown[numbers] <- lapply(shown[numbers], round, 3)
print(shown, row.names = FALSE)
cat("\nmean adjusted Rand index\n")
print(round(sort(tapply(runs$ari, runs$method, mean), TRUE), 3))
write.csv(runs, paste0(out, ".csv"), row.names = FALSE)
