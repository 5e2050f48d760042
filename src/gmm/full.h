// VVV: a covariance of its own for each component, Sigma_k = W_k / n_k.
#pragma once

#include "gmm/moments.h"

namespace gmvae {

struct Full {
  static constexpr const char* code = "VVV";
  static constexpr const char* alias = "full";
  static constexpr Scatter scatter = Scatter::full;
  static constexpr Units units = Units::column;

  static Index n_parameters(Index k, Index d) { return k * d * (d + 1) / 2; }
  static double fewest_rows(Index d) { return static_cast<double>(d + 1); }

  static Eigen::MatrixXd estimate(const Moments& moments) {
    Eigen::MatrixXd covariances = moments.scatter;
    for (Index k = 0; k < moments.n_components(); ++k) {
      nth_block(covariances, k) /= moments.counts[k];
    }
    return covariances;
  }
};

}  // namespace gmvae
