// Spheres, Sigma_k = lambda_k I: of one size (EII) or each of its own (VII).
#pragma once

#include "gmm/model/moments.h"

namespace gmvae {

// lambda = sum_k tr(W_k) / (n d)
struct EII {
  static constexpr const char* code = "EII";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::common;
  static constexpr bool one_covariance = true;

  static Index n_parameters(Index, Index) { return 1; }
  static Covariances estimate(const Moments& moments, const Covariances*, double);
};

// lambda_k = tr(W_k) / (n_k d)
struct VII {
  static constexpr const char* code = "VII";
  static constexpr const char* alias = "spherical";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::common;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index) { return k; }
  static Covariances estimate(const Moments& moments, const Covariances*, double);
};

}  // namespace gmvae
