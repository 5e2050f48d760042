// Entries of Eigen matrices by lists of indices (Eigen has this only from 3.4 on).
#pragma once

#include <vector>

#include "core/eigen.h"
#include "core/types.h"

namespace gmvae {

using Indices = std::vector<Index>;

inline Index size_of(const Indices& indices) { return static_cast<Index>(indices.size()); }

inline Eigen::VectorXd select(const Eigen::VectorXd& x, const Indices& at) {
  Eigen::VectorXd result(size_of(at));
  for (Index i = 0; i < result.size(); ++i) result[i] = x[at[static_cast<std::size_t>(i)]];
  return result;
}

inline Eigen::MatrixXd select(const Eigen::MatrixXd& x, const Indices& rows, const Indices& cols) {
  Eigen::MatrixXd result(size_of(rows), size_of(cols));
  for (Index j = 0; j < result.cols(); ++j) {
    for (Index i = 0; i < result.rows(); ++i) {
      result(i, j) = x(rows[static_cast<std::size_t>(i)], cols[static_cast<std::size_t>(j)]);
    }
  }
  return result;
}

inline Eigen::MatrixXd select_columns(const Eigen::MatrixXd& x, const Indices& cols) {
  Eigen::MatrixXd result(x.rows(), size_of(cols));
  for (Index j = 0; j < result.cols(); ++j)
    result.col(j) = x.col(cols[static_cast<std::size_t>(j)]);
  return result;
}

// The i-th row of `values` becomes row at[i] of x.
inline void put_rows(const Eigen::MatrixXd& values, const Indices& at, Eigen::MatrixXd* x) {
  for (Index i = 0; i < values.rows(); ++i) x->row(at[static_cast<std::size_t>(i)]) = values.row(i);
}

// d x n_groups: means of the columns of x by group (from 0); zeros for a group without columns.
inline Eigen::MatrixXd group_means(const Eigen::MatrixXd& x, const Indices& group, Index n_groups) {
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(x.rows(), n_groups);
  Eigen::VectorXd n = Eigen::VectorXd::Zero(n_groups);
  for (Index j = 0; j < x.cols(); ++j) {
    const Index g = group[static_cast<std::size_t>(j)];
    sum.col(g) += x.col(j);
    n[g] += 1;
  }
  return sum * n.cwiseMax(1).cwiseInverse().asDiagonal();
}

}  // namespace gmvae
