#' Gaussian mixtures and Gaussian mixture variational autoencoders
#'
#' [gmvae()] clusters cells by their counts (genes x cells), and [runGMVAE()]
#' does so for a SingleCellExperiment. [gmm_fit()] fits Gaussian mixtures to the
#' rows of numeric data. Start with `vignette("gmvae")` or
#' `vignette("mixtures")`.
#'
#' @name gmvae-package
#' @docType package
#' @keywords internal
#' @useDynLib gmvae, .registration = TRUE
#' @importFrom Rcpp evalCpp
NULL
