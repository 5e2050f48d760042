// Passes over the data: the E-step, fused with the sums that the next M-step needs, block by block.
// Responsibilities are never stored.
#pragma once

#include <Eigen/Core>

#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/frame.h"
#include "gmm/moments.h"
#include "gmm/observations.h"

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

// One pass.  The result's bits don't depend on the number of threads.
Statistics gather(const Observations& data, const Frame& frame, Scatter kind, const Given* given,
                  Workers& workers, Monitor& monitor);

// The same of half of each component, beyond its mean along its axis (d x K).
Statistics gather_halves(const Observations& data, const Frame& frame, const Eigen::MatrixXd& axes,
                         Workers& workers, Monitor& monitor);

// What evaluate() fills for each row of the source that is observed; null: not wanted.
struct Evaluation {
  double* log_density = nullptr;  // n
  double* posterior = nullptr;    // n x K (K + 1 with noise, the last column), column-major
  double* components = nullptr;   // n x K: log-densities of the components, without weights
  int* cluster = nullptr;  // n: most probable component from 1, the first of equals; 0: noise
  double* uncertainty = nullptr;  // n: 1 - the largest probability
  double* imputed = nullptr;      // n x d: missing entries become conditional means, in the units
                                  // of the source; others are left alone
  Index n = 0;
};

// Returns sum_i w_i log max_k r_ik, the term of ICL (Biernacki, Celeux & Govaert 2000).
double evaluate(const Observations& data, const Frame& frame, const Evaluation& wanted,
                Workers& workers, Monitor& monitor);

}  // namespace gmvae
