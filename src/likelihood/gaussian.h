// Gaussian with mean eta and variance v per feature:  log p(x) = -(log(2 pi v) + (x - eta)^2 / v) /
// 2
#pragma once

#include "likelihood/terms.h"

namespace gmvae {

struct Gaussian {
  static constexpr const char* name = "gaussian";
  static constexpr bool softmax = false, has_scale = true, has_zero_inflation = false;

  template <typename T>
  static Terms<T> at_zero(T eta, T v, T) {
    const T square = eta * eta / v;
    return {-(static_cast<T>(log_two_pi) + std::log(v) + square) / 2, -eta / v, (square - 1) / 2,
            0};
  }

  template <typename T>
  static Terms<T> excess(T x, T eta, T v, T) {
    const T change = x * (x - 2 * eta) / v;
    return {-change / 2, x / v, change / 2, 0};
  }

  template <typename T>
  static T zeros(const Kernels<T>& kernels, const ZeroRun<T>& run) {
    return kernels.gaussian_zeros(run.n, run.scale, run.mean, run.d_mean, run.d_scale);
  }

  template <typename T>
  static void counts(const Kernels<T>& kernels, const CountRun<T>& run) {
    kernels.gaussian_counts(run.n, run.x, run.scale, run.mean, run.log_prob, run.d_mean,
                            run.d_scale);
  }
};

}  // namespace gmvae
