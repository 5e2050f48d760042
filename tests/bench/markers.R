# Are the p-values of markers() valid after clustering, and do its ranks agree
# with those of scran? Prints validity and agreement first, time last.
#
#   Rscript tests/bench/markers.R LIBRARY [sets]
#
# Real sets are looked for as in tests/testthat/helper-data.R.

arguments <- commandArgs(TRUE)
.libPaths(c(arguments[1], .libPaths()))
library(gmvae)
source("tests/testthat/helper-data.R")  # run in the sources' folder
n_sets <- if (length(arguments) > 1L) as.integer(arguments[2]) else 20L
quiet <- gmvae_control(verbose = FALSE)

# Negative binomial counts of cells of one kind, or of two that differ in the
# genes `planted`, by log2 fold changes of 0.5 to 2 up or down.
simulate_kinds <- function(n = 300, genes = 200, planted = integer()) {
  kind <- rep(1:2, length.out = n)
  mean <- rgamma(genes, 0.7, 0.7) + 0.05
  change <- numeric(genes)
  change[planted] <- sample(c(-1, 1), length(planted), TRUE) *
    runif(length(planted), 0.5, 2)
  size <- exp(rnorm(n, sd = 0.3))
  mu <- outer(mean, size) * 2^outer(change, kind - 1.5)
  theta <- exp(runif(genes, log(0.5), log(10)))
  counts <- matrix(rnbinom(length(mu), size = theta, mu = mu), genes)
  counts[1, colSums(counts) == 0] <- 1
  dimnames(counts) <- list(paste0("g", seq_len(genes)),
                           paste0("c", seq_len(n)))
  counts
}

found_genes <- function(fit, counts, p_values) {
  found <- markers(fit, counts, p_values = p_values)
  one <- found[found$cluster == found$cluster[1], ]
  one$gene[!is.na(one$fdr) & one$fdr < 0.05]
}

one_set <- function(seed, planted) {
  set.seed(seed)
  counts <- simulate_kinds(planted = planted)
  fit <- without_cautions(gmvae(counts, 2, control = quiet))
  if (nlevels(droplevels(fit$cluster)) < 2L) {
    # Cells of one kind: all in one cluster. Then we cut it.
    first <- stats::prcomp(fit$latent)$x[, 1]
    fit$cluster[] <- ifelse(first > stats::median(first), "1", "2")
  }
  names <- rownames(counts)[planted]
  unlist(lapply(c(split = "split", direct = "direct"), function(p_values) {
    genes <- found_genes(fit, counts, p_values)
    c(hits = mean(names %in% genes),
      others = length(setdiff(genes, names)) / (nrow(counts) - length(names)),
      fdr = length(setdiff(genes, names)) / max(1, length(genes)))
  }))
}

summarise_sets <- function(planted) {
  sets <- lapply(seq_len(n_sets), one_set, planted)
  colMeans(do.call(rbind, lapply(sets, function(s) {
    s[c("split.hits", "split.others", "split.fdr", "direct.hits",
        "direct.others", "direct.fdr")]
  })), na.rm = TRUE)
}

# The same scheme with principal components instead of networks, which always
# find a direction to cut one kind of cells in two: harder than any real fit.
logs_of <- function(counts) {
  total <- pmax(Matrix::colSums(counts), 1)
  log1p(sweep(as.matrix(counts), 2, total, "/") * 100)
}

pca_set <- function(seed) {
  set.seed(seed)
  counts <- methods::as(simulate_kinds(), "CsparseMatrix")
  size <- Matrix::colSums(counts)
  size <- size / stats::median(size)
  fit <- list(likelihood = "nb", latent = matrix(0, ncol(counts), 1))
  whole <- stats::prcomp(t(logs_of(counts)))$x[, 1]
  cells <- factor(1 + (whole > 0), 1:2)
  spread <- gmvae:::within_spread(fit, counts, size, cells)
  parts <- gmvae:::split_counts(fit, counts, spread)
  fold <- sample(rep_len(1:4, ncol(counts)))
  found <- matrix(NA, ncol(counts), length(parts))
  for (f in 1:4) {
    others <- stats::prcomp(t(logs_of(counts[, fold != f])))
    side <- sign(stats::cor(others$x[, 1], whole[fold != f]))
    for (j in seq_along(parts)) {
      shown <- (counts - parts[[j]])[, fold == f]
      score <- stats::predict(others, t(logs_of(shown)))[, 1]
      found[fold == f, j] <- 1 + (side * score > stats::median(side * score))
    }
  }
  sums <- lapply(seq_along(parts), function(j) {
    group <- factor(found[, j], 1:2)
    gmvae:::sums_in_batches(fit, parts[[j]], size, group)[[1]]
  })
  two_sided <- function(tails) {
    pmin(2 * pmin(tails$lower, tails$upper)[, 1], 1)
  }
  p <- two_sided(gmvae:::tails_of_sums(fit, sums, length(parts) * spread))
  naive <- two_sided(gmvae:::group_tails(fit, counts, size, cells, spread))
  c(p = mean(p < 0.05), fdr = mean(p.adjust(p, "BH") < 0.05),
    naive = mean(naive < 0.05), naive_fdr = mean(p.adjust(naive, "BH") < 0.05))
}

