#' Marker genes of clusters
#'
#' `markers()` ranks the genes of a fit for each cluster: by log fold changes
#' against each other cluster, which the decoder gives, with detection rates,
#' posterior probabilities, and p-values that stay valid although the clusters
#' were found on the same counts.
#'
#' @param fit A fit of [gmvae()] with at least two clusters that have cells.
#' @param x The data of the fit, as `x` of [gmvae()]: the same cells in the same
#'   order. `NULL`: without counts there are no detection rates and no p-values.
#' @param ... Must be empty.
#' @param summary How to summarise the fold changes of a cluster against each
#'   other cluster for the ranks, as scran does: `"median"`; `"mean"`; `"min"`,
#'   for genes that distinguish a cluster from every other one; `"any"`, the
#'   largest, for genes that distinguish it from at least one.
#' @param threshold Log2 fold change, a number of at least 0, that is large
#'   enough to matter: `probability` is that of a larger one. 1 is twofold.
#' @param p_values `"split"`: by count splitting, valid for clusters that were
#'   found on these counts, see P-values. `"direct"`: as if the clusters had
#'   been known before; p-values are then far too small. `"none"`. `NULL`:
#'   `"split"` where `x` is given and the likelihood allows it, or else
#'   `"none"`.
#' @param pseudocount A positive number, added to the expected values of a
#'   median cell before their logarithm is taken, so that genes with hardly any
#'   counts have no large fold changes. `NULL`: a tenth of the mean over the
#'   genes. Not used for `"gaussian"`.
#' @param n_draws Number of latent points that are drawn from each cluster, a
#'   whole number of at least 10.
#' @param of `"genes"`, or `"proteins"` of a fit with proteins: then column
#'   `gene` names proteins, fold changes are differences in standard deviations
#'   of the protein over the cells, and there are no p-values.
#' @param proteins Of a fit with proteins, for `p_values = "split"`: those of
#'   the fit, as in [predict()][predict.gmvae]. Genes alone are divided and
#'   tested; the new networks see proteins whole.
#' @param assay,layer Where the counts are, if `x` is a SummarizedExperiment or
#'   a Seurat object, as in [gmvae()]. `NULL`: where the call of the fit says.
#'
#' @returns A data frame of class `gmvae_markers` with one row for each gene
#'   that the fit uses and each cluster with cells, sorted by cluster and rank:
#'   * `cluster` (factor), `gene`, `rank` (1: the largest fold change);
#'   * `lfc`: log2 fold change of the cluster against the other clusters, as
#'     `summary` says; `lfc_mean`, `lfc_min`, `lfc_median`, `lfc_max`: the mean,
#'     least, median and largest fold change against one of the others;
#'   * `probability`: posterior probability that the absolute log2 fold change
#'     is above `threshold`, from 0 to 1, summarised in the same way;
#'   * `expected_fdr`: expected share of false discoveries, from 0 to 1, among
#'     the genes of the cluster with a `probability` as high or higher;
#'   * `detected`, `detected_others`: shares of the cells of the cluster, and of
#'     all other cells, that have a count of the gene;
#'   * `p_value`, and `fdr`, p-values adjusted for the number of genes by
#'     Benjamini and Hochberg (1995). `NA` for a cluster that is not found
#'     again, and for a gene without counts.
#'
#'   For `"gaussian"`, fold changes are differences in standard deviations of
#'   the feature over all cells, and there are no detection rates.
#'
#' @details
#' Let \eqn{h_g(z)} be what the decoder expects of gene \eqn{g} at latent point
#' \eqn{z}, in a cell with the median total, as
#' [predict(type = "normalized")][predict.gmvae]. For clusters \eqn{A} and
#' \eqn{B}, cells \eqn{a} and \eqn{b} are drawn from them, and
#' \eqn{z_a \sim q(z | x_a)}{z_a ~ q(z | x_a)}, \eqn{z_b \sim q(z | x_b)}{z_b ~
#' q(z | x_b)} from their posterior distributions. The fold change is
#' \deqn{\beta_g = \log_2(h_g(z_a) + \epsilon) - \log_2(h_g(z_b) +
#'   \epsilon)}{beta_g = log2(h_g(z_a) + e) - log2(h_g(z_b) + e)}
#' with the pseudocount \eqn{\epsilon}{e}. With batches, each logarithm is the
#' mean over the batches of the fit, weighted by their numbers of cells, so that
#' clusters of different batches compare. The fold changes are means of
#' \eqn{\beta_g}{beta_g}, and `probability` is \eqn{p_g = P(|\beta_g| >
#' \delta)}{p_g = P(|beta_g| > d)} with the threshold \eqn{\delta}{d}, the
#' hypothesis of change of Boyeau et al. (2023). For a set of genes \eqn{S} the
#' expected share of false discoveries is the mean of \eqn{1 - p_g} over
#' \eqn{S}. Both describe cells of these clusters given the fit; they do not say
#' whether the clusters are real.
#'
#' Only genes that the fit uses are ranked, as the decoder knows no others. Fit
#' with more `features` to rank more. Draws depend on the seed of the fit alone.
#' @section P-values: Clusters are found where cells differ, also where they
#'   differ by chance: a test on the same counts would find differences in any
#'   division of one kind of cell. With `"split"`, each count is divided at
#'   random into eight parts, which are independent for negative binomial counts
#'   (Neufeld et al. 2023): given \eqn{x}, one part is beta-binomial with
#'   \eqn{x} trials and shapes \eqn{\theta_g / 8}{theta_g / 8} and \eqn{7
#'   \theta_g / 8}{7 theta_g / 8}. Seven parts of its counts assign a cell to a
#'   cluster, and the eighth is tested. Each part takes this role once, so that
#'   one test adds up all counts, each in the cluster that the others show. The
#'   networks of the fit have seen all parts and can't assign the cells: the
#'   cells are divided into two folds (four with fewer than 1,000 cells, ten
#'   with fewer than 500), and new networks for each fold are trained on the
#'   whole counts of the other folds, on at most 3,000 cells. Each of their
#'   clusters is taken for the cluster of the fit that most of its cells are in.
#'   A cluster of the fit that they do not find has no p-values.
#'
#'   The dispersion \eqn{\theta_g}{theta_g} is estimated from the variance
#'   within clusters and batches. With it the parts of a gene are
#'   uncorrelated there for any distribution of the counts, since this only
#'   needs \eqn{Var(x) = \mu + \mu^2 / \theta}{Var(x) = mu + mu^2 / theta}.
#'   Count splitting fails where this dispersion is wrong for some kinds of
#'   cells (Hivert et al. 2024 give examples), and it has no remedy for cells
#'   that depend on each other: to find differences between donors or
#'   treatments, test across samples, with [pseudobulk()].
#'
#'   The test compares the counts of a cluster with those of all other cells,
#'   given their sum in each batch: for negative binomial counts the number in
#'   the cluster is then beta-binomial (the exact test of Robinson and Smyth
#'   2008); batches are added up with their means and variances. For
#'   `"gaussian"`, normal noise divides the values, and Welch's test compares
#'   means within batches. Binary values cannot be divided: for `"bernoulli"`
#'   there is no `"split"`.
#'
#'   Divisions and new networks draw from R's generator: use [set.seed()].
#'
#'   Counts on disk (see [cell_source()]) are read block by block, and have the
#'   p-values of the same counts in memory.
#' @section Errors: `gmvae_error_input` if `fit` is not a fit of [gmvae()] with
#'   two clusters that have cells, or if `x` is not the data of the fit;
#'   `gmvae_error_option` for other arguments, also for p-values without `x` and
#'   for `p_values = "split"` with `"bernoulli"`.
#' @references
#' Benjamini and Hochberg (1995) Controlling the false discovery rate. *Journal
#' of the Royal Statistical Society B* 57, 289-300.
#' \doi{10.1111/j.2517-6161.1995.tb02031.x}
#'
#' Boyeau et al. (2023) An empirical Bayes method for differential expression
#' analysis of single cells with deep generative models. *PNAS* 120,
#' e2209124120. \doi{10.1073/pnas.2209124120}
#'
#' Hivert et al. (2024) Running in circles: is practical application feasible
#' for data fission and data thinning in post-clustering differential analysis?
#' <https://arxiv.org/abs/2405.13591>
#'
#' Neufeld et al. (2023) Negative binomial count splitting for single-cell RNA
#' sequencing data. <https://arxiv.org/abs/2307.12985>
#'
#' Robinson and Smyth (2008) Small-sample estimation of negative binomial
#' dispersion, with applications to SAGE data. *Biostatistics* 9, 321-332.
#' \doi{10.1093/biostatistics/kxm030}
#' @seealso [differential_expression()] for two groups of cells,
#'   [pseudobulk()] and [differential_abundance()] for several samples,
#'   `plot(fit, "markers")`
#' @examples
#' data(pbmc_sorted)
#' counts <- pbmc_sorted$counts[, 1:200]
#' set.seed(1)
#' fit <- gmvae(counts, k = 4, features = 300,
#'              control = gmvae_control(epochs = 30))
#' found <- markers(fit, counts, p_values = "none")
#' found
#' head(found[found$cluster == "1", ], 3)
#' @export
markers <- function(fit, x = NULL, ...,
                    summary = c("median", "mean", "min", "any"), threshold = 1,
                    p_values = NULL, pseudocount = NULL, n_draws = 400,
                    of = c("genes", "proteins"), proteins = NULL,
                    assay = NULL, layer = NULL) {
  call <- quote(markers())
  check_no_dots(..., call = call)
  check_gmvae_fit(fit, call)
  summaries <- eval(formals(markers)$summary)
  summary <- if (missing(summary)) summaries[1] else
    check_choice(summary, summaries, call = call)
  of <- if (missing(of)) "genes" else
    check_choice(of, c("genes", "proteins"), call = call)
  if (of == "proteins") check_markers_of_proteins(fit, p_values, call)
  counts <- if (!is.null(x)) counts_of_fit(fit, x, assay, layer, call)
  on.exit(discard_cells(counts))
  p_values <- if (of == "proteins") "none" else
    check_p_values(p_values, fit, counts, "split", call)
  values <- proteins_for_split(fit, proteins, counts, x, p_values, call)
  group <- droplevels(unname(fit$cluster))
  check_groups(group, call)
  core <- contrast(fit, group, threshold, pseudocount, n_draws, call, of)
  chosen <- c(mean = "mean", median = "median", min = "min", any = "max")
  change <- core$change[[chosen[[summary]]]]
  probability <- core$probability[[chosen[[summary]]]]
  p <- group_p_values(fit, counts, group, p_values, call, values = values)
  detected <- if (of == "genes") detection_rates(fit, counts, group)
  tables <- lapply(seq_len(nlevels(group)), function(k) {
    order <- order(change[, k], decreasing = TRUE)
    table <- data.frame(
      cluster = factor(levels(group)[k], levels(fit$cluster)),
      gene = rownames(change), rank = NA_integer_, lfc = change[, k],
      lfc_mean = core$change$mean[, k], lfc_min = core$change$min[, k],
      lfc_median = core$change$median[, k], lfc_max = core$change$max[, k],
      probability = probability[, k],
      expected_fdr = expected_fdr(probability[, k])
    )
    if (!is.null(detected)) {
      table$detected <- detected$own[, k]
      table$detected_others <- detected$others[, k]
    }
    if (!is.null(p)) {
      table$p_value <- p[, k]
      table$fdr <- stats::p.adjust(p[, k], "BH")
    }
    table <- table[order, ]
    table$rank <- seq_along(order)
    table
  })
  found <- do.call(rbind, tables)
  rownames(found) <- NULL
  structure(found, class = c("gmvae_markers", "data.frame"),
            of = if (of == "proteins") of)
}

