# Every function that users call raises classed errors only, also where R or
# another package stops inside of it. Generics find their methods themselves.
entry_points <- c(
  "adjusted_rand_index", "gmm_control", "gmm_fit", "gmm_models", "gmm_prior",
  "gmvae_control", "gmvae_fit", "runGMVAE", "coef.gmm_fit",
  "gmvae.DelayedMatrix", "gmvae.Matrix", "gmvae.SummarizedExperiment",
  "gmvae.default", "gmvae.matrix", "icl.default", "icl.gmm_fit",
  "logLik.gmm_fit", "nobs.gmm_fit", "nobs.gmvae", "plot.gmm_fit", "plot.gmvae",
  "predict.gmm_fit", "predict.gmvae", "print.gmm_control", "print.gmm_fit",
  "print.gmm_prior", "print.gmvae", "print.gmvae_control",
  "print.summary_gmm_fit", "print.summary_gmvae", "simulate.gmm_fit",
  "summary.gmm_fit", "summary.gmvae", "update.gmm_fit", "update.gmvae"
)

for (name in entry_points) {
  # The generic's name, for methods.
  generic <- sub("[.].*", "", name)
  assign(name, with_classed_errors(get(name), generic))
}
rm(name, generic)

# Instruction sets differ in rounding; users may ask for fewer.
.onLoad <- function(libname, pkgname) {
  asked <- getOption("gmvae.simd", Sys.getenv("GMVAE_SIMD", "widest"))
  if (rlang::is_string(asked) && asked %in% c("baseline", "avx2")) {
    cpp_use_kernels(asked)
  }
}
