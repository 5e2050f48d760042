// A mixture ready for passes over the data.  Each component has a frame of its own, in which it
// is a standard normal: y = P_k (x - mean_k), P_k the inverse of the Cholesky factor of Sigma_k.
// Statistics are gathered in these coordinates: near the optimum they are of order one whatever
// the units, the spread and the place of a component, so nothing cancels.
#pragma once

#include <Eigen/Core>

#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/moments.h"

namespace gmvae {

struct Frame {
  Scatter scatter;
  Eigen::VectorXd weights;       // K
  Eigen::MatrixXd means;         // d x K
  Eigen::MatrixXd covariances;   // d x dK, or variances d x K
  Eigen::MatrixXd root;          // L_k with Sigma_k = L_k L_k' (d x dK), or standard deviations
  Eigen::MatrixXd whiten;        // P_k' (d x dK), or 1 / standard deviations
  Eigen::VectorXd offset;        // P_k mean_k, one after the other (dK); full only
  Eigen::VectorXd log_constant;  // log weight_k - d / 2 log(2 pi) + log det P_k

  Index n_components() const { return means.cols(); }
  Index n_dimensions() const { return means.rows(); }
};

// False where a covariance is not positive definite in double: a Cholesky pivot, the variance of
// a column given those before it, is below 1e-13 of the column's variance.  Here and below, a
// monitor is polled for each component: a wide one takes a while.
bool make_frame(const Eigen::VectorXd& weights, const Eigen::MatrixXd& means,
                const Eigen::MatrixXd& covariances, Scatter scatter, Frame* frame,
                Monitor* monitor = nullptr);

// The smallest variance left to a column given those before it, of any component, relative to the
// largest variance of any: near zero where a component lies in a plane or on a few equal rows.
double spread(const Frame& frame);

// Sums over observations in the coordinates of a frame.  Those of the same frame add up, so they
// can come from blocks, chunks or machines.
struct Statistics {
  double loglik = 0.0;
  Eigen::VectorXd counts;   // K: sum_i r_ik
  Eigen::MatrixXd sums;     // d x K: sum_i r_ik y_ik
  Eigen::MatrixXd scatter;  // d x dK: sum_i r_ik y_ik y_ik' (lower triangles), or d x K: diagonals

  void set_zero(const Frame& frame);
  Statistics& operator+=(const Statistics& other);
};

Moments to_moments(const Statistics& statistics, const Frame& frame, Monitor* monitor = nullptr);

// One pass over the data (x: d x n): E-step and the sums for the M-step, fused per block.
// Responsibilities are the posterior probabilities under the frame, or given `labels` (n, from 0)
// one for the label and zero elsewhere.
Statistics gather(ConstView<double> x, const Frame& frame, const Index* labels, Workers& workers,
                  Monitor& monitor);

// Log-density (n) and, where not null, posterior (K x n) under the frame of the columns of x after
// they were centred and multiplied by `scale` (both d).
void evaluate(ConstView<double> x, const Frame& frame, const Eigen::VectorXd& centre,
              const Eigen::VectorXd& scale, Workers& workers, double* log_density,
              double* posterior);

}  // namespace gmvae
