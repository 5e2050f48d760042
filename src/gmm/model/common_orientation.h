// Ellipsoids with the same axes, Sigma_k = lambda_k D A_k D'.  In these axes EEE is EEI, VEE is
// VEI, EVE is EVI and VVE is VVI.
#pragma once

#include "gmm/model/moments.h"

namespace gmvae {

// Sigma = sum_k W_k / n
struct EEE {
  static constexpr const char* code = "EEE";
  static constexpr const char* alias = "tied";
  static constexpr Scatter scatter = Scatter::pooled;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = true;

  static Index n_parameters(Index, Index d) { return d * (d + 1) / 2; }
  static Covariances estimate(const Moments& moments, const Covariances*, double);
};

// Sigma_k = lambda_k C with |C| = 1; in turn C ~ sum_k W_k / lambda_k and
// lambda_k = tr(C^-1 W_k) / (n_k d).  The criterion is convex in log lambda.
struct VEE {
  static constexpr const char* code = "VEE";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::full;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index d) { return k - 1 + d * (d + 1) / 2; }
  static Covariances estimate(const Moments& moments, const Covariances* before, double tol);
};

struct EVE {
  static constexpr const char* code = "EVE";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::full;
  static constexpr Units units = Units::common;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index d) { return 1 + k * (d - 1) + d * (d - 1) / 2; }
  static Covariances estimate(const Moments& moments, const Covariances* before, double tol);
};

// The common principal components of Flury (1984, <doi:10.1080/01621459.1984.10477108>).
struct VVE {
  static constexpr const char* code = "VVE";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::full;
  static constexpr Units units = Units::common;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index d) { return k * d + d * (d - 1) / 2; }
  static Covariances estimate(const Moments& moments, const Covariances* before, double tol);
};

}  // namespace gmvae
