# How well map_to_reference() tells types, and kinds that a reference lacks:
#   Rscript tests/bench/reference.R [folder] [--sets=a,b] [--splits=5]
# For each set, --splits times: a reference of at most 1,500 cells, the others
# are the query. Prints the accuracy of the types and the coverage of 90% sets
# (bar: 88.5% to 91.5%, mean of the splits). Then, for each type, a reference
# without it: the AUROC of the outlier score for its cells among up to 400
# others (bar: 0.9, mean of the types), with the counts of the reference, and
# how many p-values are below 0.05.
# Last, the time for 10,000 cells (bar: 30 s).

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))

splits <- as.integer(option("splits", 5))
folder <- data_folder(plain_arguments())
sets <- strsplit(option("sets", "pbmc_facs,zeisel1464"), ",")[[1]]

quiet_fit <- function(counts, k) {
  suppressWarnings(suppressMessages(
    gmvae(counts, k, control = gmvae_control(verbose = FALSE))
  ))
}

some_of <- function(cells, n) {
  sort(cells[sample.int(length(cells), min(n, length(cells)))])
}

# The chance that a score of `above` is higher than one of `below`.
auroc <- function(above, below) {
  ranks <- rank(c(above, below))[seq_along(above)]
  (mean(ranks) - (length(above) + 1) / 2) / length(below)
}

covered <- function(mapped, label) {
  mapped$sets[cbind(seq_along(label), match(label, colnames(mapped$sets)))]
}

areas <- lapply(sets, function(set) {
  data <- read_set(file.path(folder, set))
  label <- data$label
  k <- length(unique(label))
  cat(set, "\n")
  results <- vapply(seq_len(splits), function(seed) {
    set.seed(seed)
    seen <- some_of(seq_along(label), min(1500, round(0.6 * length(label))))
    fit <- quiet_fit(data$counts[, seen], k)
    mapped <- map_to_reference(fit, data$counts[, -seen], labels = label[seen])
    c(accuracy = mean(mapped$cells$label == label[-seen]),
      coverage = mean(covered(mapped, label[-seen])),
      types = mean(rowSums(mapped$sets)))
  }, numeric(3))
  means <- rowMeans(results)
  cat(sprintf("  accuracy %.3f, coverage %.3f (from %.3f to %.3f)", means[1],
              means[2], min(results[2, ]), max(results[2, ])),
      sprintf(", %.2f types in a set\n", means[3]), sep = "")
  areas <- vapply(unique(label), function(type) {
    set.seed(1)
    known <- which(label != type)
    seen <- some_of(known, min(1500, round(0.6 * length(known))))
    others <- some_of(setdiff(known, seen), 400)
    fit <- quiet_fit(data$counts[, seen], k - 1)
    new <- which(label == type)
    cells <- map_to_reference(fit, data$counts[, c(new, others)],
                              reference = data$counts[, seen])$cells
    unseen <- seq_along(label[c(new, others)]) <= length(new)
    area <- auroc(cells$outlier_score[unseen], cells$outlier_score[!unseen])
    small <- cells$outlier_p_value < 0.05
    cat(sprintf("  without %-32s AUROC %.3f, p < 0.05: ", type, area),
        sprintf("%.2f of its cells, %.3f of others\n", mean(small[unseen]),
                mean(small[!unseen])), sep = "")
    area
  }, 0)
  cat(sprintf("  mean AUROC %.3f\n", mean(areas)))
  areas
})
cat(sprintf("AUROC, mean of the types of all sets: %.3f\n",
            mean(unlist(areas))))

data <- read_set(file.path(folder, sets[length(sets)]))
label <- data$label
set.seed(1)
fit <- quiet_fit(data$counts, length(unique(label)))
many <- data$counts[, sample.int(ncol(data$counts), 10000, TRUE)]
colnames(many) <- paste0("cell", seq_len(ncol(many)))
seconds <- c(
  system.time(map_to_reference(fit, many, batch = "new",
                               labels = label))[["elapsed"]],
  system.time(map_to_reference(fit, many, reference = data$counts,
                               labels = label))[["elapsed"]]
)
cat(sprintf("10,000 cells, %d genes: %.1f s in a new batch, ",
            length(fit$features), seconds[1]),
    sprintf("%.1f s with the reference\n", seconds[2]), sep = "")
