# gmvae() at its defaults on labelled sets of counts, beside other clusterings:
#   Rscript tests/bench/panel.R [folder] [--sets=a,b] [--seeds=5] [--cores=1]
#                               [--auto] [--batch] [--no-peers] [--out=panel]
# folder: one folder per set, with matrix.mtx.gz (genes x cells), genes.tsv.gz
# (column gene) and cells.tsv.gz (columns cell, label, perhaps batch); default:
# GMVAE_DATA, or shared/data beside the sources. Sets are all there, or those
# named. k is the number of labels, or, with --auto, NULL, and `k` of the table
# what was found.
# With --batch sets are those that name batches; gmvae() is told them, and so is
# Harmony, which corrects the components of the other clusterings, at its
# defaults (theta = 2) and with theta = 8, the best on these sets of 1, 2, 4, 8.
# Sets whose name begins with "atac" have the likelihood "poisson", the others
# the default. Seeds 1 to --seeds, in --cores processes, one thread per fit.
# Labels are for scoring, and their number for k, only.
#
# Prints and writes (--out).csv, a row per set and method: means over the seeds
# of the adjusted Rand index (its standard deviation: sd), normalised mutual
# information, accuracy by the best matching, expected calibration error of the
# confidence and of the posterior probabilities, groups and seconds, and the
# mean adjusted Rand index of two seeds' clusters (agree); and (--out).png, the
# adjusted Rand index. Accuracy and calibration need package clue. Of the other
# clusterings those run whose packages are installed; all of them are told k.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))

arguments <- commandArgs(TRUE)
seeds <- seq_len(as.integer(option("seeds", 5)))
cores <- as.integer(option("cores", 1))
auto <- "--auto" %in% arguments
batches <- "--batch" %in% arguments
out <- option("out", "panel")
folder <- data_folder(plain_arguments())
sets <- chosen("sets", sets_of(folder, batches))

# Runs ------------------------------------------------------------------------

run_gmvae <- function(data, k, likelihood) {
  control <- gmvae_control(n_threads = 1, verbose = FALSE)
  seconds <- system.time(
    fit <- quiet_gmvae(data$counts, k, likelihood, control = control,
                       batch = if (batches) data$batch)
  )[["elapsed"]]
  row <- scores(fit$cluster, data$label, seconds,
                predict(fit, type = "confidence"), fit$posterior)
  row$k <- fit$k
  with_cluster(row, fit$cluster)
}

# The clusters in a column of the row.
with_cluster <- function(row, cluster) {
  row$cluster <- list(as.character(cluster))
  row
}

# Mean adjusted Rand index of each two of several clusterings.
agreement <- function(clusters) {
  if (length(clusters) < 2L) return(NA)
  mean(utils::combn(length(clusters), 2L, function(pair) {
    adjusted_rand_index(clusters[[pair[1]]], clusters[[pair[2]]])
  }))
}

# NULL where the method fails: the table says so by its absence.
run_peer <- function(method, data, pcs, k) {
  tryCatch({
    seconds <- system.time(
      cluster <- method(pcs, data$counts, k)
    )[["elapsed"]]
    with_cluster(scores(cluster, data$label, seconds), cluster)
  }, error = function(e) {
    message(conditionMessage(e))
    NULL
  })
}

# All methods on one set with one seed.
run <- function(set, seed) {
  data <- read_set(file.path(folder, set))
  k <- length(unique(data$label))
  likelihood <- if (startsWith(set, "atac")) "poisson" else "nb"
  set.seed(seed)
  rows <- list(gmvae = run_gmvae(data, if (!auto) k, likelihood))
  if (!"--no-peers" %in% arguments) {
    spaces <- list(PCA = principal_components(data$counts))
    if (batches) spaces <- harmonised(spaces$PCA, data$batch, c(2, 8))
    for (space in names(spaces)) {
      found <- lapply(Filter(Negate(is.null), peers()), function(method) {
        set.seed(seed)
        run_peer(method, data, spaces[[space]], k)
      })
      names(found) <- paste(space, "+", names(found))
      rows <- c(rows, found)
    }
  }
  rows <- Filter(Negate(is.null), rows)
  message(sprintf("%s, seed %d: ARI %.3f", set, seed, rows$gmvae$ari))
  cbind(set = set, labels = k, seed = seed, method = names(rows),
        do.call(rbind, rows), row.names = NULL)
}

jobs <- expand.grid(seed = seeds, set = sets, stringsAsFactors = FALSE)
runs <- parallel::mclapply(seq_len(nrow(jobs)), function(i) {
  run(jobs$set[i], jobs$seed[i])
}, mc.cores = cores, mc.preschedule = FALSE)
broken <- vapply(runs, inherits, NA, "try-error")
if (any(broken)) stop(runs[[which(broken)[1]]])
runs <- do.call(rbind, runs)

# Report ----------------------------------------------------------------------

order_seen <- function(x) factor(x, unique(x))
groups <- split(runs, list(order_seen(runs$method), order_seen(runs$set)),
                drop = TRUE)
report <- do.call(rbind, lapply(groups, function(rows) {
  measures <- c("ari", "nmi", "accuracy", "ece", "ece_posterior", "k",
                "seconds")
  data.frame(rows[1, c("set", "labels", "method")], seeds = nrow(rows),
             as.list(colMeans(rows[measures])), sd = sd(rows$ari),
             agree = agreement(rows$cluster))
}))
rownames(report) <- NULL

rounded <- report
numbers <- vapply(rounded, is.double, NA)
rounded[numbers] <- lapply(rounded[numbers], round, 3)
options(width = 120)
print(rounded, row.names = FALSE)

is_rna <- !startsWith(report$set, "atac")
for (kind in c("RNA", "ATAC")) {
  rows <- report[is_rna == (kind == "RNA"), ]
  if (nrow(rows) == 0L) next
  cat(sprintf("\nmean adjusted Rand index of the %s sets\n", kind))
  print(round(sort(tapply(rows$ari, rows$method, mean), TRUE), 3))
}
write.csv(report, paste0(out, ".csv"), row.names = FALSE)

shown <- order_seen(report$method)
png(paste0(out, ".png"), 900, 250 + 40 * length(sets), res = 100)
par(mar = c(4, 9, 5, 1), las = 1, xpd = NA)
height <- length(sets) - match(report$set, sets) + 1
plot(report$ari, height, xlim = c(min(0, report$ari), 1), yaxt = "n",
     ylim = c(0.5, length(sets) + 0.5), xlab = "adjusted Rand index",
     ylab = "", pch = as.integer(shown), col = as.integer(shown), cex = 1.3,
     lwd = ifelse(report$method == "gmvae", 3, 1.5))
axis(2, seq_along(sets), rev(sets))
edges <- par("usr")
legend(mean(edges[1:2]), edges[4], levels(shown), xjust = 0.5, yjust = 0,
       pch = seq_along(levels(shown)), col = seq_along(levels(shown)),
       ncol = 3, bty = "n", cex = 0.9)
invisible(dev.off())
