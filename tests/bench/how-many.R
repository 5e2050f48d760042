# How many clusters: gmvae() with k not given, on made-up counts whose number of
# groups is known and on labelled sets, beside these at their defaults, where
# they are installed: scran + bluster (or, without scran, the components of
# panel-helpers.R) and Seurat:
#   Rscript tests/bench/how-many.R [folder] [--kinds=null,redrawn,...] [--n=5]
#           [--cells=600] [--genes=600] [--panel=a,b] [--alpha=0.05] [--cores=1]
#           [--no-peers] [--out=how-many]
# Kinds of sets, --n of each:
#   null       one negative binomial population
#   redrawn    the largest label of a labelled set, the counts of each gene
#              drawn anew with the cells' sizes, so that no structure is left
#   pure       the largest label of a labelled set as it is
#   continuum  one population that moves along a line
#   two, three, five, ten, twenty
#              groups of beta(0.75, 0.75) sizes, at least 2.5% of the cells;
#              5 to 25% of the genes changed by normal log fold changes of sd 1
#   clear      two groups of half of the cells
#   nested     three groups, of which one is three groups closer together
# --panel: also these labelled sets (--panel=all: all of the folder).
# Prints and writes (--out).csv, a row for each kind and method: how many sets,
# share divided too much (k above the truth) and exact, the mean adjusted Rand
# index with the true groups, mean k and mean seconds.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))

arguments <- commandArgs(TRUE)
n_sets <- as.integer(option("n", 5))
n_cells <- as.integer(option("cells", 600))
n_genes <- as.integer(option("genes", 600))
alpha <- as.numeric(option("alpha", 0.05))
cores <- as.integer(option("cores", 1))
out <- option("out", "how-many")
panel <- option("panel", "")
sizes_of <- c(two = 2, three = 3, five = 5, ten = 10, twenty = 20)
kinds <- chosen("kinds", c("null", "redrawn", "pure", "continuum",
                           names(sizes_of), "clear", "nested"))
needs_folder <- nzchar(panel) || any(c("redrawn", "pure") %in% kinds)
folder <- if (needs_folder) data_folder(plain_arguments())

# Sets ------------------------------------------------------------------------

# Counts of cells with log fold changes `change` (genes x cells).
draw_counts <- function(change) {
  n <- ncol(change)
  share <- rlnorm(nrow(change), 0, 1.3) * exp(change)
  mean <- t(t(share) / colSums(share) * rlnorm(n, log(2000), 0.35))
  counts <- matrix(rnbinom(length(mean), mu = mean, size = 5), nrow(mean))
  dimnames(counts) <- list(paste0("gene", seq_len(nrow(mean))),
                           paste0("cell", seq_len(n)))
  as(counts[rowSums(counts) > 0, ], "CsparseMatrix")
}

# genes x groups
changes <- function(k, share, sd = 1) {
  vapply(seq_len(k), function(group) {
    changed <- runif(n_genes) < share
    ifelse(changed, rnorm(n_genes, 0, sd), 0)
  }, numeric(n_genes))
}

group_sizes <- function(k) {
  repeat {
    size <- rbeta(k, 0.75, 0.75)
    size <- size / sum(size)
    if (k > 10 || min(size) >= 0.025) break
  }
  size <- pmax(size, min(0.025, 0.5 / k))
  size / sum(size)
}

of_groups <- function(change, size = rep(1, ncol(change))) {
  label <- sample(seq_along(size), n_cells, TRUE, size)
  list(counts = draw_counts(change[, label, drop = FALSE]), label = label)
}

largest_label <- function(data) {
  label <- names(which.max(table(data$label)))
  counts <- data$counts[, data$label == label]
  counts <- counts[, sample.int(ncol(counts), min(ncol(counts), n_cells))]
  counts[rowSums(counts) > 0, ]
}

