# Cells on disk: agreement with the fit from memory first, then seconds and
# memory of gmvae() on a file in the layout of 10x Genomics.
#
#   Rscript tests/bench/scale.R [LIBRARY] [--cells=1000000] [--genes=20000]
#     [--share=0.05] [--groups=20] [--folder=tempdir] [--compare=50000]
#
# --share: of values that are not zero. --compare: this many cells are fitted
# from memory, too (0: none). The file is written once for a folder. Linux
# only: peak memory is VmHWM of /proc.

arguments <- commandArgs(TRUE)
option <- function(name, default) {
  given <- grep(paste0("^--", name, "="), arguments, value = TRUE)
  if (length(given) == 0L) return(default)
  value <- sub("^[^=]*=", "", given[1])
  if (is.numeric(default)) as.numeric(value) else value
}
library_path <- arguments[!startsWith(arguments, "--")]
if (length(library_path) > 0L) .libPaths(c(library_path[1], .libPaths()))
suppressPackageStartupMessages({
  library(gmvae)
  library(HDF5Array)
})

n_cells <- option("cells", 1e6)
n_genes <- option("genes", 20000)
share <- option("share", 0.05)
n_groups <- option("groups", 20)
folder <- option("folder", tempdir())
level <- option("level", 0)
n_compared <- option("compare", 50000)

peak_gb <- function() {
  status <- readLines("/proc/self/status")
  as.numeric(sub("[^0-9]*([0-9]+).*", "\\1",
                 grep("^VmHWM", status, value = TRUE))) / 1e6
}

# Poisson counts of groups of cells: each gene has a rate of its own, and a
# tenth of the genes has another in each group. Cells are sorted by group.
write_cells_10x <- function(file, n, most_in_block = 5000) {
  set.seed(1)
  base <- rgamma(n_genes, 0.4)
  base <- base / mean(base) * share * 1.3
  rates <- vapply(seq_len(n_groups), function(group) {
    changed <- runif(n_genes) < 0.1
    base * ifelse(changed, exp(rnorm(n_genes)), 1)
  }, base)
  rhdf5::h5createFile(file)
  rhdf5::h5createGroup(file, "matrix")
  most <- ceiling(2 * n * n_genes * share)
  for (name in c("data", "indices")) {
    rhdf5::h5createDataset(file, paste0("matrix/", name), dims = most,
                           maxdims = most, storage.mode = "integer",
                           chunk = 1e5, level = level)
  }
  group <- ceiling(seq_len(n) / n * n_groups)
  block <- paste(group, ceiling(seq_len(n) / most_in_block))
  n_each <- vector("list", length(unique(block)))
  written <- 0
  for (b in seq_along(n_each)) {
    cells <- which(block == unique(block)[b])
    lambda <- rates[, group[cells[1]]]
    total <- rpois(length(cells),
                   sum(lambda) * exp(rnorm(length(cells), 0, 0.3)))
    gene <- sample.int(n_genes, sum(total), TRUE, lambda) - 1L
    key <- sort(rep(seq_along(cells) - 1L, total) * as.integer(n_genes) + gene,
                method = "radix")
    first <- which(c(TRUE, diff(key) != 0L))
    entry <- key[first]
    at <- list(seq(written + 1, length.out = length(first)))
    rhdf5::h5write(diff(c(first, length(key) + 1L)), file, "matrix/data",
                   index = at)
    rhdf5::h5write(entry %% as.integer(n_genes), file, "matrix/indices",
                   index = at)
    n_each[[b]] <- tabulate(entry %/% as.integer(n_genes) + 1L, length(cells))
    written <- written + length(first)
  }
  for (name in c("data", "indices")) {
    rhdf5::h5set_extent(file, paste0("matrix/", name), written)
  }
  rhdf5::h5write(c(0, cumsum(as.numeric(unlist(n_each)))), file,
                 "matrix/indptr")
  rhdf5::h5write(as.integer(c(n_genes, n)), file, "matrix/shape")
  rhdf5::h5write(sprintf("gene%d", seq_len(n_genes)), file, "matrix/genes")
  rhdf5::h5write(sprintf("cell%d", seq_len(n)), file, "matrix/barcodes")
  rhdf5::h5closeAll()
}

fit_of <- function(x, k = n_groups) {
  set.seed(1)
  suppressWarnings(suppressMessages(gmvae(
    x, k, control = gmvae_control(verbose = FALSE, n_threads = 2)
  )))
}

file <- file.path(folder, sprintf("cells-%.0f-%.0f-%g.h5", n_cells, n_genes,
                                  share))
if (!file.exists(file)) {
  seconds <- system.time(write_cells_10x(file, n_cells))[["elapsed"]]
  cat(sprintf("Wrote %s in %.0f s\n", basename(file), seconds))
}
cells <- TENxMatrix(file, "matrix")

if (n_compared > 0) {
  some <- cells[, round(seq(1, n_cells, length.out = min(n_compared, n_cells)))]
  options(gmvae.cells_in_memory = 0)
  disk <- fit_of(some)
  options(gmvae.cells_in_memory = Inf)
  memory <- fit_of(some)
  same <- vapply(c("cluster", "posterior", "latent", "parameters", "mixture"),
                 function(field) identical(disk[[field]], memory[[field]]), NA)
  cat(sprintf("%d cells, identical from disk and from memory: %s\n",
              ncol(some), paste(names(same), same, collapse = ", ")))
  rm(some, disk, memory)
  invisible(gc())
}

options(gmvae.cells_in_memory = 0)
cat(sprintf("Peak before: %.2f GB\n", peak_gb()))
seconds <- system.time(fit <- fit_of(cells))[["elapsed"]]
trained <- sum(fit$history$seconds)
cat(sprintf(paste("%.0f cells x %.0f genes (%.0f used), k = %d: %.0f s, of",
                  "which training %.0f s; peak %.2f GB\n"),
            n_cells, n_genes, length(fit$features), fit$k, seconds, trained,
            peak_gb()))
truth <- ceiling(seq_len(n_cells) / n_cells * n_groups)
cat(sprintf("Adjusted Rand index with the groups: %.3f\n",
            adjusted_rand_index(fit$cluster, truth)))
