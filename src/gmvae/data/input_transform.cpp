#include "gmvae/data/input_transform.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/dense.h"
#include "core/numeric.h"
#include "gmvae/data/gene_scores.h"

namespace gmvae {

namespace {

// Effects of the levels of a factor, less their mean over the cells, as the right side of normal
// equations with centred columns asks for.  The columns of a factor are side by side, and each cell
// has a one in one of them.
void centre_factors(const std::vector<bool>& indicator, const Eigen::VectorXd& n_cells, double n,
                    Eigen::Map<Eigen::MatrixXd> effect) {
  Index first = 0;
  double seen = 0;
  for (Index c = 0; c < n_cells.size(); ++c) {
    if (!indicator[static_cast<std::size_t>(c)]) {
      first = c + 1;
      seen = 0;
      continue;
    }
    seen += n_cells[c];
    if (seen < n) continue;
    const Index size = c + 1 - first;
    const Eigen::VectorXd mean =
        multiply_vector(effect.middleCols(first, size), n_cells.segment(first, size) / seen);
    effect.middleCols(first, size).colwise() -= mean;
    first = c + 1;
    seen = 0;
  }
}

// Effects of single columns become those of columns that act together (genes x columns):
//   (A'A + I) beta = diag(a_c'a_c) effect,   A the design with centred columns
// The identity weighs as much as one cell, for columns that others determine.
void share_effects(const Design& design, std::size_t n_genes, std::vector<double>& effect) {
  const Index n_columns = design.n_columns;
  const double n = static_cast<double>(design.n_rows());
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(n_columns);
  Eigen::MatrixXd products = Eigen::MatrixXd::Zero(n_columns, n_columns);
  for (Index i = 0; i < design.n_rows(); ++i) {
    design.for_row(i, [&](Index a, float x) {
      sum[a] += static_cast<double>(x);
      design.for_row(i, [&](Index b, float y) { products(a, b) += static_cast<double>(x * y); });
    });
  }
  const Eigen::VectorXd square = products.diagonal();
  for (Index a = 0; a < n_columns; ++a) {
    for (Index b = 0; b < n_columns; ++b) products(a, b) -= sum[a] * sum[b] / n;
    products(a, a) += 1;
  }
  Eigen::MatrixXd lower;
  if (!cholesky(products, &lower)) return;
  Eigen::Map<Eigen::MatrixXd> by_gene(effect.data(), static_cast<Index>(n_genes), n_columns);
  centre_factors(design.are_indicators(), square, n, by_gene);
  Eigen::MatrixXd right(n_columns, by_gene.rows());
  for (Index a = 0; a < n_columns; ++a) right.row(a) = square[a] * by_gene.col(a).transpose();
  const Eigen::MatrixXd shared = cholesky_solve(lower, right);
  for (Index a = 0; a < n_columns; ++a) {
    for (Index g = 0; g < by_gene.rows(); ++g) {
      effect[static_cast<std::size_t>(a * by_gene.rows() + g)] = shared(a, g);
    }
  }
}

}  // namespace

InputTransform fit_transform(const CellSource& source, const double* size,
                             const LikelihoodTraits& likelihood) {
  const std::size_t n_genes = static_cast<std::size_t>(source.n_genes());
  InputTransform transform{std::vector<double>(n_genes, 1.0), std::vector<double>(n_genes, 0.0)};
  if (likelihood.encoder_input == EncoderInput::standardised) {
    const FeatureMoments moments = feature_moments(source, size, false);
    transform.offset = moments.mean;
    for (std::size_t g = 0; g < n_genes; ++g) {
      if (moments.variance[g] > 0) transform.scale[g] = 1 / std::sqrt(moments.variance[g]);
    }
    return transform;
  }
  double square = 0;
  const bool log = likelihood.encoder_input == EncoderInput::log_counts;
  for_non_zeros(source, log ? size : nullptr, log,
                [&](Index, std::size_t, double value) { square += value * value; });
  const double entries = static_cast<double>(source.n_cells()) * static_cast<double>(n_genes);
  if (square > 0) {
    std::fill(transform.scale.begin(), transform.scale.end(), std::sqrt(entries / square));
  }
  return transform;
}

std::vector<double> gene_levels(const CellSource& source, const LikelihoodTraits& likelihood) {
  std::vector<double> level(static_cast<std::size_t>(source.n_genes()));
  for_non_zeros(source, nullptr, false,
                [&](Index, std::size_t gene, double value) { level[gene] += value; });
  const double n = static_cast<double>(source.n_cells());
  const double total = std::accumulate(level.begin(), level.end(), 0.0);
  for (double& t : level) t = likelihood.level({t, n, total});
  // The shares of a softmax add up to one.
  if (!likelihood.size_factors) return level;
  const double all = log_sum_exp(level.data(), static_cast<Index>(level.size()));
  for (double& t : level) t -= all;
  return level;
}

std::vector<double> design_levels(const CellSource& source, const Design& design,
                                  const InputTransform& transform,
                                  const LikelihoodTraits& likelihood) {
  const std::size_t n_genes = static_cast<std::size_t>(source.n_genes());
  const std::size_t n_columns = static_cast<std::size_t>(design.n_columns);
  if (n_columns == 0) return {};
  // Sides of a column: 2 c of its positive values, 2 c + 1 of its negative ones.
  const auto side = [](Index column, float value) {
    return 2 * static_cast<std::size_t>(column) + (value < 0 ? 1 : 0);
  };
  std::vector<double> sum(n_genes * 2 * n_columns), total(2 * n_columns), n_cells(2 * n_columns),
      square(2 * n_columns), all(n_genes);
  for (Index cell = 0; cell < source.n_cells(); ++cell) {
    design.for_row(cell, [&](Index column, float value) {
      const double a = static_cast<double>(std::abs(value));
      n_cells[side(column, value)] += a;
      square[side(column, value)] += a * a;
    });
  }
  double grand_total = 0;
  for_non_zeros(source, nullptr, false, [&](Index cell, std::size_t gene, double value) {
    design.for_row(cell, [&](Index column, float a) {
      const double part = static_cast<double>(std::abs(a)) * value;
      sum[side(column, a) * n_genes + gene] += part;
      total[side(column, a)] += part;
    });
    all[gene] += value;
    grand_total += value;
  });
  const double n = static_cast<double>(source.n_cells());
  const std::vector<bool> indicator = design.are_indicators();
  std::vector<double> level(n_genes * n_columns);
  for (std::size_t c = 0; c < n_columns; ++c) {
    const std::size_t above = 2 * c, below = above + 1;
    if (!indicator[c] && !(n_cells[above] > 0 && n_cells[below] > 0)) continue;
    for (std::size_t g = 0; g < n_genes; ++g) {
      const auto shift = [&](std::size_t s) {
        return likelihood.shift({sum[s * n_genes + g], n_cells[s], total[s]},
                                {all[g], n, grand_total}, transform.offset[g], transform.scale[g]);
      };
      double& here = level[c * n_genes + g];
      here = shift(above);
      if (indicator[c]) continue;
      here =
          (here - shift(below)) / (square[above] / n_cells[above] + square[below] / n_cells[below]);
    }
  }
  if (!design.is_one_hot()) share_effects(design, n_genes, level);
  return level;
}

}  // namespace gmvae