# Negative binomial counts with the mean and variance of each gene.
redraw <- function(counts) {
  size <- colSums(counts) / mean(colSums(counts))
  mean <- rowMeans(counts)
  variance <- rowMeans(counts^2) - mean^2
  extra <- pmax(variance - mean - mean^2 * var(size), 1e-8 * mean^2)
  dispersion <- pmin(mean^2 * mean(size^2) / extra, 1e6)
  new <- matrix(rnbinom(length(counts), mu = outer(mean, size),
                        size = dispersion), nrow(counts))
  dimnames(new) <- dimnames(counts)
  as(new[rowSums(new) > 0, ], "CsparseMatrix")
}

make_set <- function(kind, i) {
  set.seed(100 * match(kind, kinds) + i)
  one <- function(counts) list(counts = counts, label = rep(1, ncol(counts)))
  if (kind %in% names(sizes_of)) {
    k <- sizes_of[[kind]]
    return(of_groups(changes(k, runif(1, 0.05, 0.25)), group_sizes(k)))
  }
  switch(kind,
    null = of_groups(changes(1, 0)),
    clear = of_groups(changes(2, 0.3)),
    continuum = one(draw_counts(changes(1, 0.3) %*% t(runif(n_cells, -1, 1)))),
    nested = {
      change <- changes(3, 0.25)
      change <- cbind(change[, 1:2], change[, 3] + changes(3, 0.1))
      of_groups(change, c(3, 3, 1, 1, 1))
    },
    redrawn = one(redraw(largest_label(real_set(i)))),
    pure = one(largest_label(real_set(i)))
  )
}

real_set <- function(i) {
  sets <- grep("^atac", sets_of(folder), value = TRUE, invert = TRUE)
  read_set(file.path(folder, sets[(i - 1) %% length(sets) + 1]))
}

# Methods ---------------------------------------------------------------------

ours <- function(counts, likelihood = "nb") {
  quiet_gmvae(counts, likelihood = likelihood, control = gmvae_control(
    n_threads = 1, verbose = FALSE, alpha = alpha
  ))$cluster
}

methods <- list(gmvae = ours)
if (!"--no-peers" %in% arguments) {
  if (installed("bluster")) methods[["walktrap"]] <- walktrap
  if (installed("Seurat")) methods[["Seurat"]] <- seurat
}

run <- function(kind, i, data, likelihood = "nb") {
  rows <- lapply(names(methods), function(method) {
    set.seed(i)
    seconds <- system.time(
      cluster <- methods[[method]](data$counts, likelihood)
    )[["elapsed"]]
    k <- length(unique(as.character(cluster)))
    true <- length(unique(data$label))
    data.frame(
      kind = kind, method = method, true = true, k = k, above = k > true,
      exact = k == true, seconds = seconds,
      ari = adjusted_rand_index(as.character(cluster),
                                as.character(data$label))
    )
  })
  rows <- do.call(rbind, rows)
  message(kind, " ", i, ": k = ", toString(rows$k), " for ", rows$true[1])
  rows
}

jobs <- expand.grid(i = seq_len(n_sets), kind = kinds, stringsAsFactors = FALSE)
runs <- parallel::mclapply(seq_len(nrow(jobs)), function(j) {
  run(jobs$kind[j], jobs$i[j], make_set(jobs$kind[j], jobs$i[j]))
}, mc.cores = cores, mc.preschedule = FALSE)
if (nzchar(panel)) {
  sets <- if (panel == "all") sets_of(folder) else strsplit(panel, ",")[[1]]
  jobs <- expand.grid(i = seq_len(n_sets), set = sets, stringsAsFactors = FALSE)
  runs <- c(runs, parallel::mclapply(seq_len(nrow(jobs)), function(j) {
    set <- jobs$set[j]
    run(set, jobs$i[j], read_set(file.path(folder, set)),
        if (startsWith(set, "atac")) "poisson" else "nb")
  }, mc.cores = cores, mc.preschedule = FALSE))
}
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
    true = mean(rows$true), k = mean(rows$k), above = mean(rows$above),
    exact = mean(rows$exact), ari = mean(rows$ari),
    seconds = mean(rows$seconds)
  )
}))
numbers <- vapply(report, is.double, NA)
report[numbers] <- lapply(report[numbers], round, 3)
options(width = 120)
print(report, row.names = FALSE)
write.csv(report, paste0(out, ".csv"), row.names = FALSE)