#' @rdname markers
#' @param n Number of genes to show for each cluster.
#' @export
print.gmvae_markers <- function(x, ..., n = 6) {
  if (!all(c("cluster", "gene", "lfc") %in% names(x))) {
    print(structure(x, class = "data.frame"), ...)
    return(invisible(x))
  }
  groups <- split(x, droplevels(x$cluster))
  cat(cli::pluralize("Markers of {length(groups)} cluster{?s}"), "\n", sep = "")
  for (name in names(groups)) {
    top <- utils::head(groups[[name]], n)
    shown <- sprintf("%s (%s)", top$gene, decimal(top$lfc, 1))
    print_facts(stats::setNames(paste(shown, collapse = ", "), name))
  }
  columns <- paste(setdiff(names(x), c("cluster", "gene", "rank")),
                   collapse = ", ")
  change <- if (identical(attr(x, "of"), "proteins")) {
    "Differences in standard deviations"
  } else {
    "Log2 fold changes"
  }
  cat(strwrap(paste0(change, " in brackets. Columns: ", columns, "."),
              getOption("width")), sep = "\n")
  invisible(x)
}

decimal <- function(x, digits) {
  formatC(x, format = "f", digits = digits, decimal.mark = ".")
}

# Fold changes ----------------------------------------------------------------

