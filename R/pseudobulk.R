#' Counts of each cluster in each sample
#'
#' `pseudobulk()` adds up the counts of the cells of a cluster in a sample (a
#' donor, an animal), as an input for edgeR, limma or DESeq2. Conditions differ
#' between samples, not between cells, so that tests of conditions must compare
#' samples (Squair et al. 2021).
#'
#' @param fit A fit of [gmvae()] of counts, with n cells.
#' @param x The data of the fit: the same cells in the same order. All of its
#'   genes are added up, also those that the fit does not use.
#' @param sample One label per cell (n), not missing, or the name of a column of
#'   the cell data of a SummarizedExperiment or Seurat object.
#' @param ... Must be empty.
#' @param data A data frame with one row per cell (n) of what to keep of the
#'   samples, such as condition, sex or age. `NULL`: the cell data of `x`, if it
#'   is such an object. Columns that are constant within each sample are kept.
#' @param min_cells Sums of fewer cells are left out, with a message; a whole
#'   number of at least 1.
#' @param assay,layer As in [markers()].
#' @returns A SummarizedExperiment with the assay `counts` (genes x sums), a
#'   column for each cluster and sample with enough cells, named
#'   `"<cluster>.<sample>"`. `colData()` has `cluster`, `sample` (factors),
#'   `n_cells`, and the columns of `data` that are constant within samples.
#'   `edgeR::SE2DGEList()` and `DESeq2::DESeqDataSet()` take it as it is, and
#'   its columns are chosen together with their data.
#' @section Errors: `gmvae_error_package` if SummarizedExperiment is not
#'   installed; `gmvae_error_input` if `x` is not the data of the fit, or if the
#'   likelihood is not one of counts; `gmvae_error_option` for the other
#'   arguments.
#' @references
#' Squair et al. (2021) Confronting false discoveries in single-cell
#' differential expression. *Nature Communications* 12, 5692.
#' \doi{10.1038/s41467-021-25960-2}
#' @seealso [differential_abundance()], [markers()]
#' @examplesIf requireNamespace("SummarizedExperiment", quietly = TRUE)
#' data(pbmc_sorted)
#' counts <- pbmc_sorted$counts[, 1:200]
#' set.seed(1)
#' fit <- gmvae(counts, k = 2, features = 300,
#'              control = gmvae_control(epochs = 30))
#' donor <- rep(c("d1", "d2", "d3", "d4"), 50)
#' sums <- pseudobulk(fit, counts, donor,
#'                    data = data.frame(treated = donor %in% c("d1", "d2")))
#' sums
#' # In one cluster:
#' one <- sums[, sums$cluster == "1"]
#' if (requireNamespace("edgeR", quietly = TRUE)) {
#'   y <- edgeR::SE2DGEList(one)
#'   design <- model.matrix(~ treated, y$samples)
#'   y <- y[edgeR::filterByExpr(y, design), ]
#'   y <- edgeR::estimateDisp(edgeR::calcNormFactors(y), design)
#'   test <- edgeR::glmQLFTest(edgeR::glmQLFit(y, design))
#'   edgeR::topTags(test, 3)
#' }
#' @export
pseudobulk <- function(fit, x, sample, ..., data = NULL, min_cells = 10,
                       assay = NULL, layer = NULL) {
  call <- quote(pseudobulk())
  check_no_dots(..., call = call)
  check_gmvae_fit(fit, call)
  require_package("SummarizedExperiment", "return pseudobulk counts", call)
  if (!likelihood_traits(fit$likelihood)$whole) {
    gmvae_abort(c(
      "{.arg fit} must be a fit of counts, as sums of other values are no
       counts.",
      x = "Its likelihood is {.val {fit$likelihood}}."
    ), "input", call = call)
  }
  min_cells <- check_count(min_cells, call = call)
  counts <- all_counts_of_fit(fit, x, assay, layer, call)
  on.exit(discard_cells(counts))
  cells <- colnames(counts)
  sample <- check_sample_labels(sample, length(cells), x, cells, call)
  if (is.null(data)) data <- cell_data(x, cells)
  kept <- sample_columns(data, sample, call)
  cluster <- unname(fit$cluster)
  sums <- expand.grid(cluster = levels(cluster), sample = levels(sample),
                      stringsAsFactors = TRUE)
  number <- as.integer(cluster) + nlevels(cluster) * (as.integer(sample) - 1L)
  sums$n_cells <- tabulate(number, nrow(sums))
  enough <- sums$n_cells >= min_cells
  report_small_sums(sums, enough, min_cells, call)
  summed <- group_sums(counts, factor(number, which(enough)))
  sums <- cbind(sums, kept[as.integer(sums$sample), , drop = FALSE])
  sums <- sums[enough, , drop = FALSE]
  colnames(summed) <- paste(sums$cluster, sums$sample, sep = ".")
  rownames(sums) <- colnames(summed)
  SummarizedExperiment::SummarizedExperiment(list(counts = summed),
                                             colData = sums)
}

