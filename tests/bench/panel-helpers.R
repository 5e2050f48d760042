# What the benchmarks of gmvae() on labelled data share: reading the sets,
# scores of clusterings, and clusterings to compare with.

suppressPackageStartupMessages(library(Matrix))

installed <- function(...) {
  all(vapply(c(...), requireNamespace, NA, quietly = TRUE))
}
if (!installed("clue")) {
  message("Without package clue, accuracy and calibration are left out.")
}

# The command line ------------------------------------------------------------

# --name=value of the script's arguments.
option <- function(name, default) {
  given <- grep(paste0("^--", name, "="), commandArgs(TRUE), value = TRUE)
  if (length(given) > 0L) sub("^[^=]*=", "", given[1]) else default
}

# --name=a,b of the script's arguments, of `all`; these are the default.
chosen <- function(name, all) {
  wanted <- strsplit(option(name, paste(all, collapse = ",")), ",")[[1]]
  match.arg(wanted, all, several.ok = TRUE)
}

# Arguments that are no options.
plain_arguments <- function() {
  grep("^--", commandArgs(TRUE), value = TRUE, invert = TRUE)
}

# Data ------------------------------------------------------------------------

# The folder given, GMVAE_DATA, or shared/data beside the sources.
data_folder <- function(given = character()) {
  if (length(given) > 0L) return(given)
  if (nzchar(Sys.getenv("GMVAE_DATA"))) return(Sys.getenv("GMVAE_DATA"))
  at <- normalizePath(".")
  while (dirname(at) != at) {
    at <- dirname(at)
    folder <- file.path(at, "shared", "data")
    if (dir.exists(folder)) return(folder)
  }
  stop("Give the folder of the data sets, or set GMVAE_DATA.")
}

# Names of the sets of counts in a folder; only those of several batches, if
# asked for.
sets_of <- function(folder, batches = FALSE) {
  sets <- basename(dirname(Sys.glob(file.path(folder, "*", "matrix.mtx.gz"))))
  if (!batches) return(sets)
  several <- vapply(sets, function(set) {
    length(unique(read_table(file.path(folder, set), "cells.tsv.gz")$batch)) > 1
  }, NA)
  sets[several]
}

read_table <- function(folder, file) {
  read.delim(gzfile(file.path(folder, file)), quote = "", na.strings = "",
             colClasses = "character")
}

# List of `counts` (genes x cells), `label` and, where the set has it, `batch`
# (one string per cell).
read_set <- function(folder) {
  counts <- as(readMM(gzfile(file.path(folder, "matrix.mtx.gz"))),
               "CsparseMatrix")
  cells <- read_table(folder, "cells.tsv.gz")
  dimnames(counts) <- list(read_table(folder, "genes.tsv.gz")$gene, cells$cell)
  list(counts = as(counts, "dMatrix"), label = cells$label,
       batch = cells$batch)
}

# Images of MNIST, pixels (784) x images, from 0 to 1, and their digits.
read_mnist <- function(folder) {
  read_idx <- function(file) {
    con <- gzfile(file.path(folder, file), "rb")
    on.exit(close(con))
    magic <- readBin(con, "integer", 1L, endian = "big")
    dims <- readBin(con, "integer", magic %% 256L, endian = "big")
    values <- readBin(con, "integer", prod(dims), size = 1L, signed = FALSE)
    matrix(values, ncol = dims[1])
  }
  parts <- c("train", "t10k")
  images <- lapply(paste0(parts, "-images-idx3-ubyte.gz"), read_idx)
  digits <- lapply(paste0(parts, "-labels-idx1-ubyte.gz"), read_idx)
  list(images = do.call(cbind, images) / 255, label = unlist(digits))
}

# Scores ----------------------------------------------------------------------

# Mutual information over the mean of the entropies.
nmi <- function(a, b) {
  joint <- table(a, b) / length(a)
  entropy <- function(p) -sum(p[p > 0] * log(p[p > 0]))
  apart <- entropy(rowSums(joint)) + entropy(colSums(joint))
  if (apart == 0) return(1)
  2 * (apart - entropy(joint)) / apart
}

# Label of each cluster by the best one-to-one matching; NA for clusters beyond
# the number of labels, which have none.
matched_labels <- function(cluster, label) {
  counts <- unclass(table(cluster, label))
  side <- max(dim(counts))
  square <- matrix(0, side, side)
  square[seq_len(nrow(counts)), seq_len(ncol(counts))] <- counts
  match <- clue::solve_LSAP(square, maximum = TRUE)[seq_len(nrow(counts))]
  setNames(colnames(counts)[match], rownames(counts))
}

is_right <- function(cluster, label) {
  found <- matched_labels(cluster, label)[as.character(cluster)]
  !is.na(found) & found == label
}

# Expected calibration error (Naeini et al. 2015): how far the share of cells
# that are right is from their mean confidence (`sure`), in ten bins.
calibration_error <- function(sure, cluster, label) {
  right <- is_right(cluster, label)
  bin <- pmin(floor(10 * sure), 9)
  gap <- tapply(sure, bin, mean) - tapply(right, bin, mean)
  sum(abs(gap) * table(bin)) / length(sure)
}

