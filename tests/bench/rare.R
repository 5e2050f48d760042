# Rare populations: is a small group of planted cells a cluster of its own?
#   Rscript tests/bench/rare.R [folder] [--kinds=one,several,real] [--n=10]
#           [--cells=2000] [--rare=20] [--genes=2000] [--k=20] [--alpha=0.05]
#           [--cores=1] [--no-peers] [--out=rare]
# Kinds of sets, --n of each, made of the types of pbmc_facs (in the folder):
#   one      negative binomial counts of one type, and --rare cells of another,
#            with the log fold changes between both
#   several  the same with five types beside the rare one
#   real     the cells of pbmc_facs as they are, but only --rare of one type;
#            the sorted CD34+ and CD8+ cytotoxic cells, among which are
#            monocytes and cells like NK cells, are left out
# The rare type is NK cells, monocytes, B cells and (not in "real") CD34+ cells
# in turn.
# gmvae() is run without k and, where --k is not 0, with that many clusters.
# Prints and writes (--out).csv, a row for each kind and method: how many sets,
# the share in which a cluster has an F1 score of at least 0.9 for the rare
# cells, the mean of the best F1, mean k, the mean adjusted Rand index with the
# types, and mean seconds.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))

arguments <- commandArgs(TRUE)
n_sets <- as.integer(option("n", 10))
n_cells <- as.integer(option("cells", 2000))
n_rare <- as.integer(option("rare", 20))
n_genes <- as.integer(option("genes", 2000))
given <- as.integer(option("k", 20))
alpha <- as.numeric(option("alpha", 0.05))
cores <- as.integer(option("cores", 1))
out <- option("out", "rare")
kinds <- chosen("kinds", c("one", "several", "real"))

# Sets ------------------------------------------------------------------------

sorted <- read_set(file.path(data_folder(plain_arguments()), "pbmc_facs"))
rare_types <- c("CD56+ NK", "CD14+ Monocyte", "CD19+ B", "CD34+")
impure <- c("CD34+", "CD8+ Cytotoxic T")
stopifnot(c(rare_types, impure) %in% sorted$label)

# Share of each gene in the counts of each type (genes x types), half a count
# added.
shares <- function(types) {
  vapply(types, function(type) {
    total <- rowSums(sorted$counts[, sorted$label == type]) + 0.5
    total / sum(total)
  }, numeric(nrow(sorted$counts)))
}

simulated_set <- function(rare, n_others) {
  others <- sample(setdiff(unique(sorted$label), rare), n_others)
  label <- c(rep(rare, n_rare), sample(others, n_cells - n_rare, TRUE))
  size <- sample(colSums(sorted$counts), n_cells, TRUE)
  mean <- t(t(shares(c(rare, others))[, label]) * size)
  mean <- mean[order(-rowMeans(mean))[seq_len(n_genes)], ]
  counts <- matrix(rnbinom(length(mean), mu = mean, size = 5), nrow(mean))
  dimnames(counts) <- list(rownames(mean), paste0("cell", seq_len(n_cells)))
  list(counts = as(counts, "CsparseMatrix"), label = label)
}

real_set <- function(rare) {
  others <- which(!sorted$label %in% c(rare, impure))
  cells <- c(sample(which(sorted$label == rare), n_rare),
             sample(others, min(n_cells - n_rare, length(others))))
  list(counts = sorted$counts[, cells], label = sorted$label[cells])
}

make_set <- function(kind, i) {
  set.seed(100 * match(kind, c("one", "several", "real")) + i)
  types <- if (kind == "real") setdiff(rare_types, impure) else rare_types
  rare <- types[(i - 1) %% length(types) + 1]
  data <- switch(kind, one = simulated_set(rare, 1),
                 several = simulated_set(rare, 5), real = real_set(rare))
  data$counts <- data$counts[rowSums(data$counts) > 0, ]
  c(data, rare = rare)
}

# Methods ---------------------------------------------------------------------

ours <- function(counts, k = NULL) {
  quiet_gmvae(counts, k, control = gmvae_control(
    n_threads = 1, verbose = FALSE, alpha = alpha
  ))$cluster
}

methods <- list(gmvae = ours)
if (given > 0L) {
  methods[[paste("gmvae, k =", given)]] <- function(counts) ours(counts, given)
}
if (!"--no-peers" %in% arguments && installed("bluster")) {
  methods[["walktrap"]] <- walktrap
}

# Of the cluster that matches best.
best_f1 <- function(cluster, is_rare) {
  both <- table(cluster, is_rare)
  max(2 * both[, "TRUE"] / (rowSums(both) + sum(is_rare)))
}

run <- function(kind, i) {
  data <- make_set(kind, i)
  rows <- lapply(names(methods), function(method) {
    set.seed(i)
    seconds <- system.time(
      cluster <- as.character(methods[[method]](data$counts))
    )[["elapsed"]]
    data.frame(
      kind = kind, method = method, k = length(unique(cluster)),
      f1 = best_f1(cluster, data$label == data$rare),
      ari = adjusted_rand_index(cluster, data$label), seconds = seconds
    )
  })
  rows <- do.call(rbind, rows)
  message(kind, " ", i, ", ", data$rare, ": ", toString(sprintf(
    "F1 %.2f (k = %d)", rows$f1, rows$k
  )))
  rows
}

jobs <- expand.grid(i = seq_len(n_sets), kind = kinds, stringsAsFactors = FALSE)
runs <- parallel::mclapply(seq_len(nrow(jobs)), function(j) {
  run(jobs$kind[j], jobs$i[j])
}, mc.cores = cores, mc.preschedule = FALSE)
broken <- vapply(runs, inherits, NA, "try-error")
if (any(broken)) stop(runs[[which(broken)[1]]])
runs <- do.call(rbind, runs)

# Report ----------------------------------------------------------------------

order_seen <- function(x) factor(x, unique(x))
groups <- split(runs, list(order_seen(runs$method), order_seen(runs$kind)),
                drop = TRUE)
report <- do.call(rbind, lapply(groups, function(rows) {
  data.frame(
    kind = rows$kind[1], method = rows$method[1], sets = nrow(rows),
    found = mean(rows$f1 >= 0.9), f1 = mean(rows$f1), k = mean(rows$k),
    ari = mean(rows$ari), seconds = mean(rows$seconds)
  )
}))
numbers <- vapply(report, is.double, NA)
report[numbers] <- lapply(report[numbers], round, 3)
options(width = 120)
print(report, row.names = FALSE)
write.csv(report, paste0(out, ".csv"), row.names = FALSE)
