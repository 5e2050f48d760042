#' Cluster the cells of a Bioconductor or Seurat object
#'
#' `runGMVAE()` runs [gmvae()] on the counts of a SingleCellExperiment, a
#' SummarizedExperiment or a Seurat object and stores in the object what
#' workflows use: the latent means, the clusters, and the fit. `gmvae_fit()`
#' returns the stored fit, for [predict()][predict.gmvae],
#' [plot()][plot.gmvae], [summary()][summary.gmvae] and
#' [update()][update.gmvae].
#'
#' A second run with the same `name` replaces the results of the first; a run
#' with another `name` adds its results beside them. The stored fit does not
#' change when you remove or reorder cells of `x`.
#'
#' @param x A SingleCellExperiment, a SummarizedExperiment or a Seurat object
#'   with raw counts.
#' @param k Number of clusters, or several numbers, among which [gmvae()]
#'   chooses; `NULL`: it chooses.
#' @param ... Further arguments of [gmvae()], such as `likelihood`, `features`,
#'   `batch`, `covariates` and `labels` (also names of columns of `colData(x)`
#'   or of Seurat's meta data) or `control`.
#' @param assay Name of the assay that holds the counts. `NULL`: `"counts"`, or
#'   the default assay of a Seurat object.
#' @param layer Name of the layer of a Seurat object's assay that holds the
#'   counts, see [gmvae()].
#' @param name Name of the results, one string of at most 1,000 bytes.
#' @param set_labels Whether the clusters also become the labels that other
#'   functions use by default: `colLabels()` of a SingleCellExperiment (as scran
#'   reads them), `Idents()` of a Seurat object. A SummarizedExperiment has no
#'   such labels.
#' @returns `runGMVAE()`: `x` with the results for its n cells, and otherwise
#'   unchanged. `<name>` stands for the value of `name`. The columns are
#'   * `<name>_cluster`: factor (n) with levels 1 to k;
#'   * `<name>_confidence`: confidence in that cluster (n), from 0 to 1, see
#'     [predict.gmvae()];
#'   * `<name>_batch`: factor (n) of the two batches, only where the fit
#'     detected them, see [gmvae()].
#'
#'   In a SingleCellExperiment the latent means (n x latent dimensions) are in
#'   `reducedDim(x, "<name>")`, the columns in `colData(x)`, and the fit, a
#'   `gmvae` object, in `metadata(x)$<name>`. A SummarizedExperiment has no
#'   place for the latent means, which are in the fit. In a Seurat object the
#'   latent means are the reduction `x[["<name>"]]`, the columns are in the meta
#'   data `x[[]]`, and the fit is `Misc(x, "<name>")`.
#'
#'   `gmvae_fit()`: the fit.
#' @section Errors and warnings: Those of [gmvae()], and `gmvae_error_input` if
#'   `x` is none of these objects; `gmvae_error_option` if `name` is not a
#'   string, if `x` already has something other than a fit under `name` (for
#'   `runGMVAE()`, which does not replace it), if `set_labels` is `TRUE` for a
#'   SummarizedExperiment, or if there is no fit of that name (for
#'   `gmvae_fit()`).
#' @examplesIf requireNamespace("SingleCellExperiment", quietly = TRUE)
#' data(pbmc_sorted)
#' sce <- SingleCellExperiment::SingleCellExperiment(
#'   list(counts = pbmc_sorted$counts[, 1:200])
#' )
#' set.seed(1)
#' sce <- runGMVAE(sce, k = 5, features = 500)
#' sce
#' table(sce$GMVAE_cluster)
#' gmvae_fit(sce)
#' @export
runGMVAE <- function(x, k = NULL, ..., name = "GMVAE", set_labels = FALSE) {
  check_data_given(x, missing(x), quote(runGMVAE()))
  UseMethod("runGMVAE")
}

#' @export
runGMVAE.default <- function(x, k = NULL, ...) {
  abort_not_container(x, not_container_hint, quote(runGMVAE()))
}

#' @rdname runGMVAE
#' @export
runGMVAE.SummarizedExperiment <- function(x, k = NULL, ..., assay = NULL,
                                          name = "GMVAE", set_labels = FALSE) {
  call <- quote(runGMVAE())
  check_results(x, name, set_labels, call)
  fit <- gmvae(x, k, ..., assay = assay)
  fit$call <- as_gmvae_call(match.call())
  columns <- result_columns(fit, name)
  cells <- SummarizedExperiment::colData(x)
  replaced <- if (!is.null(S4Vectors::metadata(x)[[name]])) result_names(name)
  cells[setdiff(replaced, names(columns))] <- NULL
  cells[names(columns)] <- columns
  SummarizedExperiment::colData(x) <- cells
  if (inherits(x, "SingleCellExperiment")) {
    latent <- fit$latent
    rownames(latent) <- colnames(x)
    SingleCellExperiment::reducedDim(x, name) <- latent
    if (set_labels) SingleCellExperiment::colLabels(x) <- unname(fit$cluster)
  }
  S4Vectors::metadata(x)[[name]] <- fit
  x
}

