# Cells on disk: agreement with the fit from memory first, then seconds and
# memory of gmvae() on a file in the layout of 10x Genomics.
#
#   Rscript tests/bench/scale.R [LIBRARY] [--cells=1000000] [--genes=20000]
#     [--share=0.05] [--groups=20] [--folder=tempdir] [--level=0]
#     [--compare=50000,300000] [--fit=1] [--workers=0] [--sorted=20000]
#
# --share: of values that are not zero. --level: of compression. --compare: so
# many cells are fitted from memory, too (0: none). --fit=0: that alone.
# --workers: so many processes read the cells (0: this one does).
# --sorted: so many cells are fitted in the order of their groups and in random
# order, and shuffled by blocks and one by one (0: none). The file is written
# once for a folder. Linux only: peak memory is VmHWM of /proc.

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
n_compared <- as.numeric(strsplit(option("compare", "50000"), ",")[[1]])
do_fit <- option("fit", 1) > 0
n_workers <- option("workers", 0)
n_sorted <- option("sorted", 20000)

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
    first <- which(c(TRUE, key[-1] != key[-length(key)]))
    entry <- key[first]
    put <- function(values, name) {
      rhdf5::h5write(values, file, name, start = written + 1,
                     count = length(values))
    }
    put(c(first[-1], length(key) + 1L) - first, "matrix/data")
    put(entry %% as.integer(n_genes), "matrix/indices")
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

fit_of <- function(x, k = n_groups, epochs = NULL, ...) {
  set.seed(1)
  suppressWarnings(suppressMessages(gmvae(
    x, k, ..., control = gmvae_control(epochs = epochs, verbose = FALSE,
                                       n_threads = 2)
  )))
}

file <- file.path(folder, sprintf("cells-%.0f-%.0f-%g.h5", n_cells, n_genes,
                                  share))
if (!file.exists(file)) {
  seconds <- system.time(write_cells_10x(file, n_cells))[["elapsed"]]
  cat(sprintf("Wrote %s in %.0f s\n", basename(file), seconds))
}
cells <- TENxMatrix(file, "matrix")

# Few epochs: what is compared is whether they see the same cells.
for (n in n_compared[n_compared > 0 & n_compared <= n_cells]) {
  some <- if (n == n_cells) cells else
    cells[, round(seq(1, n_cells, length.out = n))]
  options(gmvae.cells_in_memory = 0)
  disk <- fit_of(some, epochs = 2)
  peak <- peak_gb()
  options(gmvae.cells_in_memory = Inf)
  memory <- fit_of(some, epochs = 2)
  same <- vapply(c("cluster", "posterior", "latent", "parameters", "mixture"),
                 function(field) identical(disk[[field]], memory[[field]]), NA)
  cat(sprintf(paste("%d cells, identical from disk and from memory: %s;",
                    "%.1f and %.1f s an epoch, peak %.2f and %.2f GB\n"),
              ncol(some), paste(names(same), same, collapse = ", "),
              median(disk$history$seconds), median(memory$history$seconds),
              peak, peak_gb()))
  rm(some, disk, memory)
  invisible(gc())
}
if (!do_fit) quit("no")

# When HDF5 was read, by whichever process, beside all else.
log <- tempfile("reading")
read <- unclass(gmvae:::delayed_source(cells))$read
timed <- cell_source(function(from, to) {
  begun <- as.numeric(Sys.time())
  counts <- read(from, to)
  cat(begun, as.numeric(Sys.time()), "\n", file = log, append = TRUE)
  counts
}, dim(cells), dimnames(cells))
workers <- if (n_workers > 0) BiocParallel::MulticoreParam(n_workers)
cat(sprintf("Peak before: %.2f GB\n", peak_gb()))
used <- system.time(fit <- fit_of(timed, BPPARAM = workers))
times <- as.matrix(read.table(log))
trained <- sum(fit$history$seconds)
cat(sprintf(paste("%.0f cells x %.0f genes (%.0f used), k = %d, %d epochs:",
                  "%.0f s (%.0f s of the processors), of which reading %.0f s",
                  "(%.0f s of %d process(es)) and training %.0f s (%.0f",
                  "cells a second); peak %.2f GB\n"),
            n_cells, n_genes, length(fit$features), fit$k, nrow(fit$history),
            used[["elapsed"]], sum(used[-3]),
            diff(range(times)), sum(times[, 2] - times[, 1]), max(n_workers, 1),
            trained,
            0.9 * n_cells * nrow(fit$history) / trained, peak_gb()))
cat("Held-out ELBO of the epochs:",
    sprintf("%.2f", fit$history$elbo_heldout), "\n")
truth <- ceiling(seq_len(n_cells) / n_cells * n_groups)
cat(sprintf("Adjusted Rand index with the groups: %.3f\n",
            adjusted_rand_index(fit$cluster, truth)))

# The cells are sorted by group. In random order, they train as well. Few
# enough to be shuffled one by one, all are; by blocks, only with the option.
if (n_sorted > 0) {
  options(gmvae.cells_in_memory = Inf)
  set.seed(2)
  sorted <- as(cells[, round(seq(1, n_cells, length.out = n_sorted))],
               "dgCMatrix")
  truth <- ceiling(seq_len(n_sorted) / n_sorted * n_groups)
  mixed <- sample(n_sorted)
  for (order in c("sorted", "mixed")) {
    at <- if (order == "sorted") seq_len(n_sorted) else mixed
    for (by in c("blocks", "single cells")) {
      options(gmvae.cells_one_by_one = if (by == "blocks") 0 else 200000)
      fit <- fit_of(sorted[, at])
      cat(sprintf(paste("%d cells, %s, shuffled by %s: held-out ELBO %.3f,",
                        "adjusted Rand index %.3f\n"), n_sorted, order, by,
                  fit$elbo["heldout", "elbo"],
                  adjusted_rand_index(fit$cluster, truth[at])))
    }
  }
}
