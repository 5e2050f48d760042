// Dense linear algebra against naive definitions.
#include <algorithm>
#include <cmath>

#include "core/dense.h"
#include "core/rng.h"
#include "testing.h"

using namespace gmvae;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

// Sizes on both sides of where products are blocked.
const Index sizes[] = {1, 2, 3, 7, 16, 61};

MatrixXd random_matrix(Index rows, Index cols, std::uint64_t stream) {
  RngStream rng(3, testing::purpose, 0, stream);
  MatrixXd x(rows, cols);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = rng.normal();
  return x;
}

// A B by its definition.
MatrixXd naive(const MatrixXd& a, const MatrixXd& b) {
  MatrixXd c = MatrixXd::Zero(a.rows(), b.cols());
  for (Index i = 0; i < a.rows(); ++i) {
    for (Index j = 0; j < b.cols(); ++j) {
      for (Index k = 0; k < a.cols(); ++k) c(i, j) += a(i, k) * b(k, j);
    }
  }
  return c;
}

MatrixXd transposed(const MatrixXd& a) {
  MatrixXd t(a.cols(), a.rows());
  for (Index i = 0; i < a.rows(); ++i) {
    for (Index j = 0; j < a.cols(); ++j) t(j, i) = a(i, j);
  }
  return t;
}

// Symmetric; positive definite where rank >= n.
MatrixXd scatter(Index n, Index rank) {
  const MatrixXd x = random_matrix(n, rank, 7);
  return naive(x, transposed(x));
}

// Of the determinant by elimination without pivots, for positive definite matrices.
double naive_log_determinant(MatrixXd a) {
  double sum = 0.0;
  for (Index k = 0; k < a.rows(); ++k) {
    sum += std::log(a(k, k));
    for (Index i = k + 1; i < a.rows(); ++i) {
      const double factor = a(i, k) / a(k, k);
      for (Index j = k; j < a.cols(); ++j) a(i, j) -= factor * a(k, j);
    }
  }
  return sum;
}

void check_equal(const MatrixXd& a, const MatrixXd& b, double tolerance) {
  CHECK(a.rows() == b.rows() && a.cols() == b.cols());
  if (a.rows() != b.rows() || a.cols() != b.cols()) return;
  double largest = 1.0;
  for (Index i = 0; i < b.size(); ++i) largest = std::max(largest, std::abs(b.data()[i]));
  for (Index i = 0; i < b.size(); ++i) {
    CHECK_NEAR(a.data()[i] / largest, b.data()[i] / largest, tolerance);
  }
}

}  // namespace

TEST("products are sums over the common index, of blocks of columns too") {
  for (const Index m : sizes) {
    for (const Index n : sizes) {
      for (const Index p : {1, 5, 40}) {
        const MatrixXd a = random_matrix(m, n, 1), b = random_matrix(n, p, 2);
        const MatrixXd ab = naive(a, b);
        check_equal(multiply(a, b), ab, 1e-13);
        check_equal(crossprod(transposed(a), b), ab, 1e-13);
        check_equal(tcrossprod(a, transposed(b)), ab, 1e-13);
        MatrixXd wide(m, n + 2);
        wide << random_matrix(m, 1, 4), a, random_matrix(m, 1, 5);
        check_equal(multiply(wide.middleCols(1, n), b), ab, 1e-13);
        check_equal(multiply_vector(a, b.col(p - 1)), ab.rightCols(1), 1e-13);
        check_equal(crossprod_vector(transposed(a), b.col(p - 1)), ab.rightCols(1), 1e-13);
        VectorXd y = random_matrix(m, 1, 6);
        const MatrixXd difference = y - ab.col(0);
        subtract_product(a, b.col(0), &y);
        check_equal(y, difference, 1e-13);
      }
    }
  }
}

TEST("scale_both_sides(), add_outer_product(), mirror_lower(): entry by entry") {
  const MatrixXd a = random_matrix(7, 7, 1), x = random_matrix(7, 1, 2);
  MatrixXd sum = a, mirrored = a;
  add_outer_product(-0.5, x.col(0), sum);
  mirror_lower(mirrored);
  const MatrixXd scaled = scale_both_sides(a, x);
  for (Index i = 0; i < 7; ++i) {
    for (Index j = 0; j < 7; ++j) {
      CHECK_NEAR(scaled(i, j), x(i, 0) * a(i, j) * x(j, 0), 1e-15);
      CHECK_NEAR(sum(i, j), a(i, j) - 0.5 * x(i, 0) * x(j, 0), 1e-15);
      CHECK(mirrored(i, j) == a(std::max(i, j), std::min(i, j)));
    }
  }
}

