# What proteins beside RNA do for gmvae(), on counts of RNA of labelled cells
# with made-up counts of proteins (see panel.R for the sets):
#   Rscript tests/bench/proteins.R [folder] [--cases=a,b] [--seeds=2]
#                                  [--cells=1500] [--choose=FALSE]
#                                  [--weight=w] [--out=proteins]
# A protein of a cell is a background, whose level is that of the protein and of
# the cell, or where its kind of cell has the protein many times that; negative
# binomial both. Cases:
#   panel     PBMC of ten kinds, 20 proteins: RNA can't tell kinds of T cells
#   hidden    B cells, NK cells and monocytes: the first two are each two kinds
#             by proteins, which can't tell the kinds that RNA does
#   brain     three kinds of brain cells, 15 proteins
#   one       one kind of cell by its RNA, four by ten proteins
#   weak      PBMC of five kinds, 12 proteins at most three times the background
#   noise     PBMC of five kinds, 20 proteins that no kind has
#   isotypes  as panel, of five kinds, with 30 more proteins that no kind has
# Prints and writes (--out).csv, a row per case and seed: the adjusted Rand
# index of RNA alone, of proteins alone (likelihood "gaussian", centred log
# ratios) and of both, and by how much both are above the better one, which must
# not be below -0.02; with k the number of kinds, or (--choose=TRUE) not given.
# Labels are for scoring only.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "panel-helpers.R"))

cases <- chosen("cases", c("panel", "hidden", "brain", "one", "weak",
                           "noise", "isotypes"))
seeds <- seq_len(as.integer(option("seeds", 2)))
most_cells <- as.integer(option("cells", 1500))
choose <- as.logical(option("choose", FALSE))
weight <- option("weight", NULL)
out <- option("out", "proteins")
folder <- data_folder(plain_arguments())

# Counts (proteins x cells). has: kinds x proteins, TRUE where a kind has it;
# times: the range of its level over the background.
made_up <- function(kind, has, times = c(5, 30)) {
  n <- length(kind)
  p <- ncol(has)
  background <- exp(rnorm(p, log(8), 0.8))
  gain <- exp(runif(p, log(times[1]), log(times[2])))
  capture <- exp(rnorm(n, 0, 0.4))
  on <- has[as.character(kind), , drop = FALSE]
  # Now and then a cell has none of what its kind has.
  on <- on & matrix(runif(n * p) > 0.03, n)
  mean <- capture * rep(background, each = n) *
    ifelse(on, rep(gain, each = n) * exp(rnorm(n * p, 0, 0.3)), 1)
  counts <- matrix(rnbinom(n * p, mu = mean, size = 4), n)
  t(matrix(counts, n, dimnames = list(NULL, paste0("P", seq_len(p)))))
}

# Each kind has about a third of the proteins, and no two have the same.
random_panel <- function(kinds, p, share = 0.3) {
  repeat {
    has <- matrix(runif(length(kinds) * p) < share, length(kinds),
                  dimnames = list(kinds, NULL))
    if (!anyDuplicated(has)) return(has)
  }
}

no_panel <- function(kinds, p) {
  matrix(FALSE, length(kinds), p, dimnames = list(kinds, NULL))
}

# A list of `counts`, `proteins` and `kind`.
data_of <- function(case) {
  set <- if (case == "brain") "zeisel1464" else "pbmc_facs"
  data <- read_set(file.path(folder, set))
  label <- data$label
  if (case %in% c("weak", "noise", "isotypes")) {
    label <- read_table(file.path(folder, set), "cells.tsv.gz")$label_coarse
  }
  cells <- seq_along(label)
  if (case == "one") cells <- which(label == "CD19+ B")
  if (case == "hidden") {
    cells <- which(label %in% c("CD19+ B", "CD56+ NK", "CD14+ Monocyte"))
  }
  cells <- sort(cells[sample.int(length(cells), min(most_cells,
                                                    length(cells)))])
  counts <- data$counts[, cells]
  kind <- label[cells]
  if (case == "hidden") {
    half <- sample(c("a", "b"), length(cells), TRUE)
    half[kind == "CD14+ Monocyte"] <- "a"
    kind <- paste(kind, half)
    return(list(counts = counts, kind = kind,
                proteins = made_up(half, random_panel(c("a", "b"), 14))))
  }
  if (case == "one") kind <- sample(letters[1:4], length(cells), TRUE,
                                    c(0.4, 0.3, 0.2, 0.1))
  kinds <- unique(kind)
  proteins <- switch(case,
    panel = made_up(kind, random_panel(kinds, 20)),
    brain = made_up(kind, random_panel(kinds, 15)),
    one = made_up(kind, random_panel(kinds, 10)),
    weak = made_up(kind, random_panel(kinds, 12), c(1.5, 3)),
    noise = made_up(kind, no_panel(kinds, 20)),
    isotypes = rbind(made_up(kind, random_panel(kinds, 20)),
                     made_up(kind, no_panel(kinds, 30)))
  )
  rownames(proteins) <- paste0("P", seq_len(nrow(proteins)))
  list(counts = counts, proteins = proteins, kind = kind)
}

# The same that gmvae() makes of proteins.
log_ratios <- function(counts) {
  values <- log1p(counts)
  sweep(values, 2, colMeans(values))
}

score <- function(fit, kind) adjusted_rand_index(fit$cluster, kind)

run <- function(case, seed) {
  set.seed(seed)
  data <- data_of(case)
  colnames(data$proteins) <- colnames(data$counts)
  k <- if (!choose) length(unique(data$kind))
  quietly <- function(fit) suppressMessages(suppressWarnings(fit))
  control <- gmvae_control(
    verbose = FALSE, protein_weight = if (!is.null(weight)) as.numeric(weight)
  )
  fits <- list(
    rna = quietly(gmvae(data$counts, k, control = control)),
    proteins = quietly(gmvae(log_ratios(data$proteins), k, "gaussian",
                             features = "all", control = control)),
    both = quietly(gmvae(data$counts, k, proteins = data$proteins,
                         control = control))
  )
  ari <- vapply(fits, score, 0, data$kind)
  ks <- vapply(fits, `[[`, 0L, "k")
  data.frame(
    case = case, seed = seed, cells = ncol(data$counts),
    proteins = nrow(data$proteins), kinds = length(unique(data$kind)),
    ari_rna = ari[["rna"]], ari_proteins = ari[["proteins"]],
    ari_both = ari[["both"]], gain = ari[["both"]] - max(ari[1:2]),
    weight = fits$both$control$protein_weight, k_rna = ks[["rna"]],
    k_proteins = ks[["proteins"]], k_both = ks[["both"]],
    seconds_rna = sum(fits$rna$history$seconds),
    seconds_both = sum(fits$both$history$seconds)
  )
}

results <- NULL
for (case in cases) {
  for (seed in seeds) {
    row <- run(case, seed)
    results <- rbind(results, row)
    numbers <- vapply(row, is.double, NA)
    row[numbers] <- round(row[numbers], 3)
    print(row, row.names = FALSE)
    write.csv(results, paste0(out, ".csv"), row.names = FALSE)
  }
}
means <- aggregate(cbind(ari_rna, ari_proteins, ari_both, gain) ~ case,
                   results, mean)
means[-1] <- round(means[-1], 3)
print(means, row.names = FALSE)
cat("Smallest mean gain:", min(means$gain), "\n")
