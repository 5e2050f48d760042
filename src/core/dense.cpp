#include "core/dense.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/Householder>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>

namespace gmvae {

using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd multiply(const ConstMatrixRef& a, const ConstMatrixRef& b) { return a * b; }

MatrixXd crossprod(const ConstMatrixRef& a, const ConstMatrixRef& b) { return a.transpose() * b; }

MatrixXd tcrossprod(const ConstMatrixRef& a, const ConstMatrixRef& b) { return a * b.transpose(); }

VectorXd multiply_vector(const ConstMatrixRef& a, const ConstVectorRef& x) { return a * x; }

void subtract_product(const ConstMatrixRef& a, const ConstVectorRef& x, VectorXd* y) {
  y->noalias() -= a * x;
}

VectorXd crossprod_vector(const ConstMatrixRef& a, const ConstVectorRef& x) {
  return a.transpose() * x;
}

MatrixXd scale_both_sides(const ConstMatrixRef& a, const VectorXd& u) {
  return u.asDiagonal() * a * u.asDiagonal();
}

void add_outer_product(double s, const ConstVectorRef& x, Eigen::Ref<MatrixXd> a) {
  for (Index j = 0; j < a.cols(); ++j) {
    for (Index i = 0; i < a.rows(); ++i) a(i, j) += s * x[i] * x[j];
  }
}

void mirror_lower(Eigen::Ref<MatrixXd> a) {
  for (Index j = 0; j < a.cols(); ++j) {
    for (Index i = j + 1; i < a.rows(); ++i) a(j, i) = a(i, j);
  }
}

bool cholesky(const ConstMatrixRef& a, MatrixXd* lower) {
  *lower = a.triangularView<Eigen::Lower>();
  const Eigen::LLT<Eigen::Ref<MatrixXd>> factor(*lower);                    // in place
  return factor.info() == Eigen::Success && std::isfinite(lower->trace());  // NaN gets there
}

MatrixXd cholesky_solve(const MatrixXd& lower, const ConstMatrixRef& b) {
  MatrixXd x = b;
  lower.triangularView<Eigen::Lower>().solveInPlace(x);
  lower.transpose().triangularView<Eigen::Upper>().solveInPlace(x);
  return x;
}

double cholesky_log_determinant(const MatrixXd& lower) {
  return 2.0 * lower.diagonal().array().log().sum();
}

MatrixXd solve_lower(const ConstMatrixRef& lower, MatrixXd b) {
  lower.triangularView<Eigen::Lower>().solveInPlace(b);
  return b;
}

VectorXd multiply_lower(const ConstMatrixRef& lower, const ConstVectorRef& x) {
  constexpr Index width = 8;  // of a panel of columns: a triangle, and what is below it
  const Index n = lower.rows();
  VectorXd y = VectorXd::Zero(n);
  for (Index first = 0; first < n; first += width) {
    const Index end = std::min(first + width, n);
    for (Index j = first; j < end; ++j) {
      for (Index i = j; i < end; ++i) y[i] += x[j] * lower(i, j);
    }
    if (end < n) {
      y.tail(n - end).noalias() +=
          lower.block(end, first, n - end, width) * x.segment(first, width);
    }
  }
  return y;
}

VectorXd ldlt_solve(const MatrixXd& a, const VectorXd& b) {
  return Eigen::LDLT<MatrixXd>(a).solve(b);
}

MatrixXd semidefinite_root(const ConstMatrixRef& a) {
  const Eigen::LDLT<MatrixXd> factor(a);
  const MatrixXd lower = factor.transpositionsP().transpose() * MatrixXd(factor.matrixL());
  const VectorXd scale = factor.vectorD().cwiseMax(0.0).cwiseSqrt();
  return scale.asDiagonal() * lower.transpose();
}

SymmetricEigen symmetric_eigen(const ConstMatrixRef& a) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(a);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

VectorXd symmetric_eigenvalues(const ConstMatrixRef& a) {
  return Eigen::SelfAdjointEigenSolver<MatrixXd>(a, Eigen::EigenvaluesOnly).eigenvalues();
}

MatrixXd inverse(const MatrixXd& a) { return a.inverse(); }

MatrixXd multiply_inverse_transpose(const MatrixXd& b, const MatrixXd& a) {
  return a.partialPivLu().solve(b.transpose()).transpose();
}

// Column by column: for the few columns that are asked for, blocks would not be faster.
MatrixXd orthonormal_basis(MatrixXd a) {
  const Index m = a.rows(), n = a.cols();
  VectorXd scale(n), workspace(n);  // H_j = I - scale_j v_j v_j', v_j = [1, a.col(j) below j]
  for (Index j = 0; j < n; ++j) {
    double diagonal;
    a.col(j).tail(m - j).makeHouseholderInPlace(scale[j], diagonal);
    a(j, j) = diagonal;
    a.bottomRightCorner(m - j, n - j - 1)
        .applyHouseholderOnTheLeft(a.col(j).tail(m - j - 1), scale[j], workspace.data());
  }
  MatrixXd basis = MatrixXd::Identity(m, n);  // H_1 ... H_n I
  for (Index j = n - 1; j >= 0; --j) {
    basis.bottomRows(m - j).applyHouseholderOnTheLeft(a.col(j).tail(m - j - 1), scale[j],
                                                      workspace.data());
  }
  return basis;
}

}  // namespace gmvae
