// VII: a sphere of its own size for each component, trace(W_k) / (n_k d) in every direction.
#pragma once

#include "gmm/moments.h"

namespace gmvae {

struct Spherical {
  static constexpr const char* code = "VII";
  static constexpr const char* alias = "spherical";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::common;

  static Index n_parameters(Index k, Index) { return k; }
  static double fewest_rows(Index) { return 2.0; }

  static Eigen::MatrixXd estimate(const Moments& moments) {
    const Eigen::RowVectorXd variances =
        moments.scatter.colwise().mean().cwiseQuotient(moments.counts.transpose());
    return variances.replicate(moments.n_dimensions(), 1);
  }
};

}  // namespace gmvae
