#' Gaussian mixtures and Gaussian mixture variational autoencoders
#'
#' [gmvae()] clusters cells by their counts (genes x cells), and [runGMVAE()]
#' does so for a SingleCellExperiment. [gmm_fit()] fits Gaussian mixtures to the
#' rows of numeric data. Start with `vignette("gmvae")` or
#' `vignette("mixtures")`.
#'
#' @section Same results:
#' After the same `set.seed()`, all results are the same, bit for bit,
#'   * for any number of threads and any BiocParallel backend,
#'   * for counts in a dense or sparse matrix, a SingleCellExperiment or a
#'     Seurat object, and for those that are read block by block from disk,
#'   * before and after `saveRDS()` and `readRDS()` of a fit.
#'
#' They differ in rounding, and fits of `gmvae()` therefore slightly,
#'   * for another order of the cells, rows, genes or columns,
#'   * for other instruction sets of the processor: computations with AVX-512,
#'     with AVX2 and without either add numbers up in other orders.
#'
#' Clear groups are found all the same. For equal bits on all processors of one
#' kind, set `options(gmvae.simd = "baseline")`, or the environment variable
#' `GMVAE_SIMD=baseline`, before the package is loaded: computations then use
#' what every processor has, and take two to four times as long. `"avx2"` uses
#' AVX2 at most.
#'
#' @section Options:
#'   * `gmvae.simd`: see above;
#'   * `gmvae.cells_in_memory` and `gmvae.cache`: see [cell_source()];
#'   * `gmvae.rows_in_memory`: see [row_source()];
#'   * `mc.cores`: the default number of threads is not larger, see
#'     [gmvae_control()] and [gmm_control()].
#'
#' @section Files and network:
#' The package writes no file but that of [report()], which you name, and
#' temporary ones in `tempdir()` or in the folder of
#' `options(gmvae.cache = )`, which it removes. It reads its temporary files as
#' numbers, after checks of their sizes, and never as code. It does not use the
#' network.
#'
#' @name gmvae-package
#' @docType package
#' @keywords internal
#' @useDynLib gmvae, .registration = TRUE
#' @importFrom Rcpp evalCpp
NULL
