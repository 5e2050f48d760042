// What an M-step needs of the data: counts, means and scatter of each component.
#pragma once

#include <Eigen/Core>

#include "core/types.h"

namespace gmvae {

// How much of a component's scatter a covariance family looks at.
enum class Scatter { full, diagonal };

// The changes of units that leave a family the same family: each column on its own, or all
// columns together (a sphere is no longer one when a single axis is stretched).
enum class Units { column, common };

// Matrices d x d of K components stand side by side in one of d x dK; where only diagonals
// matter, they are the columns of one of d x K.
struct Moments {
  Eigen::VectorXd counts;   // K: n_k = sum_i r_ik
  Eigen::MatrixXd means;    // d x K
  Eigen::MatrixXd scatter;  // d x dK or d x K: W_k = sum_i r_ik (x_i - mean_k)(x_i - mean_k)'

  Index n_components() const { return counts.size(); }
  Index n_dimensions() const { return means.rows(); }
};

// The k-th of square matrices that stand side by side.
template <typename Matrix>
auto nth_block(Matrix& blocks, Index k) {
  return blocks.middleCols(k * blocks.rows(), blocks.rows());
}

}  // namespace gmvae
