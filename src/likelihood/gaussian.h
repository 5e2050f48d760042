// Gaussian with mean eta and variance v per feature:  log p(x) = -(log(2 pi v) + (x - eta)^2 / v) /
// 2
#pragma once

#include "likelihood/terms.h"
#include "likelihood/traits.h"

namespace gmvae {

struct Gaussian {
  static constexpr const char* name = "gaussian";
  static constexpr bool softmax = false, has_scale = true, has_zero_inflation = false;
  static constexpr const char* scale = "variance";
  static constexpr double least = -1e15, largest = 1e15;
  static constexpr bool whole = false, dense = true;
  static constexpr EncoderInput encoder_input = EncoderInput::standardised;
  static constexpr GeneScore gene_score = GeneScore::variance;

  // The expected value, from the decoder's output.
  template <typename T>
  static T expected(T eta) {
    return eta;
  }

  static double level(const GeneSums&) { return 0; }

  static double shift(const GeneSums& some, const GeneSums&, double mean, double inverse_sd) {
    return (some.value / some.n_cells - mean) * inverse_sd;
  }

  static double log_units(const std::vector<double>& inverse_sd) {
    double sum = 0;
    for (double s : inverse_sd) sum += std::log(s);
    return sum;
  }

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
