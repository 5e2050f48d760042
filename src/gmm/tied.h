// EEE: one covariance for all components, Sigma = sum_k W_k / n.
#pragma once

#include "gmm/moments.h"

namespace gmvae {

struct Tied {
  static constexpr const char* code = "EEE";
  static constexpr const char* alias = "tied";
  static constexpr Scatter scatter = Scatter::full;
  static constexpr Units units = Units::column;

  static Index n_parameters(Index, Index d) { return d * (d + 1) / 2; }
  static double fewest_rows(Index) { return 0.5; }

  static Eigen::MatrixXd estimate(const Moments& moments) {
    const Index k = moments.n_components(), d = moments.n_dimensions();
    Eigen::MatrixXd pooled = Eigen::MatrixXd::Zero(d, d);
    for (Index j = 0; j < k; ++j) pooled += nth_block(moments.scatter, j);
    return (pooled / moments.counts.sum()).replicate(1, k);
  }
};

}  // namespace gmvae
