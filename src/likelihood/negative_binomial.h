// Negative binomial with mean mu and inverse dispersion theta (variance mu + mu^2 / theta):
//   log p(x) = log G(x + theta) - log G(theta) - log x! + theta log(theta / (theta + mu))
//              + x log(mu / (theta + mu))
#pragma once

#include "likelihood/terms.h"
#include "likelihood/traits.h"

namespace gmvae {

struct NegativeBinomial : OfCounts {
  static constexpr const char* name = "nb";
  static constexpr bool has_scale = true, has_zero_inflation = false;
  static constexpr const char* scale = "dispersion";
  static constexpr GeneScore gene_score = GeneScore::deviance;

  template <typename T>
  static Terms<T> at_zero(T mu, T theta, T) {
    const T log_ratio = std::log1p(mu / theta), share = mu / (theta + mu);
    return {-theta * log_ratio, -theta * share, theta * (share - log_ratio), 0};
  }

  template <typename T>
  static Terms<T> excess(T x, T mu, T theta, T) {
    const double count = x, size = theta, mean = mu;
    double log_rising, d_rising;  // log G(x + theta) - log G(theta), and its slope in theta
    if (count <= 8 && count == std::floor(count)) {
      double product = 1;
      d_rising = 0;
      for (double j = 0; j < count; ++j) {
        product *= size + j;
        d_rising += 1 / (size + j);
      }
      log_rising = std::log(product);
    } else {
      log_rising = log_gamma(count + size) - log_gamma(size);
      d_rising = digamma(count + size) - digamma(size);
    }
    const double total = size + mean;
    return {static_cast<T>(log_rising - log_factorial(count) + count * std::log(mean / total)),
            static_cast<T>(count * size / total), static_cast<T>(size * (d_rising - count / total)),
            0};
  }

  template <typename T>
  static T zeros(const Kernels<T>& kernels, const ZeroRun<T>& run) {
    return kernels.nb_zeros(run.n, run.factor, static_cast<T>(smallest_mean), run.scale, run.mean,
                            run.d_mean, run.d_scale);
  }

  template <typename T>
  static void counts(const Kernels<T>& kernels, const CountRun<T>& run) {
    kernels.nb_counts(run.n, run.x, run.scale, run.mean, run.log_prob, run.d_mean, run.d_scale);
  }

 private:
  static double log_factorial(double x) {
    static constexpr double small[] = {0.0,
                                       0.0,
                                       0.69314718055994531,
                                       1.7917594692280550,
                                       3.1780538303479458,
                                       4.7874917427820458,
                                       6.5792512120101012,
                                       8.5251613610654147,
                                       10.604602902745251};
    return x <= 8 && x == std::floor(x) ? small[static_cast<int>(x)] : log_gamma(x + 1);
  }
};

}  // namespace gmvae
