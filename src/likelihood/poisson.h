// Poisson:  log p(x) = x log mu - mu - log x!
#pragma once

#include "likelihood/terms.h"

namespace gmvae {

struct Poisson {
  static constexpr const char* name = "poisson";
  static constexpr bool softmax = true, has_scale = false, has_dropout = false;

  template <typename T>
  static Terms<T> at_zero(T mu, T, T) {
    return {-mu, -mu, 0, 0};
  }

  template <typename T>
  static Terms<T> excess(T x, T mu, T, T) {
    return {static_cast<T>(x * std::log(mu) - log_gamma(double(x) + 1)), x, 0, 0};
  }

  template <typename T>
  static T zeros(const Kernels<T>&, const ZeroRun<T>& run) {
    return plain_zeros<Poisson>(run);
  }
};

}  // namespace gmvae
