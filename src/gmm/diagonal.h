// VVI: the variances of a component are free, its correlations zero: diag(W_k) / n_k.
#pragma once

#include "gmm/moments.h"

namespace gmvae {

struct Diagonal {
  static constexpr const char* code = "VVI";
  static constexpr const char* alias = "diag";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::column;

  static Index n_parameters(Index k, Index d) { return k * d; }
  static double fewest_rows(Index) { return 2.0; }

  static Eigen::MatrixXd estimate(const Moments& moments) {
    return moments.scatter * moments.counts.cwiseInverse().asDiagonal();
  }
};

}  // namespace gmvae
