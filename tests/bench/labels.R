# What known labels do for gmvae(), on labelled sets of counts (see panel.R):
#   Rscript tests/bench/labels.R [folder] [--sets=a,b] [--seeds=2] [--cores=1]
#                                [--share=0.1] [--wrong=0.2] [--weight=w]
#                                [--only=a,b] [--out=labels]
# The label of a random --share of the cells is known, at least of two cells of
# each kind. Variants:
#   none     no labels, k the number of kinds
#   right    all known labels right
#   wrong    a share --wrong of them replaced by another kind's
#   new      no label of the largest kind of at most a fifth of the cells is
#            known; k is the number of kinds, so that one cluster is free
# Prints and writes (--out).csv, a row per set and variant, means over the
# seeds: the adjusted Rand index on cells whose label is not known (of "none":
# the same cells), the share of correctly named ones (accuracy), the estimated
# share of wrong labels, and for "new" the share of that kind's cells in the
# free cluster (recall). Labels that are not known are for scoring only.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))

seeds <- seq_len(as.integer(option("seeds", 2)))
cores <- as.integer(option("cores", 1))
share <- as.numeric(option("share", 0.1))
wrong <- as.numeric(option("wrong", 0.2))
weight <- as.numeric(option("weight", gmvae_control()$label_weight))
out <- option("out", "labels")
folder <- data_folder(plain_arguments())
sets <- sets_of(folder)
sets <- chosen("sets", sets[!startsWith(sets, "atac")])
variants <- chosen("only", c("none", "right", "wrong", "new"))

known_labels <- function(label) {
  kinds <- split(seq_along(label), label)
  known <- unlist(lapply(kinds, function(cells) {
    cells[sample.int(length(cells), max(2, round(share * length(cells))))]
  }))
  replace(label, -known, NA)
}

with_wrong <- function(labels) {
  cells <- which(!is.na(labels))
  cells <- cells[sample.int(length(cells), round(wrong * length(cells)))]
  kinds <- unique(labels[!is.na(labels)])
  labels[cells] <- vapply(labels[cells], function(label) {
    others <- setdiff(kinds, label)
    others[sample.int(length(others), 1)]
  }, "")
  labels
}

run <- function(set, seed, variant) {
  data <- read_set(file.path(folder, set))
  label <- data$label
  set.seed(seed)
  known <- known_labels(label)
  unknown <- is.na(known)
  sizes <- sort(prop.table(table(label)), decreasing = TRUE)
  left_out <- names(sizes)[sizes <= 0.2][1]
  given <- switch(variant, none = NULL, right = known,
                  wrong = with_wrong(known),
                  new = replace(known, known == left_out, NA))
  set.seed(seed)
  fit <- quiet_gmvae(
    data$counts, length(unique(label)), "nb", labels = given,
    control = gmvae_control(n_threads = 1, verbose = FALSE,
                            label_weight = weight)
  )
  cluster <- as.character(fit$cluster)
  of_new <- label == left_out
  row <- data.frame(
    set = set, variant = variant, seed = seed,
    ari = adjusted_rand_index(cluster[unknown], label[unknown]),
    accuracy = if (variant %in% c("right", "wrong")) {
      mean(cluster[unknown] == label[unknown])
    } else {
      NA
    },
    wrong = if (is.null(given)) NA else summary(fit)$wrong_labels,
    recall = if (variant == "new") mean(cluster[of_new] == "new1") else NA
  )
  message(paste(format(row, digits = 3), collapse = " "))
  row
}

jobs <- expand.grid(variant = variants, seed = seeds, set = sets,
                    stringsAsFactors = FALSE)
rows <- parallel::mclapply(seq_len(nrow(jobs)), function(i) {
  run(jobs$set[i], jobs$seed[i], jobs$variant[i])
}, mc.cores = cores, mc.preschedule = FALSE)
table <- aggregate(cbind(ari, accuracy, wrong, recall) ~ variant + set,
                   do.call(rbind, rows), mean, na.action = na.pass)
overall <- aggregate(cbind(ari, accuracy, wrong, recall) ~ variant, table, mean,
                     na.action = na.pass)
table <- rbind(table, cbind(overall["variant"], set = "mean", overall[-1]))
print(table, digits = 3)
write.csv(table, paste0(out, ".csv"), row.names = FALSE)
