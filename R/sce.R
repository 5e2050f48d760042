#' Cluster the cells of a SingleCellExperiment
#'
#' Runs [gmvae()] on an assay and stores what workflows use. The fit itself is
#' not kept: call [gmvae()] on the object for [predict()] and [plot()].
#'
#' @param sce A SingleCellExperiment.
#' @param k Number of clusters, or several to choose among; `NULL`: chosen, see
#'   [gmvae()].
#' @param ... Further arguments of [gmvae()], such as `likelihood`, `features`,
#'   `batch` (the name of a column of `colData(sce)`) or `control`.
#' @param assay Name of the assay with the counts.
#' @param name Name of the reduced dimensions to write.
#' @returns `sce` with, and otherwise unchanged,
#'   * `reducedDim(sce, name)`: cells x latent dimensions, the latent means;
#'   * `colData(sce)$gmvae_cluster`: factor with levels 1 to k;
#'   * `colData(sce)$gmvae_confidence`: posterior probability of that cluster;
#'   * `colData(sce)$gmvae_batch`: factor of two batches, where they were found
#'     rather than given, see [gmvae()].
#' @section Errors: As [gmvae()]; `gmvae_error_input` if `sce` is not a
#'   SingleCellExperiment.
#' @examplesIf requireNamespace("SingleCellExperiment", quietly = TRUE)
#' data(pbmc_sorted)
#' sce <- SingleCellExperiment::SingleCellExperiment(
#'   list(counts = pbmc_sorted$counts[, 1:200])
#' )
#' sce <- runGMVAE(sce, k = 5, features = 500)
#' sce
#' @export
runGMVAE <- function(sce, k = NULL, ..., assay = "counts", name = "GMVAE") {
  call <- quote(runGMVAE())
  require_package("SingleCellExperiment", "use this function", call)
  if (!inherits(sce, "SingleCellExperiment")) {
    gmvae_abort(c(
      "{.arg sce} must be a SingleCellExperiment.",
      x = "You supplied {describe(sce)}.",
      i = "Use {.fn gmvae} for matrices."
    ), "input", call = call)
  }
  if (!rlang::is_string(name) || !nzchar(name)) {
    gmvae_abort(c(
      "{.arg name} must be a name for the reduced dimensions.",
      x = "You supplied {describe(name)}."
    ), "option", call = call)
  }
  fit <- gmvae(sce, k, ..., assay = assay)
  latent <- fit$latent
  rownames(latent) <- colnames(sce)
  SingleCellExperiment::reducedDim(sce, name) <- latent
  cells <- SummarizedExperiment::colData(sce)
  cells$gmvae_cluster <- unname(fit$cluster)
  cells$gmvae_confidence <- confidence(fit$posterior)
  if (identical(fit$batch_source, "found")) {
    cells$gmvae_batch <- unname(fit$batch)
  }
  SummarizedExperiment::colData(sce) <- cells
  sce
}
