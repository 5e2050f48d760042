// Ellipsoids with axes of their own, Sigma_k = lambda_k D_k A_k D_k'.  In the eigenvectors of W_k,
// sorted by eigenvalue, EEV is EEI and VEV is VEI: these axes are the best ones whatever the
// volumes and the common shape (von Neumann's trace inequality).
#pragma once

#include "gmm/model/moments.h"

namespace gmvae {

struct EEV {
  static constexpr const char* code = "EEV";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::full;
  static constexpr Units units = Units::common;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index d) { return d + k * d * (d - 1) / 2; }
  static Covariances estimate(const Moments& moments, const Covariances*, double);
};

struct VEV {
  static constexpr const char* code = "VEV";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::full;
  static constexpr Units units = Units::common;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index d) { return k + d - 1 + k * d * (d - 1) / 2; }
  static Covariances estimate(const Moments& moments, const Covariances* before, double tol);
};

// W_k is scaled to the common volume lambda = sum_k |W_k|^(1/d) / n.
struct EVV {
  static constexpr const char* code = "EVV";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::full;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index d) { return 1 - k + k * d * (d + 1) / 2; }
  static Covariances estimate(const Moments& moments, const Covariances*, double);
};

// Sigma_k = W_k / n_k
struct VVV {
  static constexpr const char* code = "VVV";
  static constexpr const char* alias = "full";
  static constexpr Scatter scatter = Scatter::full;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index d) { return k * d * (d + 1) / 2; }
  static Covariances estimate(const Moments& moments, const Covariances*, double);
};

}  // namespace gmvae
