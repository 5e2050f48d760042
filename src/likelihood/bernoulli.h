// Bernoulli with logit eta:  log p(x) = x eta - log(1 + exp(eta)),   x in [0, 1]
#pragma once

#include "likelihood/terms.h"

namespace gmvae {

struct Bernoulli {
  static constexpr const char* name = "bernoulli";
  static constexpr bool softmax = false, has_scale = false, has_zero_inflation = false;

  template <typename T>
  static Terms<T> at_zero(T eta, T, T) {
    return {-softplus(eta), -sigmoid(eta), 0, 0};
  }

  template <typename T>
  static Terms<T> excess(T x, T eta, T, T) {
    return {x * eta, x, 0, 0};
  }

  template <typename T>
  static T zeros(const Kernels<T>& kernels, const ZeroRun<T>& run) {
    return kernels.bernoulli_zeros(run.n, run.mean, run.d_mean);
  }

  template <typename T>
  static void counts(const Kernels<T>&, const CountRun<T>& run) {
    plain_counts<Bernoulli>(run);
  }
};

}  // namespace gmvae
