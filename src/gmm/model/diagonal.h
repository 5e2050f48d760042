// Ellipsoids along the coordinate axes, Sigma_k = lambda_k A_k with A_k diagonal and |A_k| = 1.
// They look only at the counts and the scatter (w_kj, d x K), so that other families can use them
// in axes of their own.
#pragma once

#include "gmm/model/moments.h"

namespace gmvae {

// v_k: d x K
Covariances diagonal_covariances(Eigen::MatrixXd variances);

// lambda A = sum_k W_k / n
struct EEI {
  static constexpr const char* code = "EEI";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = true;

  static Index n_parameters(Index, Index d) { return d; }
  static Covariances estimate(const Moments& moments, const Covariances*, double);
};

// In turn, up to a factor that moves between the two,
//   a_j = sum_k w_kj / lambda_k / n   and   lambda_k = sum_j w_kj / a_j / (n_k d):
// the scaling of a positive matrix to given margins (Sinkhorn & Knopp 1967,
// <doi:10.2140/pjm.1967.21.343>), a convex problem in log lambda.
struct VEI {
  static constexpr const char* code = "VEI";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = false;

  // A relative step t of all lambda changes the log-likelihood by about n d t^2 / 4.
  static double smallest_step(Index d, double tol);
  static constexpr int most_sweeps = 1000;

  static Index n_parameters(Index k, Index d) { return k + d - 1; }
  static Covariances estimate(const Moments& moments, const Covariances* before, double tol);
};

// W_k is scaled to the common volume lambda = sum_k |W_k|^(1/d) / n.
struct EVI {
  static constexpr const char* code = "EVI";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index d) { return 1 + k * (d - 1); }
  static Covariances estimate(const Moments& moments, const Covariances*, double);
};

// lambda_k A_k = W_k / n_k
struct VVI {
  static constexpr const char* code = "VVI";
  static constexpr const char* alias = "diag";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index d) { return k * d; }
  static Covariances estimate(const Moments& moments, const Covariances*, double);
};

}  // namespace gmvae
