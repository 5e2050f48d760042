# Which genes the networks see: by default those that a model of equal cells
# describes worst. That choice needs no labels and no clustering.

# Rows of `counts` to use (`index`, increasing) and the `table` that says why.
# Genes without a count in any cell are dropped, with a message.
select_features <- function(counts, likelihood, features, batch = NULL,
                            arg = "x", call = rlang::caller_env()) {
  totals <- if (likelihood_traits(likelihood)$dense) {
    rep(1, ncol(counts))
  } else {
    cell_totals(counts)
  }
  moments <- feature_moments(counts, totals, likelihood)
  detected <- moments$n_cells > 0
  wanted <- wanted_features(features, counts, detected, arg, call)
  table <- data.frame(
    gene = rownames(counts), mean = moments$mean,
    variance = moments$variance, n_cells = moments$n_cells
  )
  table$score <- within_batches(batch, ncol(counts), function(cells) {
    if (length(cells) == ncol(counts)) {  # no copy, and moments are there
      return(feature_score(counts, totals, likelihood, moments))
    }
    feature_score(counts[, cells, drop = FALSE], totals[cells], likelihood)
  })
  index <- if (is.null(wanted$index)) {
    top_features(table$score, detected, wanted$n)
  } else {
    wanted$index
  }
  report_undetected(index, detected, is.null(wanted$index), call)
  index <- index[detected[index]]
  if (length(index) < 2L) abort_few_features(length(index), arg, call)
  table$used <- seq_len(nrow(counts)) %in% index
  list(index = index, table = table)
}

feature_moments <- function(counts, totals, likelihood) {
  cpp_feature_moments(counts, totals / stats::median(totals),
                      log = !likelihood_traits(likelihood)$dense)
}

feature_score <- function(counts, totals, likelihood,
                          moments = feature_moments(counts, totals,
                                                    likelihood)) {
  switch(likelihood_traits(likelihood)$gene_score,
    deviance = cpp_feature_deviance(counts, totals),
    variance = moments$variance,
    variance_beyond_trend = variance_beyond_trend(
      moments$mean, moments$variance, moments$n_cells > 0
    )
  )
}

# `features` as rows of the matrix (`index`) or as how many to choose (`n`).
wanted_features <- function(features, counts, detected, arg, call) {
  if (identical(features, "all")) return(list(n = nrow(counts)))
  if (is.character(features)) {
    return(list(index = named_features(features, counts, arg, call)))
  }
  if (is.logical(features) && length(features) == nrow(counts) &&
        !anyNA(features)) {
    return(list(index = which(features)))
  }
  if (is.numeric(features) && length(features) == 1L) {
    return(list(n = check_count(features, min = 2, call = call)))
  }
  rows <- seq_len(nrow(counts))
  if (is.numeric(features) && length(features) > 1L &&
        all(features %in% rows)) {
    return(list(index = sort(unique(as.integer(features)))))
  }
  gmvae_abort(c(
    "{.arg features} must be {.val all}, a number of genes to choose, or the
     genes: names, row numbers (1 to {nrow(counts)}) or a logical vector with
     one entry per row.",
    x = "You supplied {describe(features)}."
  ), "option", call = call)
}

named_features <- function(features, counts, arg, call) {
  index <- match(unique(features), rownames(counts))
  if (!anyNA(index)) return(sort(index))
  check_orientation(features, counts, arg, call)
  unknown <- unique(features)[is.na(index)]
  gmvae_abort(c(
    "{.arg features} must be names of genes (rows) of {.arg {arg}}.",
    x = "{length(unknown)} of {length(index)} names
         {cli::qty(length(unknown))}{?is/are} not in it: {first_few(unknown)}."
  ), "option", call = call)
}

top_features <- function(score, detected, n) {
  candidates <- which(detected)
  ranked <- candidates[order(score[candidates], decreasing = TRUE)]
  sort(utils::head(ranked, n))
}

report_undetected <- function(index, detected, chosen, call) {
  # A choice by score never takes such a gene, but the user may wonder where
  # rows of the matrix went.
  dropped <- if (chosen) sum(!detected) else sum(!detected[index])
  if (dropped > 0L) {
    cli::cli_inform(
      "Dropped {dropped} gene{?s} that {?is/are} zero in all cells.",
      class = "gmvae_message"
    )
  }
}

abort_few_features <- function(n, arg, call) {
  gmvae_abort(c(
    "{.arg {arg}} must have at least 2 genes with counts.",
    x = "It has {n} among the genes asked for.",
    i = "Check the rows of {.arg {arg}}, and {.arg features}."
  ), "data", call = call)
}

# The mean-variance trend -----------------------------------------------------

# Variance of each gene's log-values beyond what genes of its mean have: the
# decomposition of Lun et al. (2016) <doi:10.12688/f1000research.9501.2>. The
# trend is a local quadratic regression of log variance on mean; with few
# genes, or where it breaks down (many tied means), there is none and the
# variance itself is the score.
variance_beyond_trend <- function(mean, variance, fit_to, min_genes = 50L) {
  usable <- fit_to & variance > 0
  x <- mean[usable]
  y <- log(variance[usable])
  if (length(unique(x)) < min_genes) return(variance)
  trend <- tryCatch(
    suppressWarnings(stats::fitted(stats::loess(y ~ x, span = 0.3,
                                                degree = 2))),
    error = function(e) NULL
  )
  if (is.null(trend) || !all(is.finite(trend))) return(variance)
  expected <- rep(0, length(mean))
  expected[usable] <- exp(trend)
  variance - expected
}