#' @rdname runGMVAE
#' @export
runGMVAE.Seurat <- function(x, k = NULL, ..., assay = NULL, layer = "counts",
                            name = "GMVAE", set_labels = FALSE) {
  call <- quote(runGMVAE())
  check_results(x, name, set_labels, call)
  fit <- gmvae(x, k, ..., assay = assay, layer = layer)
  fit$call <- as_gmvae_call(match.call())
  key <- paste0(gsub("[^[:alnum:]]", "", name), "_")
  latent <- fit$latent
  colnames(latent) <- paste0(key, seq_len(ncol(latent)))
  x[[name]] <- SeuratObject::CreateDimReducObject(
    latent, key = key, assay = seurat_assay(x, assay, "x", call)
  )
  columns <- result_columns(fit, name)
  replaced <- setdiff(intersect(result_names(name), cell_columns(x)),
                      names(columns))
  for (column in replaced) x[[column]] <- NULL
  x <- SeuratObject::AddMetaData(
    x, data.frame(columns, row.names = rownames(fit$latent),
                  check.names = FALSE)
  )
  if (set_labels) {
    SeuratObject::Idents(x, cells = rownames(fit$latent)) <- fit$cluster
  }
  methods::slot(x, "misc")[[name]] <- fit
  x
}

#' @rdname runGMVAE
#' @export
gmvae_fit <- function(x, name = "GMVAE") {
  call <- quote(gmvae_fit())
  if (!is_container(x)) {
    abort_not_container(x, "Give the object that {.fn runGMVAE} returned.",
                        call)
  }
  check_result_name(name, call)
  stored <- container_metadata(x)
  fits <- names(stored)[vapply(stored, inherits, NA, "gmvae")]
  if (name %in% fits) return(stored[[name]])
  gmvae_abort(c(
    "{.arg name} must be the name of a fit in {.arg x}.",
    x = "There is no fit named {.val {name}}.",
    i = if (length(fits) > 0L) "{.arg x} has {cli::qty(fits)}{?a fit/fits}
      named {.val {fits}}." else "Make a fit with {.fn runGMVAE}."
  ), "option", call = call)
}

# The columns of cell data that a run writes: a list of vectors.
result_columns <- function(fit, name) {
  columns <- list(unname(fit$cluster), confidence(fit, fit$posterior))
  if (identical(fit$batch_source, "found")) {
    columns <- c(columns, list(unname(fit$batch)))
  }
  stats::setNames(columns, result_names(name)[seq_along(columns)])
}

result_names <- function(name) {
  paste0(name, "_", c("cluster", "confidence", "batch"))
}

is_container <- function(x) {
  is_s4(x, "SummarizedExperiment") || is_s4(x, "Seurat")
}

# What a container keeps that is not about single cells or genes.
container_metadata <- function(x) {
  if (is_s4(x, "Seurat")) methods::slot(x, "misc")
  else S4Vectors::metadata(x)
}

# The call of gmvae() that gives the same fit, for update().
as_gmvae_call <- function(call) {
  call[c("name", "set_labels")] <- NULL
  call_by_name(call, "gmvae")
}

not_container_hint <- "Use {.fn gmvae} for matrices."

abort_not_container <- function(x, hint, call) {
  gmvae_abort(c(
    "{.arg x} must be a SingleCellExperiment, a SummarizedExperiment or a
     Seurat object.",
    x = "You supplied {describe(x)}.",
    i = hint
  ), "input", call = call)
}

# Everything about the results, before the fit takes its time.
check_results <- function(x, name, set_labels, call) {
  if (!is_container(x)) abort_not_container(x, not_container_hint, call)
  needed <- if (is_s4(x, "Seurat")) "SeuratObject" else
    "SummarizedExperiment"
  require_package(needed, "read {.arg x}", call, arg = "x")
  check_result_name(name, call)
  check_flag(set_labels, call = call)
  if (set_labels && !inherits(x, c("SingleCellExperiment", "Seurat"))) {
    gmvae_abort(c(
      "{.arg set_labels} can be {.code TRUE} only for a SingleCellExperiment or
       a Seurat object.",
      x = "You supplied {describe(x)}, which has no labels of its own.",
      i = "Convert it: {.code as(x, \"SingleCellExperiment\")}."
    ), "option", call = call)
  }
  stored <- container_metadata(x)[[name]]
  taken <- !is.null(stored) && !inherits(stored, "gmvae")
  reductions <- if (is_s4(x, "Seurat")) names(x)
  taken <- taken || (is.null(stored) && name %in% reductions)
  if (!taken) return(invisible())
  gmvae_abort(c(
    "{.arg name} must not be the name of something else in {.arg x}.",
    x = if (is.null(stored)) "{.arg x} already has an assay, a graph or a
      reduction named {.val {name}}." else "The metadata of {.arg x} has
      {describe(stored)} under {.val {name}}.",
    i = "Choose another {.arg name}."
  ), "option", call = call)
}

check_result_name <- function(name, call) {
  # R has a limit for the names of columns, which begin with this one.
  if (rlang::is_string(name) && nzchar(name) && nchar(name, "bytes") <= 1000) {
    return(invisible())
  }
  gmvae_abort(c(
    "{.arg name} must be one string that is not empty, of at most 1,000 bytes.",
    x = "You supplied {describe(name)}."
  ), "option", call = call)
}
