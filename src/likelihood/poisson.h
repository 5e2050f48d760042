// Poisson:  log p(x) = x log mu - mu - log x!
#pragma once

#include "likelihood/terms.h"
#include "likelihood/traits.h"

namespace gmvae {

struct Poisson : OfCounts {
  static constexpr const char* name = "poisson";
  static constexpr bool has_scale = false, has_zero_inflation = false;
  static constexpr const char* scale = "";
  static constexpr GeneScore gene_score = GeneScore::variance_beyond_trend;

  template <typename T>
  static Terms<T> at_zero(T mu, T, T) {
    return {-mu, -mu, 0, 0};
  }

  template <typename T>
  static Terms<T> excess(T x, T mu, T, T) {
    return {static_cast<T>(x * std::log(mu) - log_gamma(double(x) + 1)), x, 0, 0};
  }

  template <typename T>
  static T zeros(const Kernels<T>& kernels, const ZeroRun<T>& run) {
    return kernels.poisson_zeros(run.n, run.factor, static_cast<T>(smallest_mean), run.mean,
                                 run.d_mean);
  }

  template <typename T>
  static void counts(const Kernels<T>& kernels, const CountRun<T>& run) {
    kernels.poisson_counts(run.n, run.x, run.mean, run.log_prob);
    std::copy(run.x, run.x + run.n, run.d_mean);
  }
};

}  // namespace gmvae
