// What an M-step needs of the data, and what it makes of it.
#pragma once

#include "core/eigen.h"
#include "core/types.h"

namespace gmvae {

// How much of the components' scatter a covariance family looks at.
enum class Scatter { full, pooled, diagonal };

// The changes of units that leave a family the same family: each column on its own, or all
// columns together (a sphere is no longer one when a single axis is stretched).
enum class Units { column, common };

// The k-th of square matrices that stand side by side.
template <typename Matrix>
auto nth_block(Matrix& blocks, Index k) {
  return blocks.middleCols(k * blocks.rows(), blocks.rows());
}

// W_k = sum_i r_ik (x_i - mean_k)(x_i - mean_k)'.
struct Moments {
  Scatter kind = Scatter::full;
  Eigen::VectorXd counts;   // K: n_k = sum_i r_ik
  Eigen::MatrixXd means;    // d x K
  Eigen::MatrixXd scatter;  // full: W_k (d x dK); pooled: sum_k W_k (d x d); diagonal: d x K

  Index n_components() const { return counts.size(); }
  Index n_dimensions() const { return means.rows(); }
};

// Sums of products of all pairs of so many columns cost next to nothing.  With more columns, only
// families that look at them pay for them.
constexpr Index few_columns = 32;

// The part of full moments that families of another kind of scatter look at.
Moments reduced(const Moments& full, Scatter kind);

// Covariances in the form in which densities are cheapest.
//   own       Sigma_k = matrices[k]
//   common    Sigma_k = B diag(v_k) B', one invertible B for all components
//   diagonal  Sigma_k = diag(v_k)
enum class Form { own, common, diagonal };

struct Covariances {
  Form form = Form::own;
  Eigen::MatrixXd basis;      // B (d x d); common only
  Eigen::MatrixXd variances;  // v_k (d x K); common and diagonal
  Eigen::MatrixXd matrices;   // d x dK; own only

  Index n_components() const {
    return form == Form::own ? matrices.cols() / matrices.rows() : variances.cols();
  }
  Index n_dimensions() const { return form == Form::own ? matrices.rows() : variances.rows(); }

  Eigen::MatrixXd matrix(Index k) const;        // Sigma_k, d x d
  Eigen::VectorXd variances_of(Index k) const;  // its diagonal
};

}  // namespace gmvae
