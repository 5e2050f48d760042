// What a pass over the data adds up, and the responsibilities that may be given to it.
#pragma once

#include "core/eigen.h"
#include "core/types.h"
#include "gmm/model/frame.h"
#include "gmm/model/moments.h"

namespace gmvae {

// Sums over observations under a frame, w_i the weight of a row and r_ik its responsibilities.
// Those under the same frame add up, so they can come from blocks, chunks or machines.
struct Statistics {
  Scatter kind = Scatter::full;
  double loglik = 0.0;     // sum_i w_i log f(x_i)
  double noise = 0.0;      // sum_i w_i r_i of the noise component
  Eigen::VectorXd counts;  // K: sum_i w_i r_ik
  Eigen::MatrixXd sums;    // d x K: sum_i w_i r_ik (x_i - mean_k)
  // full: sum_i w_i r_ik (x_i - mean_k)(x_i - mean_k)', lower triangles (d x dK);
  // diagonal: their diagonals (d x K);
  // pooled: sum_i w_i sum_k r_ik x_i x_i', lower triangle (d x d)
  Eigen::MatrixXd scatter;

  void set_zero(const Frame& frame, Scatter scatter_kind);
  Statistics& operator+=(const Statistics& other);
};

Moments to_moments(const Statistics& statistics, const Frame& frame);

// Responsibilities that are given instead of computed, for all rows of the source; one is null.
// A partition has components from 0, or -1 for noise; responsibilities stand in n x K (K + 1 with
// noise, the last column), column-major.
struct Given {
  const int* partition = nullptr;
  const double* responsibilities = nullptr;
  Index n = 0;
};

}  // namespace gmvae
