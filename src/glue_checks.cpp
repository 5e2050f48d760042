// Unexported hooks: they let tests hold pieces of the core against R's own functions.
#include <Rcpp.h>

#include "likelihood/dispatch.h"
#include "simd/dispatch.h"

// log p(x) of each count; mean is the logit for "bernoulli"; scale the inverse dispersion or the
// variance.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector cpp_log_prob(std::string likelihood, Rcpp::NumericVector x,
                                 Rcpp::NumericVector mean, Rcpp::NumericVector scale,
                                 Rcpp::NumericVector zero_inflation) {
  Rcpp::NumericVector result(x.size());
  gmvae::with_likelihood(likelihood, [&](auto type) {
    using Likelihood = decltype(type);
    for (R_xlen_t i = 0; i < x.size(); ++i) {
      result[i] = (Likelihood::at_zero(mean[i], scale[i], zero_inflation[i]) +
                   Likelihood::excess(x[i], mean[i], scale[i], zero_inflation[i]))
                      .log_prob;
    }
  });
  return result;
}

// Kernels of no wider instruction set than this one from now on.
// [[Rcpp::export(rng = false)]]
void cpp_use_kernels(std::string most) {
  using gmvae::Target;
  gmvae::use_kernels(most == "baseline" ? Target::baseline
                     : most == "avx2"   ? Target::avx2
                                        : Target::avx512);
}

// The kernels in use: "avx512", "avx2" or "baseline".
// [[Rcpp::export(rng = false)]]
std::string cpp_kernels() { return gmvae::kernels<float>().name; }