# Counts of all genes, of the cells of the fit.
all_counts_of_fit <- function(fit, x, assay, layer, call) {
  counts <- read_counts_of_fit(fit, x, assay, layer, call)
  discard_others(same_counts(fit, counts, call), counts)
  checked_values(counts, fit$likelihood, call = call)
}

# A factor of the samples that have cells.
check_sample_labels <- function(sample, n, x, cells, call, arg = "sample") {
  if (rlang::is_string(sample) && sample %in% cell_columns(x)) {
    sample <- cell_data(x, cells)[[sample]]
  }
  if (!is.atomic(sample) || is.null(sample) || length(sample) != n) {
    columns <- cell_columns(x)
    gmvae_abort(c(
      "{.arg {arg}} must have one label per cell, {n} here.",
      x = "You supplied {describe(sample)}.",
      i = if (length(columns) > 0L) "It may also name a column of the cell data:
        {.val {columns}}."
    ), "option", call = call)
  }
  sample <- match_by_name(sample, cells, arg = arg, call = call)
  sample <- without_missing_level(sample)
  if (anyNA(sample)) {
    gmvae_abort(c(
      "{.arg {arg}} must not have missing labels.",
      x = "{sum(is.na(sample))} of {n} labels are missing."
    ), "option", call = call)
  }
  factor(unname(sample))
}

# Columns of `data` that are constant within each sample, a row for each sample.
sample_columns <- function(data, sample, call) {
  first <- match(levels(sample), sample)
  if (is.null(data)) return(data.frame(row.names = levels(sample)))
  framed <- is.data.frame(data) || methods::is(data, "DataFrame")
  if (!framed || nrow(data) != length(sample)) {
    gmvae_abort(c(
      "{.arg data} must be a data frame with one row per cell,
       {length(sample)} here.",
      x = "You supplied {describe(data)}."
    ), "option", call = call)
  }
  data <- as.data.frame(data, optional = TRUE)
  constant <- vapply(data, function(column) {
    is.atomic(column) &&
      identical(as.vector(column), as.vector(column)[first][sample])
  }, NA)
  own <- names(data) %in% c("cluster", "sample", "n_cells")
  data.frame(data[first, constant & !own, drop = FALSE],
             row.names = levels(sample), check.names = FALSE)
}

report_small_sums <- function(sums, enough, min_cells, call) {
  if (!any(enough)) {
    gmvae_abort(c(
      "{.arg min_cells} must be at most the cells of the largest sum.",
      x = "The largest number of cells of a cluster in a sample is
           {max(sums$n_cells)}; {.arg min_cells} is {min_cells}."
    ), "option", call = call)
  }
  small <- sum(!enough & sums$n_cells > 0L)
  if (small == 0L) return(invisible())
  cli::cli_inform(
    "Left out {small} of {nrow(sums)} sums, which have fewer than {min_cells}
     cells.",
    class = "gmvae_message"
  )
}