TEST("cholesky(): L L' = A from the lower triangle, L zero above") {
  for (const Index n : sizes) {
    const MatrixXd a = scatter(n, n + 3);
    MatrixXd lower_only = a, lower;
    for (Index j = 0; j < n; ++j) lower_only.col(j).head(j).setConstant(NAN);
    CHECK(cholesky(lower_only, &lower));
    for (Index j = 0; j < n; ++j) CHECK(lower.col(j).head(j).isZero(0.0) && lower(j, j) > 0.0);
    check_equal(naive(lower, transposed(lower)), a, 1e-12);
    CHECK_NEAR(cholesky_log_determinant(lower), naive_log_determinant(a), 1e-10);
    const MatrixXd b = random_matrix(n, 4, 9), x = random_matrix(n, 1, 8);
    check_equal(naive(a, cholesky_solve(lower, b)), b, 1e-8);
    check_equal(naive(lower, solve_lower(lower, b)), b, 1e-10);
    check_equal(multiply_lower(lower, x.col(0)), naive(lower, x), 1e-13);
  }
}

TEST("cholesky(): false where a matrix is not positive definite") {
  MatrixXd lower, indefinite = MatrixXd::Identity(5, 5);
  indefinite(3, 3) = -1.0;
  CHECK(!cholesky(indefinite, &lower));
  CHECK(!cholesky(MatrixXd::Zero(2, 2), &lower));
}

TEST("cholesky(): false where a number of the lower triangle is not finite") {
  MatrixXd lower;
  for (const Index n : {2, 5, 70}) {  // 70: by blocks
    for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
      for (const Index column : {Index{0}, n - 1}) {
        MatrixXd a = scatter(n, n + 3);
        a(n - 1, column) = bad;
        CHECK(!cholesky(a, &lower));
      }
    }
  }
}

TEST("semidefinite_root(): R'R = A, of any rank; ldlt_solve(): A x = b") {
  for (const Index n : sizes) {
    for (const Index rank : {Index{0}, n / 2, n + 3}) {
      const MatrixXd a = scatter(n, rank), root = semidefinite_root(a);
      check_equal(naive(transposed(root), root), a, 1e-12);
      if (rank < n) continue;
      const MatrixXd b = random_matrix(n, 1, 9);
      check_equal(naive(a, ldlt_solve(a, b)), b, 1e-8);
    }
  }
}

TEST("symmetric_eigen(): A V = V diag(v), V orthonormal, v ascending") {
  for (const Index n : sizes) {
    const MatrixXd a = scatter(n, n / 2 + 1) - 0.5 * MatrixXd::Identity(n, n);
    const SymmetricEigen eigen = symmetric_eigen(a);
    const MatrixXd& v = eigen.vectors;
    check_equal(naive(a, v), naive(v, MatrixXd(eigen.values.asDiagonal())), 1e-12);
    check_equal(naive(transposed(v), v), MatrixXd::Identity(n, n), 1e-12);
    for (Index i = 1; i < n; ++i) CHECK(eigen.values[i] >= eigen.values[i - 1]);
    check_equal(symmetric_eigenvalues(a), eigen.values, 1e-12);
  }
}

TEST("lu_solve(): A X = B") {
  for (const Index n : sizes) {
    const MatrixXd a = random_matrix(n, n, 1) + 3.0 * MatrixXd::Identity(n, n);
    for (const MatrixXd& b : {MatrixXd(MatrixXd::Identity(n, n)), random_matrix(n, 4, 2)}) {
      check_equal(naive(a, lu_solve(a, b)), b, 1e-10);
    }
  }
  CHECK(!lu_solve(MatrixXd::Zero(3, 3), MatrixXd::Identity(3, 3)).allFinite());
}

TEST("orthonormal_basis(): orthonormal columns that span those of the matrix") {
  for (const Index m : {3, 20, 130}) {
    for (const Index n : {1, 3}) {
      const MatrixXd a = random_matrix(m, n, 1), q = orthonormal_basis(a);
      check_equal(naive(transposed(q), q), MatrixXd::Identity(n, n), 1e-13);
      check_equal(naive(q, naive(transposed(q), a)), a, 1e-13);
    }
  }
}
