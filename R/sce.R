#' Cluster the cells of a SingleCellExperiment
#'
#' `runGMVAE()` runs [gmvae()] on an assay and stores in the object what
#' workflows use: the latent means, the clusters, and the fit. `gmvae_fit()`
#' returns the stored fit, for [predict()][predict.gmvae],
#' [plot()][plot.gmvae], [summary()][summary.gmvae] and
#' [update()][update.gmvae].
#'
#' A second run with the same `name` replaces the results of the first; a run
#' with another `name` adds its results beside them. The stored fit does not
#' change when you remove or reorder cells of `sce`.
#'
#' @param sce A SingleCellExperiment with raw counts.
#' @param k Number of clusters, or several numbers, among which [gmvae()]
#'   chooses; `NULL`: it chooses, mostly among 2 to 20.
#' @param ... Further arguments of [gmvae()], such as `likelihood`, `features`,
#'   `batch` (also the name of a column of `colData(sce)`) or `control`.
#' @param assay Name of the assay that holds the counts.
#' @param name Name of the results, one string.
#' @returns `runGMVAE()`: `sce` with these additions for its n cells, and
#'   otherwise unchanged; `<name>` stands for the value of `name`:
#'   * `reducedDim(sce, "<name>")`: matrix (n x latent dimensions) of the
#'     latent means;
#'   * `colData(sce)$<name>_cluster`: factor (n) with levels 1 to k;
#'   * `colData(sce)$<name>_confidence`: posterior probability of that cluster
#'     (n), from 0 to 1;
#'   * `colData(sce)$<name>_batch`: factor (n) of the two batches, only where
#'     the fit detected them, see [gmvae()];
#'   * `metadata(sce)$<name>`: the fit, a `gmvae` object.
#'
#'   `gmvae_fit()`: the fit.
#' @section Errors and warnings: Those of [gmvae()], and `gmvae_error_input` if
#'   `sce` is not a SingleCellExperiment; `gmvae_error_option` if `name` is not
#'   a string, if `metadata(sce)$<name>` is something other than a fit (for
#'   `runGMVAE()`, which does not replace it), or if there is no fit of that
#'   name (for `gmvae_fit()`).
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
runGMVAE <- function(sce, k = NULL, ..., assay = "counts", name = "GMVAE") {
  call <- quote(runGMVAE())
  check_sce(sce, "Use {.fn gmvae} for matrices.", call)
  check_result_name(name, call)
  stored <- S4Vectors::metadata(sce)[[name]]
  if (!is.null(stored) && !inherits(stored, "gmvae")) {
    gmvae_abort(c(
      "{.arg name} must not be the name of other metadata.",
      x = "{.code metadata(sce)} has {describe(stored)} under {.val {name}}.",
      i = "Choose another {.arg name}."
    ), "option", call = call)
  }
  fit <- gmvae(sce, k, ..., assay = assay)
  fit$call <- as_gmvae_call(match.call())
  store_fit(sce, fit, name)
}

#' @rdname runGMVAE
#' @export
gmvae_fit <- function(sce, name = "GMVAE") {
  call <- quote(gmvae_fit())
  check_sce(sce, "Give the object that {.fn runGMVAE} returned.", call)
  check_result_name(name, call)
  stored <- S4Vectors::metadata(sce)
  fits <- names(stored)[vapply(stored, inherits, NA, "gmvae")]
  if (name %in% fits) return(stored[[name]])
  gmvae_abort(c(
    "{.arg name} must be the name of a fit in {.arg sce}.",
    x = "There is no fit named {.val {name}}.",
    i = if (length(fits) > 0L) "{.arg sce} has {cli::qty(fits)}{?a fit/fits}
      named {.val {fits}}." else "Make a fit with {.fn runGMVAE}."
  ), "option", call = call)
}

store_fit <- function(sce, fit, name) {
  latent <- fit$latent
  rownames(latent) <- colnames(sce)
  SingleCellExperiment::reducedDim(sce, name) <- latent
  cells <- SummarizedExperiment::colData(sce)
  column <- function(what) paste0(name, "_", what)
  cells[[column("cluster")]] <- unname(fit$cluster)
  cells[[column("confidence")]] <- confidence(fit$posterior)
  found <- function(fit) identical(fit$batch_source, "found")
  if (found(fit)) {
    cells[[column("batch")]] <- unname(fit$batch)
  } else if (found(S4Vectors::metadata(sce)[[name]])) {
    cells[[column("batch")]] <- NULL  # of the run that this one replaces
  }
  SummarizedExperiment::colData(sce) <- cells
  S4Vectors::metadata(sce)[[name]] <- fit
  sce
}

# The call of gmvae() that gives the same fit, for update().
as_gmvae_call <- function(call) {
  names(call)[names(call) == "sce"] <- "x"
  call$name <- NULL
  call_by_name(call, "gmvae")
}

check_sce <- function(sce, hint, call) {
  require_package("SingleCellExperiment", "use this function", call)
  if (inherits(sce, "SingleCellExperiment")) return(invisible())
  gmvae_abort(c(
    "{.arg sce} must be a SingleCellExperiment.",
    x = "You supplied {describe(sce)}.",
    i = hint
  ), "input", call = call)
}

check_result_name <- function(name, call) {
  if (rlang::is_string(name) && nzchar(name)) return(invisible())
  gmvae_abort(c(
    "{.arg name} must be one string that is not empty.",
    x = "You supplied {describe(name)}."
  ), "option", call = call)
}
