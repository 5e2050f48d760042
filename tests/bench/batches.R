# How often gmvae() finds batches that it was not told of, and whether it is
# right, on labelled sets of counts (see panel.R):
#   Rscript tests/bench/batches.R [folder] [--sets=a,b] [--repeats=60]
#                                 [--cores=1]
# Prints, first, for each set what is found, beside the set's own batches. Then
# for --repeats random samples of each: 100 to 3,000 cells of a random choice of
# its labels, so that what divides the cells changes. Last, the package's own
# cells (pbmc_sorted, five coarse types) in 1 to 4 batches: in each but the
# first, genes are caught with efficiencies of their own,
# plogis(normal(1, sd = strength)), and the second lacks some types. Right is
# where 95% of the cells of each batch are on one side.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))

repeats <- as.integer(option("repeats", 60))
cores <- as.integer(option("cores", 1))
folder <- data_folder(plain_arguments())
sets <- chosen("sets", sets_of(folder))

# "found1", "found2" for each cell; NULL where there are none.
find <- function(counts, set = "") {
  likelihood <- if (startsWith(set, "atac")) "poisson" else "nb"
  counts <- counts[, colSums(counts) > 0]
  gmvae:::find_batches(counts, likelihood, 3L, gmvae_control(n_threads = 1))
}

in_parallel <- function(jobs, fn) {
  rows <- parallel::mclapply(seq_len(nrow(jobs)), function(i) {
    fn(jobs[i, , drop = FALSE])
  }, mc.cores = cores, mc.preschedule = FALSE)
  do.call(rbind, rows)
}

# One row: is anything found, and is it the batches?
verdict <- function(found, batch) {
  n_batches <- length(unique(batch))
  right <- FALSE
  if (!is.null(found) && n_batches > 1L) {
    sides <- table(batch, found)
    right <- all(apply(sides, 1L, max) >= 0.95 * rowSums(sides))
  }
  data.frame(batches = max(1L, n_batches), found = !is.null(found),
             right = right)
}

data <- lapply(setNames(sets, sets), function(set) {
  read_set(file.path(folder, set))
})
whole <- in_parallel(data.frame(set = sets), function(job) {
  set <- data[[job$set]]
  cbind(job, cells = ncol(set$counts), verdict(find(set$counts, job$set),
                                               set$batch))
})
print(whole, row.names = FALSE)

sampled <- in_parallel(
  expand.grid(seed = seq_len(repeats), set = sets, stringsAsFactors = FALSE),
  function(job) {
    set <- data[[job$set]]
    set.seed(job$seed)
    labels <- unique(set$label)
    kept <- which(set$label %in% sample(labels, sample(2:length(labels), 1)))
    most <- sample(c(300, 800, 3000), 1)
    if (length(kept) > most) kept <- sample(kept, most)
    if (length(kept) < 100) return(NULL)
    cbind(job, verdict(find(set$counts[, kept], job$set), set$batch[kept]))
  }
)
cat("\nSamples of cells of some labels\n")
print(aggregate(cbind(samples = 1, found, right) ~ set, sampled, sum),
      row.names = FALSE)

data(pbmc_sorted)
types <- pbmc_sorted$celltype_coarse
by_size <- names(sort(table(types), decreasing = TRUE))
simulated <- in_parallel(
  expand.grid(strength = c(0.5, 1, 2, 3), n_batches = 1:4, lacking = 0:2,
              seed = 1:3),
  function(job) {
    set.seed(job$seed)
    counts <- pbmc_sorted$counts
    batch <- sample(job$n_batches, ncol(counts), TRUE)
    for (b in seq_len(job$n_batches)[-1]) {
      efficiency <- plogis(rnorm(nrow(counts), 1, job$strength))
      of_batch <- rep(batch == b, diff(counts@p))
      counts@x[of_batch] <- rbinom(sum(of_batch), counts@x[of_batch],
                                   efficiency[counts@i[of_batch] + 1])
    }
    kept <- colSums(counts) > 0 &
      !(batch == 2 & types %in% head(by_size, job$lacking))
    cbind(job, verdict(find(drop0(counts[, kept])), batch[kept]))
  }
)
cat("\nSimulated batches\n")
print(aggregate(cbind(samples = 1, found, right) ~ n_batches + strength,
                simulated, sum), row.names = FALSE)
