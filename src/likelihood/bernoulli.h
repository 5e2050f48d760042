// Bernoulli with logit eta:  log p(x) = x eta - log(1 + exp(eta)),   x in [0, 1]
#pragma once

#include "likelihood/terms.h"
#include "likelihood/traits.h"

namespace gmvae {

struct Bernoulli {
  static constexpr const char* name = "bernoulli";
  static constexpr bool softmax = false, has_scale = false, has_zero_inflation = false;
  static constexpr const char* scale = "";
  static constexpr double least = 0, largest = 1;
  static constexpr bool whole = false, dense = false;
  static constexpr EncoderInput encoder_input = EncoderInput::values;
  static constexpr GeneScore gene_score = GeneScore::variance_beyond_trend;

  // The expected value, from the decoder's output.
  template <typename T>
  static T expected(T eta) {
    return sigmoid(eta);
  }

  static double level(const GeneSums& all) {
    return std::log((all.value + 0.5) / (all.n_cells - all.value + 0.5));
  }

  static double shift(const GeneSums& some, const GeneSums& all, double, double) {
    const auto logit = [](const GeneSums& s) {
      return std::log((s.value + 1) / (s.n_cells - s.value + 1));
    };
    return logit(some) - logit(all);
  }

  static double log_units(const std::vector<double>&) { return 0; }

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
