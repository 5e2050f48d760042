// Zero-inflated negative binomial; the zero_inflation logit a gives the probability pi of an extra
// zero:
//   log p(0) = log(pi + (1 - pi) NB(0)) = softplus(log NB(0) - a) - softplus(-a)
//   log p(x) = log(1 - pi) + log NB(x),  x > 0
#pragma once

#include "likelihood/negative_binomial.h"

namespace gmvae {

struct ZeroInflatedNb : OfCounts {
  static constexpr const char* name = "zinb";
  static constexpr bool has_scale = true, has_zero_inflation = true;
  static constexpr const char* scale = "dispersion";
  static constexpr GeneScore gene_score = GeneScore::deviance;

  template <typename T>
  static Terms<T> at_zero(T mu, T theta, T a) {
    const Terms<T> nb = NegativeBinomial::at_zero(mu, theta, T(0));
    const T real = sigmoid(nb.log_prob - a);  // P(the zero is one of the negative binomial's)
    return {softplus(nb.log_prob - a) - softplus(-a), real * nb.d_mean, real * nb.d_scale,
            sigmoid(-a) - real};
  }

  template <typename T>
  static Terms<T> excess(T x, T mu, T theta, T a) {
    if (x == 0) return {};
    const Terms<T> kept{-softplus(a), 0, 0, -sigmoid(a)};
    return kept + NegativeBinomial::at_zero(mu, theta, T(0)) +
           NegativeBinomial::excess(x, mu, theta, T(0)) - at_zero(mu, theta, a);
  }

  template <typename T>
  static T zeros(const Kernels<T>& kernels, const ZeroRun<T>& run) {
    return kernels.zinb_zeros(run.n, run.factor, static_cast<T>(smallest_mean), run.scale,
                              run.zero_inflation, run.mean, run.d_mean, run.d_scale,
                              run.d_zero_inflation);
  }

  template <typename T>
  static void counts(const Kernels<T>& kernels, const CountRun<T>& run) {
    kernels.zinb_counts(run.n, run.x, run.scale, run.zero_inflation, run.mean, run.log_prob,
                        run.d_mean, run.d_scale, run.d_zero_inflation);
  }
};

}  // namespace gmvae
