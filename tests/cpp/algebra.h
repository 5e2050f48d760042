// Plain linear algebra for expected values: Eigen's decompositions, compiled once for all tests,
// and apart from those of the core, which they check.
#pragma once

#include <Eigen/Core>

namespace testing {

using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd product(const MatrixXd& a, const MatrixXd& b);
MatrixXd solve(const MatrixXd& a, const MatrixXd& b);  // A^-1 B, for any regular A

bool is_positive_definite(const MatrixXd& a);
double determinant(const MatrixXd& a);
double log_determinant(const MatrixXd& a);  // of A positive definite

struct Eigensystem {
  VectorXd values;   // ascending
  MatrixXd vectors;  // in columns
};
Eigensystem eigensystem(const MatrixXd& a);  // of A symmetric

}  // namespace testing
