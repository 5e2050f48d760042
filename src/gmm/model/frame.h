// A mixture ready for passes over the data: what densities need, computed once per pass.
//
// With P_k the inverse of the Cholesky factor of Sigma_k and B the basis of covariances in common
// form, the squared distance of x from component k is
//   own       |P_k x - P_k mean_k|^2                      d^2 / 2 products for each k
//   common    sum_j (y_j - m_kj)^2 / v_kj,  y = B^-1 x    d^2 once, then d for each k
//   diagonal  the same with y = x
#pragma once

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/types.h"
#include "gmm/model/moments.h"

namespace gmvae {

// A mixture, with the share of a noise component of constant density (Banfield & Raftery 1993,
// section 3).
struct Parameters {
  Eigen::VectorXd weights;  // K; with `noise` they sum to 1
  double noise = 0.0;
  Eigen::MatrixXd means;  // d x K
  Covariances covariances;

  Index n_components() const { return means.cols(); }
  Index n_dimensions() const { return means.rows(); }
};

// Where noise may be.  Of a row with missing entries the density of the others is needed: noise is
// uniform along each axis.
struct NoiseDensity {
  bool on = false;
  double log_density = 0.0;   // of complete rows
  Eigen::VectorXd log_range;  // d: of each axis
  double share = 0.0;         // that is expected: runs whose start has no noise begin with it
};

struct Frame {
  Parameters parameters;
  NoiseDensity noise;
  Eigen::MatrixXd means;         // own, diagonal: d x K; common: B^-1 mean_k
  Eigen::MatrixXd whiten;        // own: P_k (padded x dK); common: B^-1 (d x d)
  Eigen::MatrixXd offset;        // own: P_k mean_k (padded x K)
  Eigen::MatrixXd precisions;    // common, diagonal: 1 / v_k (d x K)
  Eigen::MatrixXd pivots;        // d x K: variance of a column given those before it
  Eigen::VectorXd log_constant;  // K: -d / 2 log 2 pi - 1/2 log|Sigma_k|

  Form form() const { return parameters.covariances.form; }
  Index n_components() const { return parameters.n_components(); }
  Index n_dimensions() const { return parameters.n_dimensions(); }
};

// Rows of P_k are padded with zeros to a multiple of this, as the kernels want.
constexpr Index whiten_padding = 4;

// False where a covariance is not positive definite in double: a pivot is below 1e-13 of the
// column's variance.  A monitor is polled for each component: a wide one takes a while.
bool make_frame(Parameters parameters, const NoiseDensity& noise, Frame* frame,
                Monitor* monitor = nullptr);

// Typical variance of each column (d) within components: their median, by weight.
Eigen::VectorXd typical_variances(const Frame& frame);

// The least pivot of any component relative to the typical variance of its column.  Near zero where
// a component lies in a plane or on a few equal rows; for one component it is on the scale of the
// correlation matrix.
double spread(const Frame& frame);

// The same for eigenvalues, which are at most the least pivot, of covariances in those units.
double eigen_spread(const Frame& frame);

}  // namespace gmvae