cut <- 100 * rowMeans(vapply(seq_len(n_sets), pca_set, numeric(4)))
cat(sprintf("One kind cut in two by its first principal component: %.1f%% of ",
            cut[["p"]]))
cat(sprintf("p-values below 0.05,\n  %.1f%% of genes at FDR 5%%; ",
            cut[["fdr"]]))
cat(sprintf("naive %.1f%%, %.1f%%\n", cut[["naive"]], cut[["naive_fdr"]]))
null <- summarise_sets(integer())
cat(sprintf(
  paste0("One kind of cells cut in two, %d sets: %.1f%% of genes at FDR 5%% ",
         "by splitting\n  (bar: at most 5%%), %.1f%% by the naive test\n"),
  n_sets, 100 * null[["split.others"]], 100 * null[["direct.others"]]
))
power <- summarise_sets(1:40)
cat(sprintf(
  paste0("Two kinds, 40 of 200 genes planted: power %.2f by splitting, %.2f ",
         "naive,\n  ratio %.2f (bar: 0.8); false discovery rates %.3f, %.3f\n"),
  power[["split.hits"]], power[["direct.hits"]],
  power[["split.hits"]] / power[["direct.hits"]], power[["split.fdr"]],
  power[["direct.fdr"]]
))

if (requireNamespace("scran", quietly = TRUE) && !is.null(real_data())) {
  for (set in c("zeisel1464", "pbmc_facs")) {
    data <- read_real(set)
    set.seed(1)
    fit <- without_cautions(gmvae(data$counts, length(unique(data$label)),
                                  control = quiet))
    found <- markers(fit, data$counts, p_values = "none")
    size <- Matrix::colSums(data$counts)
    logs <- data$counts
    logs@x <- log2(logs@x / rep(size / mean(size), diff(logs@p)) + 1)
    theirs <- scran::scoreMarkers(logs[fit$features, ], fit$cluster)
    agreement <- vapply(levels(droplevels(found$cluster)), function(name) {
      ours <- found[found$cluster == name, ]
      other <- theirs[[name]][ours$gene, ]
      top <- head(order(other$median.logFC.cohen, decreasing = TRUE), 50)
      c(median = cor(ours$lfc_median, other$median.logFC.cohen,
                     method = "spearman"),
        mean = cor(ours$lfc_mean, other$mean.logFC.cohen, method = "spearman"),
        auc = cor(ours$lfc_mean, other$mean.AUC, method = "spearman"),
        min = cor(ours$lfc_min, other$min.logFC.cohen, method = "spearman"),
        top50 = mean(top %in% which(ours$rank <= 50)))
    }, numeric(5))
    cat(sprintf("%s, agreement with scran::scoreMarkers(), %d clusters: ", set,
                ncol(agreement)))
    cat(sprintf("%s %.2f", rownames(agreement), rowMeans(agreement)),
        sep = ", ")
    cat("\n  (rank correlations; top50: share of the first 50 genes)\n")
  }
}

set.seed(1)
kinds <- lapply(1:8, function(i) rgamma(2000, 0.3) * exp(rnorm(2000)))
shares <- do.call(cbind, kinds)
shares <- sweep(0.3 * shares + rowMeans(shares), 2, colSums(shares), "/")
kind <- sample(8, 10000, TRUE)
large <- do.call(cbind, lapply(split(1:10000, rep(1:10, 1000)), function(i) {
  mu <- 1000 * shares[, kind[i]]
  Matrix::Matrix(matrix(rnbinom(length(mu), size = 2, mu = mu), 2000),
                 sparse = TRUE)
}))
dimnames(large) <- list(paste0("g", 1:2000), paste0("c", 1:10000))
fit <- without_cautions(gmvae(large, 8, control = gmvae_control(
  verbose = FALSE, epochs = 10
)))
for (p_values in c("none", "split")) {
  time <- system.time(markers(fit, large, p_values = p_values))
  cat(sprintf("10,000 cells x 2,000 genes, p_values = \"%s\": %.1f s", p_values,
              time[["elapsed"]]), sprintf("(%.1f s of processor)\n",
                                          sum(time[1:2])))
}