# Matrices of genes x groups: `level`, mean log2 of what a median cell has, and
# lists `change` and `probability` of what the comparisons with the other groups
# have in common (mean, median, min, max). `group`: a factor with NA for cells
# that take no part. `of`: genes or proteins.
contrast <- function(fit, group, threshold, pseudocount, n_draws, call,
                     of = "genes") {
  threshold <- check_number(threshold, 0, call = call)
  n_draws <- check_count(n_draws, min = 10, call = call)
  pseudocount <- if (is.null(pseudocount)) {
    usual_pseudocount(fit)
  } else {
    check_number(pseudocount, 0, open = TRUE, call = call)
  }
  number <- as.integer(group)
  number[is.na(number)] <- 0L
  usual <- reference_design(fit)
  core <- with_core_errors(cpp_gmvae_contrast(
    network_state(fit), unname(fit$latent), unname(fit$latent_sd), number,
    nlevels(group), design_of(fit, usual), usual$weight, n_draws,
    pseudocount, threshold, if (of == "genes") 1L else 2L,
    fit$control$n_threads, NULL
  ), call = call)
  names <- if (of == "genes") fit$features else fit$proteins$features
  by_group <- function(values) {
    matrix(values, ncol = nlevels(group),
           dimnames = list(names, levels(group)))
  }
  rapply(core, by_group, how = "list")
}

