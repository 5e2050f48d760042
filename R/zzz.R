# Every function that users call raises classed errors only, also where R or
# another package stops inside of it. Generics find their methods themselves.
entry_points <- c(
  "GmmParam", "[.cell_file", "[.row_file", "adjusted_rand_index",
  "as.Mclust.gmm_fit", "as.data.frame.gmm_fit", "as.data.frame.gmm_imputed",
  "as.data.frame.gmm_lrt", "as.data.frame.gmvae", "as.data.frame.gmvae_mapping",
  "as_gmm_fit.Mclust", "as_gmm_fit.default", "as_gmm_fit.gmm_fit",
  "augment.gmm_fit", "autoplot.gmm_fit", "cell_source", "check_fit",
  "classification_error", "cluster_tree", "coef.gmm_fit", "coef.gmm_mixture",
  "coef.gmvae", "conditional.default", "conditional.gmm_fit",
  "conditional.gmm_mixture", "confint.gmm_bootstrap", "confint.gmm_fit",
  "cut_clusters", "differential_abundance", "differential_expression",
  "dim.cell_file", "dim.cell_source", "dim.row_file", "dim.row_source",
  "dimnames.cell_file", "dimnames.cell_source", "dimnames.row_source",
  "dimnames<-.cell_source", "discriminant_coordinates", "fitted.gmm_fit",
  "glance.gmm_fit", "gmm_bootstrap", "gmm_classify", "gmm_classify_cv",
  "gmm_control", "gmm_fit", "gmm_lrt", "gmm_models", "gmm_prior",
  "gmvae.DelayedMatrix", "gmvae.Matrix", "gmvae.Seurat",
  "gmvae.SummarizedExperiment", "gmvae.default", "gmvae.matrix",
  "gmvae_control", "gmvae_fit", "hdr.default", "hdr.gmm_fit", "hdr.gmm_mixture",
  "icl.default", "icl.gmm_fit", "impute.default", "impute.gmm_fit",
  "impute.gmm_mixture", "logLik.gmm_classifier", "logLik.gmm_fit",
  "majority_vote", "map_to_reference", "marginal.default", "marginal.gmm_fit",
  "marginal.gmm_mixture", "markers", "merge_components", "nobs.gmm_classifier",
  "nobs.gmm_fit", "nobs.gmvae", "plot.gmm_bootstrap", "plot.gmm_classifier",
  "plot.gmm_classify_cv", "plot.gmm_coordinates", "plot.gmm_fit",
  "plot.gmm_merged", "plot.gmm_mixture", "plot.gmvae", "plot.gmvae_check",
  "plot.gmvae_tree", "predict.gmm_classifier", "predict.gmm_coordinates",
  "predict.gmm_fit", "predict.gmm_merged", "predict.gmm_mixture",
  "predict.gmvae", "print.cell_source", "print.gmm_bootstrap",
  "print.gmm_classifier", "print.gmm_classify_cv", "print.gmm_control",
  "print.gmm_coordinates", "print.gmm_fit", "print.gmm_imputed",
  "print.gmm_lrt", "print.gmm_merged", "print.gmm_mixture", "print.gmm_prior",
  "print.gmvae", "print.gmvae_check", "print.gmvae_control",
  "print.gmvae_mapping", "print.gmvae_markers", "print.gmvae_tree",
  "print.row_source", "print.summary_gmm_classifier", "print.summary_gmm_fit",
  "print.summary_gmvae", "pseudobulk", "quantile.gmm_fit",
  "quantile.gmm_mixture", "relabel.default", "relabel.gmm_fit",
  "relabel.gmm_mixture", "rename_clusters", "report", "residuals.gmm_fit",
  "row_source", "runGMVAE.Seurat", "runGMVAE.SummarizedExperiment",
  "runGMVAE.default", "simulate.gmm_fit", "simulate.gmm_mixture",
  "simulate.gmvae", "summary.gmm_classifier", "summary.gmm_fit",
  "summary.gmvae", "tidy.gmm_fit", "top_genes", "update.gmm_fit",
  "update.gmvae", "vcov.gmm_bootstrap", "vcov.gmm_fit"
)

for (name in entry_points) {
  # The generic's name, for methods.
  generic <- sub("[.].*", "", name)
  assign(name, with_classed_errors(get(name), generic))
}
rm(name, generic)

# Instruction sets differ in rounding; users may ask for fewer.
.onLoad <- function(libname, pkgname) {
  extend_bluster_when_loaded()
  asked <- getOption("gmvae.simd", Sys.getenv("GMVAE_SIMD", "widest"))
  if (rlang::is_string(asked) && asked %in% c("baseline", "avx2")) {
    cpp_use_kernels(asked)
  }
}
