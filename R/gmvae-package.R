#' Gaussian mixtures and Gaussian mixture variational autoencoders
#'
#' [gmvae()] clusters genes x cells counts, [gmm_fit()] rows of numeric data;
#' [runGMVAE()] does the former inside a SingleCellExperiment. Start with
#' `vignette("gmvae")` or `vignette("mixtures")`.
#'
#' @name gmvae-package
#' @docType package
#' @keywords internal
#' @useDynLib gmvae, .registration = TRUE
#' @importFrom Rcpp evalCpp
NULL