usual_pseudocount <- function(fit) {
  traits <- likelihood_traits(fit$likelihood)
  if (traits$dense) return(1)  # not used
  if (traits$size_factors) return(0.1 * fit$size_reference /
                                    length(fit$features))
  used <- fit$feature_table[fit$feature_table$used, ]
  0.1 * mean(used$n_cells) / nrow(fit$latent)
}

# Expected share of false discoveries among the genes of at least this
# probability; genes that are equally probable are discovered together.
expected_fdr <- function(probability) {
  order <- order(probability, decreasing = TRUE)
  share <- cumsum(1 - probability[order]) / seq_along(order)
  last <- length(order) + 1L - match(probability, rev(probability[order]))
  share[last]
}

# Shares of the cells of each group, and of the cells of the other groups, with
# a count; NULL without counts or where zeros are values like others.
detection_rates <- function(fit, counts, group) {
  if (is.null(counts) || likelihood_traits(fit$likelihood)$dense) return(NULL)
  found <- group_sums(counts, group, function(v, cells) rep(1, length(v)))
  cells <- as.vector(table(group))
  others <- rowSums(found) - found
  list(own = sweep(found, 2, cells, "/"),
       others = sweep(others, 2, sum(cells) - cells, "/"))
}

# Sums of genes over the cells of each group (genes x groups): of the values, or
# of `fn(values, cells)`, see map_values(). A file is read in blocks.
group_sums <- function(counts, group, fn = NULL) {
  if (is_cell_file(counts)) {
    sums <- matrix(0, nrow(counts), nlevels(group),
                   dimnames = list(rownames(counts), levels(group)))
    for_cell_blocks(counts, function(some, block) {
      of_block <- if (!is.null(fn)) function(v, cells) fn(v, block[cells])
      sums <<- sums + group_sums(some, group[block], of_block)
    })
    return(sums)
  }
  if (!is.null(fn)) counts <- map_values(counts, fn)
  cells <- which(!is.na(group))
  members <- Matrix::sparseMatrix(
    i = cells, j = as.integer(group)[cells], x = 1,
    dims = c(length(group), nlevels(group))
  )
  sums <- as.matrix(counts %*% members)
  dimnames(sums) <- list(rownames(counts), levels(group))
  sums
}

# Checks ----------------------------------------------------------------------

# The counts of the genes used, of the cells of the fit.
counts_of_fit <- function(fit, x, assay, layer, call) {
  same_counts(fit, read_counts_of_fit(fit, x, assay, layer, call), call)
}

# Without `assay` and `layer`, counts are where the fit's call says.
read_counts_of_fit <- function(fit, x, assay, layer, call) {
  written <- function(argument) {
    value <- fit$call[[argument]]
    if (rlang::is_string(value)) value
  }
  if (is.null(assay) && is_container(x)) assay <- written("assay")
  if (is.null(layer)) layer <- written("layer")
  as_counts(x, assay, call = call,
            layer = if (is.null(layer)) "counts" else layer, on_disk = TRUE)
}

check_p_values <- function(p_values, fit, counts, usual, call) {
  splits <- fit$likelihood != "bernoulli"
  if (is.null(p_values)) {
    if (is.null(counts)) return("none")
    return(if (usual == "split" && !splits) "none" else usual)
  }
  check_choice(p_values, c("split", "direct", "none"), call = call)
  if (p_values == "split" && !splits) {
    gmvae_abort(c(
      "{.code p_values = \"split\"} needs counts or measurements that can be
       divided into two independent parts.",
      x = "The likelihood of the fit is {.val {fit$likelihood}}, and a binary
           value can't be divided.",
      i = "Use the posterior probabilities ({.code p_values = \"none\"}), or
           groups that were not found on these values and
           {.code p_values = \"direct\"}."
    ), "option", call = call)
  }
  if (p_values != "none" && is.null(counts)) {
    gmvae_abort(c(
      "{.arg x} must be given for p-values.",
      i = "The fit holds no counts: give those that it was made from."
    ), "option", call = call)
  }
  p_values
}

check_groups <- function(group, call) {
  if (nlevels(group) >= 2L) return(invisible())
  gmvae_abort(c(
    "{.arg fit} must have at least two clusters with cells.",
    x = "All its cells are in one cluster.",
    i = "Fit with a larger {.arg k}, if there are several kinds of cells."
  ), "input", call = call)
}
