// Dense linear algebra in double: the only room that includes Eigen's decompositions.  Its products
// of matrices are here too, because each file that writes one down compiles it again for seconds.
//
// Arguments may be blocks of columns; results own their memory.  Nothing throws: what can fail
// returns false or numbers that are not finite.
#pragma once

#include "core/eigen.h"
#include "core/types.h"

namespace gmvae {

using ConstMatrixRef = Eigen::Ref<const Eigen::MatrixXd>;
using ConstVectorRef = Eigen::Ref<const Eigen::VectorXd>;

// Products ---------------------------------------------------------------------------------------

// A B, for A: m x n, B: n x p
Eigen::MatrixXd multiply(const ConstMatrixRef& a, const ConstMatrixRef& b);

// A' B, for A: n x m, B: n x p
Eigen::MatrixXd crossprod(const ConstMatrixRef& a, const ConstMatrixRef& b);

// A B', for A: m x n, B: p x n
Eigen::MatrixXd tcrossprod(const ConstMatrixRef& a, const ConstMatrixRef& b);

// A x, for A: m x n, x: n; and y -= A x, for y: m
Eigen::VectorXd multiply_vector(const ConstMatrixRef& a, const ConstVectorRef& x);
void subtract_product(const ConstMatrixRef& a, const ConstVectorRef& x, Eigen::VectorXd* y);

// A' x, for A: n x m, x: n
Eigen::VectorXd crossprod_vector(const ConstMatrixRef& a, const ConstVectorRef& x);

// diag(u) A diag(u), for A: n x n, u: n
Eigen::MatrixXd scale_both_sides(const ConstMatrixRef& a, const Eigen::VectorXd& u);

// A += (s x) x', for A: n x n, x: n
void add_outer_product(double s, const ConstVectorRef& x, Eigen::Ref<Eigen::MatrixXd> a);

// The entries below the diagonal are copied above it, for A: n x n.
void mirror_lower(Eigen::Ref<Eigen::MatrixXd> a);

// Cholesky's factor ------------------------------------------------------------------------------

// L with A = L L', for A: n x n symmetric, of which the lower triangle is read.  False where A is
// not positive definite or not finite; what L then holds is of no use.
bool cholesky(const ConstMatrixRef& a, Eigen::MatrixXd* lower);

// A^-1 B from A's factor L, for B: n x p
Eigen::MatrixXd cholesky_solve(const Eigen::MatrixXd& lower, const ConstMatrixRef& b);

// log|A| from A's factor L
double cholesky_log_determinant(const Eigen::MatrixXd& lower);

// L^-1 B, for L: n x n, of which the lower triangle is read, B: n x p.  Not finite where L has a
// zero on its diagonal.
Eigen::MatrixXd solve_lower(const ConstMatrixRef& lower, Eigen::MatrixXd b);

// L x, for x: n
Eigen::VectorXd multiply_lower(const ConstMatrixRef& lower, const ConstVectorRef& x);

// A^-1 b, for A: n x n symmetric, positive semidefinite or nearly so, of which the lower triangle
// is read: by LDL' with pivots.
Eigen::VectorXd ldlt_solve(const Eigen::MatrixXd& a, const Eigen::VectorXd& b);

// R with A = R'R, for A: n x n symmetric, positive semidefinite: by LDL' with pivots, of which
// negative ones (rounding) count as zero.
Eigen::MatrixXd semidefinite_root(const ConstMatrixRef& a);

// Other decompositions ---------------------------------------------------------------------------

// Of A: n x n symmetric, of which the lower triangle is read; values ascend.
struct SymmetricEigen {
  Eigen::VectorXd values;   // n
  Eigen::MatrixXd vectors;  // n x n, columns
};
SymmetricEigen symmetric_eigen(const ConstMatrixRef& a);
Eigen::VectorXd symmetric_eigenvalues(const ConstMatrixRef& a);

// A^-1 and B (A^-1)' by LU with row pivots, for A: n x n, B: p x n.  Not finite where A is
// singular.
Eigen::MatrixXd inverse(const Eigen::MatrixXd& a);
Eigen::MatrixXd multiply_inverse_transpose(const Eigen::MatrixXd& b, const Eigen::MatrixXd& a);

// An orthonormal basis (m x n) of the columns of A: m x n, m >= n, by Householder's QR.
Eigen::MatrixXd orthonormal_basis(Eigen::MatrixXd a);

}  // namespace gmvae
