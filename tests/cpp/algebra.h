// Linear algebra for expected values.  Its parts, in core/dense.h, have tests of their own.
#pragma once

#include "core/dense.h"
#include "testing.h"

namespace testing {

inline bool is_positive_definite(const Eigen::MatrixXd& a) {
  Eigen::MatrixXd lower;
  return gmvae::cholesky(a, &lower);
}

// Of A positive definite: log|A|, and A^-1 B.
inline double log_determinant(const Eigen::MatrixXd& a) {
  Eigen::MatrixXd lower;
  CHECK(gmvae::cholesky(a, &lower));
  return gmvae::cholesky_log_determinant(lower);
}

inline Eigen::MatrixXd solve(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  Eigen::MatrixXd lower;
  CHECK(gmvae::cholesky(a, &lower));
  return gmvae::cholesky_solve(lower, b);
}

// Of A symmetric.
inline double determinant(const Eigen::MatrixXd& a) {
  return gmvae::symmetric_eigenvalues(a).prod();
}

}  // namespace testing
