#include "algebra.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>

namespace testing {

MatrixXd product(const MatrixXd& a, const MatrixXd& b) { return a * b; }

MatrixXd solve(const MatrixXd& a, const MatrixXd& b) { return a.partialPivLu().solve(b); }

bool is_positive_definite(const MatrixXd& a) { return a.llt().info() == Eigen::Success; }

double determinant(const MatrixXd& a) { return a.determinant(); }

double log_determinant(const MatrixXd& a) {
  return 2.0 * a.llt().matrixLLT().diagonal().array().log().sum();
}

Eigensystem eigensystem(const MatrixXd& a) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(a);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

}  // namespace testing
