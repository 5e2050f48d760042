#include "gmvae/data/principal_components.h"

#include <algorithm>

#include "core/dense.h"

namespace gmvae {

namespace {

constexpr Index spare_components = 5;
constexpr Index n_steps = 5;

// log(1 + x / size) of some cells, G x n, by its non-zeros.
struct Values {
  std::vector<Index> cell, gene;
  std::vector<double> value;
  Index n_genes, n_cells;

  // (V Y)', L x G, for Y': L x n.  Transposed, so that each value meets a run of numbers.
  Eigen::MatrixXd times(const Eigen::MatrixXd& y) const {
    Eigen::MatrixXd product = Eigen::MatrixXd::Zero(y.rows(), n_genes);
    for (std::size_t e = 0; e < value.size(); ++e) {
      product.col(gene[e]) += value[e] * y.col(cell[e]);
    }
    return product;
  }

  // (V' W)', L x n, for W': L x G
  Eigen::MatrixXd transposed_times(const Eigen::MatrixXd& w) const {
    Eigen::MatrixXd product = Eigen::MatrixXd::Zero(w.rows(), n_cells);
    for (std::size_t e = 0; e < value.size(); ++e) {
      product.col(cell[e]) += value[e] * w.col(gene[e]);
    }
    return product;
  }
};

}  // namespace

PrincipalComponents::PrincipalComponents(const CellSource& source, const double* size,
                                         const std::vector<Index>& cells, Index n_components,
                                         RngStream rng, Monitor& monitor)
    : source_(source), size_(size) {
  const Index n_genes = source.n_genes(), n = static_cast<Index>(cells.size());
  Values values{{}, {}, {}, n_genes, n};
  for_non_zeros_of(cells, source, size, true, [&](Index j, std::size_t gene, double value) {
    values.cell.push_back(j);
    values.gene.push_back(static_cast<Index>(gene));
    values.value.push_back(value);
  });

  // Values less their mean, which is taken off without making them dense.
  const Eigen::VectorXd mean =
      values.times(Eigen::MatrixXd::Constant(1, n, 1 / static_cast<double>(n))).transpose();
  const auto scores = [&](const Eigen::MatrixXd& weights) {  // n x L
    Eigen::MatrixXd y = values.transposed_times(weights.transpose()).transpose();
    y.rowwise() -= (mean.transpose() * weights).eval();
    return y;
  };
  const Index n_tracked = std::min({n_components + spare_components, n_genes, n});
  Eigen::MatrixXd weights(n_genes, n_tracked);
  for (Index i = 0; i < weights.size(); ++i) weights.data()[i] = rng.normal();
  for (Index step = 0; step < n_steps; ++step) {
    monitor.poll();
    const Eigen::MatrixXd y = scores(weights);
    weights = values.times(y.transpose()).transpose();
    weights -= mean * y.colwise().sum();
    weights = orthonormal_basis(weights);
  }
  const Eigen::MatrixXd y = scores(weights);
  const Eigen::MatrixXd largest_first =
      symmetric_eigen(crossprod(y, y)).vectors.rowwise().reverse();
  weights_ =
      multiply(weights, largest_first.leftCols(std::min(n_components, n_tracked))).transpose();
  centre_ = multiply_vector(weights_, mean);
}

Eigen::MatrixXd PrincipalComponents::points(const std::vector<Index>& cells) const {
  Eigen::MatrixXd sums = -centre_.replicate(1, static_cast<Index>(cells.size()));
  for_non_zeros_of(cells, source_, size_, true, [&](Index j, std::size_t gene, double value) {
    sums.col(j) += value * weights_.col(static_cast<Index>(gene));
  });
  return sums;
}

Eigen::MatrixXd PrincipalComponents::points_by(const std::vector<char>& taken,
                                               const std::vector<Index>& cells) const {
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(weights_.rows(), static_cast<Index>(cells.size()));
  for_non_zeros_of(cells, source_, size_, true, [&](Index j, std::size_t gene, double value) {
    if (taken[gene]) sums.col(j) += value * weights_.col(static_cast<Index>(gene));
  });
  return sums;
}

}  // namespace gmvae