# One row: the scores of a clustering; labels are used for nothing else.
scores <- function(cluster, label, seconds, sure = NULL, posterior = NULL) {
  error <- function(sure) {
    if (!installed("clue") || is.null(sure)) return(NA)
    calibration_error(sure, cluster, label)
  }
  data.frame(
    ari = gmvae::adjusted_rand_index(cluster, label),
    nmi = nmi(cluster, label),
    accuracy = if (installed("clue")) mean(is_right(cluster, label)) else NA,
    ece = error(sure),
    ece_posterior = error(if (!is.null(posterior)) apply(posterior, 1L, max)),
    k = length(unique(as.character(cluster))), seconds = seconds
  )
}

# A fit is scored whatever it says and warns of.
quiet_gmvae <- function(...) {
  suppressWarnings(suppressMessages(gmvae(...)), classes = "gmvae_warning")
}

# Clusterings to compare with -------------------------------------------------

# cells x components: log1p of counts of the median depth, the 2,000 genes of
# highest variance beyond the trend, centred.
principal_components <- function(counts, n = 20) {
  chosen <- suppressMessages(gmvae:::select_features(counts, "poisson", 2000))
  size <- colSums(counts)
  counts@x <- log1p(counts@x / rep(size / median(size), diff(counts@p)))
  counts <- counts[chosen$index, ]
  prcomp(as.matrix(t(counts)), rank. = min(n, ncol(counts) - 1))$x
}

# Components without the batches, by Harmony (Korsunsky et al. 2019), for each
# `theta`: how much is paid for clusters of few batches.
harmonised <- function(pcs, batch, theta) {
  if (!installed("harmony")) stop("--batch without --no-peers needs harmony.")
  corrected <- lapply(theta, function(value) {
    suppressMessages(harmony::RunHarmony(pcs, data.frame(batch = batch),
                                         "batch", theta = value,
                                         verbose = FALSE))
  })
  setNames(corrected, paste("Harmony", theta))
}

neighbour_graph <- function(pcs, n = 15) {
  neighbours <- if (installed("FNN")) {
    FNN::get.knn(pcs, n)$nn.index
  } else {
    t(apply(as.matrix(dist(pcs)), 1L, order))[, 1 + seq_len(n)]
  }
  edges <- rbind(as.vector(row(neighbours)), as.vector(neighbours))
  igraph::simplify(igraph::make_graph(edges, directed = FALSE))
}

# Leiden of a resolution that gives k groups, or nearly.
leiden_at <- function(graph, k) {
  low <- -4
  high <- 3
  for (step in 1:25) {
    resolution <- (low + high) / 2
    found <- igraph::cluster_leiden(
      graph, "modularity", n_iterations = 10,
      resolution_parameter = 10^resolution
    )
    n <- length(found)
    if (n == k) break
    if (n < k) low <- resolution else high <- resolution
  }
  igraph::membership(found)
}

# Functions of components (p), counts (x) and k that return one group per cell.
peers <- function() {
  list(
    "k-means" = function(p, x, k) kmeans(p, k, 100, 10)$cluster,
    "gmm_fit EEE" = function(p, x, k) {
      predict(gmvae::gmm_fit(p, k, "EEE", control = quiet()))
    },
    "gmm_fit best BIC" = function(p, x, k) {
      predict(gmvae::gmm_fit(p, k, control = quiet()))
    },
    mclust = if (installed("mclust")) function(p, x, k) {
      mclustBIC <- mclust::mclustBIC  # Mclust() looks for it where it is called
      mclust::Mclust(p[, 1:10], k, verbose = FALSE)$classification
    },
    "walktrap at k" = if (installed("bluster", "igraph")) function(p, x, k) {
      graph <- bluster::makeSNNGraph(p)
      igraph::cut_at(igraph::cluster_walktrap(graph), k)
    },
    "Leiden at k" = if (installed("igraph")) function(p, x, k) {
      leiden_at(neighbour_graph(p), k)
    },
    scDHA = if (installed("scDHA")) function(p, x, k) {
      scDHA::scDHA(log2(1 + t(as.matrix(x))), k = k, ncores = 1)$cluster
    }
  )
}

# scran and bluster at their defaults, which choose the number of groups;
# without scran on the components above.
walktrap <- function(counts, ...) {
  points <- if (installed("scran", "scuttle", "SingleCellExperiment")) {
    sce <- SingleCellExperiment::SingleCellExperiment(list(counts = counts))
    sce <- scuttle::logNormCounts(sce)
    model <- scran::modelGeneVar(sce)
    sce <- scran::fixedPCA(sce, rank = min(50, ncol(sce) - 1),
                           subset.row = scran::getTopHVGs(model, n = 2000))
    SingleCellExperiment::reducedDim(sce, "PCA")
  } else {
    principal_components(counts, 50)
  }
  bluster::clusterRows(points, bluster::NNGraphParam())
}

# Seurat's workflow at its defaults, with the ten components of its tutorial.
seurat <- function(counts, ...) {
  rownames(counts) <- make.unique(gsub("_", "-", rownames(counts)))
  x <- Seurat::CreateSeuratObject(counts)
  x <- Seurat::NormalizeData(x, verbose = FALSE)
  x <- Seurat::FindVariableFeatures(x, verbose = FALSE)
  x <- Seurat::ScaleData(x, verbose = FALSE)
  x <- Seurat::RunPCA(x, verbose = FALSE)
  x <- Seurat::FindNeighbors(x, dims = 1:10, verbose = FALSE)
  x <- Seurat::FindClusters(x, verbose = FALSE)
  as.character(Seurat::Idents(x))
}

quiet <- function() gmvae::gmm_control(verbose = FALSE, n_threads = 1)
