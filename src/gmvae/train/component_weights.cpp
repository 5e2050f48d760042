#include "gmvae/train/component_weights.h"

#include <cmath>

#include "core/dense.h"

namespace gmvae {

namespace {

// An orthonormal basis of the space of the columns of a (G x n), which may depend on one another.
Eigen::MatrixXd basis_of(const Eigen::MatrixXd& a) {
  constexpr double least = 1e-8;  // of the largest
  const SymmetricEigen eigen = symmetric_eigen(crossprod(a, a));
  const Index n = eigen.values.size();
  Index rank = 0;
  while (rank < n && eigen.values[n - 1 - rank] > least * eigen.values[n - 1]) ++rank;
  const Eigen::VectorXd inverse_length = eigen.values.tail(rank).cwiseSqrt().cwiseInverse();
  return multiply(a, eigen.vectors.rightCols(rank) * inverse_length.asDiagonal());
}

}  // namespace

Eigen::MatrixXd component_weights(const PrincipalComponents& components,
                                  const Eigen::MatrixXd& unwanted, Index n_units, RngStream rng) {
  Eigen::MatrixXd directions = components.weights();  // L x G
  if (unwanted.cols() > 0) {
    const Eigen::MatrixXd basis = basis_of(unwanted);
    directions -= tcrossprod(multiply(directions, basis), basis);
  }
  const double length = directions.norm();
  if (length > 0) directions *= std::sqrt(2.0) / length;
  Eigen::MatrixXd random(n_units, directions.rows());
  for (Index i = 0; i < random.size(); ++i) random.data()[i] = rng.normal();
  return multiply(random, directions);
}

Eigen::MatrixXd design_covariances(const CellSource& source, const double* size,
                                   const Design& design, const std::vector<Index>& cells,
                                   Monitor& monitor) {
  Eigen::MatrixXd products = Eigen::MatrixXd::Zero(source.n_genes(), design.n_columns);
  if (design.empty()) return products;
  const Design rows = design.rows(cells);
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(source.n_genes());
  Eigen::RowVectorXd design_mean = Eigen::RowVectorXd::Zero(design.n_columns);
  for_non_zeros_of(
      cells, source, size, true,
      [&](Index place, std::size_t gene, double value) {
    const Index g = static_cast<Index>(gene);
    mean[g] += value;
    rows.for_row(place, [&](Index c, float a) { products(g, c) += a * value; });
      },
      &monitor);
  for (Index i = 0; i < rows.n_rows(); ++i) {
    rows.for_row(i, [&](Index c, float a) { design_mean[c] += a; });
  }
  const double n = static_cast<double>(cells.size());
  return (products - mean * (design_mean / n)) / n;
}

}  // namespace gmvae
