#' Differential expression between two groups of cells
#'
#' Compares two sets of cells of a fit gene by gene: clusters, or cells that you
#' choose, such as those of two conditions within a cluster. Fold changes and
#' probabilities are from the decoder, within the same batches; p-values are
#' from the counts.
#'
#' @param fit A fit of [gmvae()] with n cells.
#' @param x The data of the fit, as in [markers()]. `NULL`: no detection rates
#'   and no p-values.
#' @param group1,group2 Names of clusters; or names of cells; or a logical
#'   vector with one entry per cell (n). The groups must not share cells.
#'   `group2 = NULL`: all cells that are not in `group1`.
#' @param ... Must be empty.
#' @param threshold,pseudocount,n_draws,proteins,assay,layer As in [markers()].
#' @param p_values `"split"`: for groups that are clusters, as in [markers()].
#'   `"direct"`: the exact test on all counts, valid if the groups were not
#'   found on them. `"none"`. `NULL`: `"split"` if both groups are named as
#'   clusters, otherwise `"direct"`; `"none"` without `x`.
#' @returns A data frame with one row for each gene that the fit uses, sorted by
#'   the absolute `lfc`, the largest first:
#'   * `gene`; `level1`, `level2`: mean log2 of the expected value of a median
#'     cell in the group, with the pseudocount added; `lfc`: `level1 - level2`;
#'   * `probability` that the absolute log2 fold change is above `threshold`,
#'     and `expected_fdr`, as in [markers()];
#'   * `detected1`, `detected2`: shares of the cells of each group that have a
#'     count of the gene;
#'   * `p_value` and `fdr`, as in [markers()].
#' @details
#' Equations, test and references are in [markers()]. With batches, levels are
#' averaged over the batches of the fit, and the test compares the groups within
#' each batch that has cells of both.
#'
#' Cells of one donor are alike. For differences between conditions that hold
#' for other donors, sum up the counts of each sample with [pseudobulk()] and
#' test across samples; the p-values here take every cell for an independent
#' sample of its condition.
#' @section Errors: Those of [markers()]; `gmvae_error_option` if a group has no
#'   cells, if the groups share cells, or for `p_values = "split"` with groups
#'   that are not named as clusters.
#' @seealso [markers()], [pseudobulk()]
#' @examples
#' data(pbmc_sorted)
#' counts <- pbmc_sorted$counts[, 1:200]
#' set.seed(1)
#' fit <- gmvae(counts, k = 4, features = 300,
#'              control = gmvae_control(epochs = 30))
#' between <- differential_expression(fit, counts, "1", "2", p_values = "none")
#' head(between, 3)
#' # Cells of two conditions within a cluster
#' treated <- rep(c(TRUE, FALSE), 100)
#' within <- differential_expression(fit, counts,
#'                                   fit$cluster == "1" & treated,
#'                                   fit$cluster == "1" & !treated)
#' head(within, 3)
#' @export
differential_expression <- function(fit, x = NULL, group1, group2 = NULL, ...,
                                    threshold = 1, p_values = NULL,
                                    pseudocount = NULL, n_draws = 2000,
                                    proteins = NULL, assay = NULL,
                                    layer = NULL) {
  call <- quote(differential_expression())
  check_no_dots(..., call = call)
  check_gmvae_fit(fit, call)
  counts <- if (!is.null(x)) counts_of_fit(fit, x, assay, layer, call)
  on.exit(discard_cells(counts))
  groups <- two_groups(fit, group1, group2, call)
  usual <- if (groups$clusters) "split" else "direct"
  p_values <- check_p_values(p_values, fit, counts, usual, call)
  if (p_values == "split" && !groups$clusters) {
    gmvae_abort(c(
      "{.arg group1} and {.arg group2} must name clusters for
       {.code p_values = \"split\"}.",
      i = "Other groups, if they were not found on these counts, need no
           splitting: use {.code p_values = \"direct\"}."
    ), "option", call = call)
  }
  values <- proteins_for_split(fit, proteins, counts, x, p_values, call)
  group <- groups$group
  core <- contrast(fit, group, threshold, pseudocount, n_draws, call)
  probability <- core$probability$mean[, 1]
  found <- data.frame(
    gene = fit$features, level1 = core$level[, 1], level2 = core$level[, 2],
    lfc = core$change$mean[, 1], probability = probability,
    expected_fdr = expected_fdr(probability)
  )
  detected <- detection_rates(fit, counts, group)$own
  if (!is.null(detected)) {
    found$detected1 <- detected[, 1]
    found$detected2 <- detected[, 2]
  }
  p <- group_p_values(fit, counts, group, p_values, call, groups$group_of,
                      values)
  if (!is.null(p)) {
    found$p_value <- p[, 1]
    found$fdr <- stats::p.adjust(p[, 1], "BH")
  }
  found <- found[order(abs(found$lfc), decreasing = TRUE), ]
  rownames(found) <- NULL
  found
}

# `group`: a factor with levels 1 and 2, NA for other cells. `clusters`: are
# both groups clusters? Then `group_of` has the group of each cluster.
two_groups <- function(fit, group1, group2, call) {
  one <- cells_of_group(fit, group1, "group1", call)
  other <- if (!is.null(group2)) {
    cells_of_group(fit, group2, "group2", call)
  } else {
    list(cells = !one$cells, clusters = if (!is.null(one$clusters)) {
      setdiff(levels(fit$cluster), one$clusters)
    })
  }
  shared <- sum(one$cells & other$cells)
  if (shared > 0L) {
    gmvae_abort(c(
      "{.arg group1} and {.arg group2} must not share cells.",
      x = "{shared} cell{?s} {?is/are} in both."
    ), "option", call = call)
  }
  if (!any(other$cells)) {
    gmvae_abort(c(
      "{.arg group2} must have cells.",
      x = "All cells are in {.arg group1}."
    ), "option", call = call)
  }
  group <- factor(ifelse(one$cells, 1L, ifelse(other$cells, 2L, NA)), 1:2)
  clusters <- levels(fit$cluster)
  list(
    group = group,
    clusters = !is.null(one$clusters) && !is.null(other$clusters),
    group_of = factor(ifelse(clusters %in% one$clusters, 1L,
                             ifelse(clusters %in% other$clusters, 2L, NA)), 1:2)
  )
}

# Which cells a group has, and which clusters they are if clusters were named.
cells_of_group <- function(fit, group, arg, call) {
  n <- nrow(fit$latent)
  clusters <- NULL
  cells <- NULL
  if (is.logical(group) && length(group) == n && !anyNA(group)) {
    cells <- unname(group)
  } else if ((is.character(group) || is.numeric(group) || is.factor(group)) &&
               length(group) > 0L) {
    names <- as.character(group)
    if (all(names %in% levels(fit$cluster))) {
      clusters <- unique(names)
      cells <- unname(fit$cluster) %in% clusters
    } else if (all(names %in% rownames(fit$latent))) {
      cells <- rownames(fit$latent) %in% names
    }
  }
  if (any(cells)) return(list(cells = cells, clusters = clusters))
  gmvae_abort(c(
    "{.arg {arg}} must be names of clusters or of cells, or a logical vector
     with one entry per cell ({n} here), and have at least one cell.",
    x = if (is.null(cells)) "You supplied {describe(group)}." else
      "It has no cells.",
    i = "The clusters are {first_few(levels(fit$cluster))}."
  ), "option", call = call)
}
