#include "gmvae/data/design_levels.h"

#include <algorithm>
#include <cmath>

#include "core/dense.h"
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

// Sums over cells for each side of each column, weighted by the sizes of its values: side 2 c of
// the positive values of column c, 2 c + 1 of the negative ones.
class Sides {
 public:
  Sides(const Design& design, std::size_t n_genes)
      : n_genes_(n_genes), indicator_(design.are_indicators()), n_cells_(2 * indicator_.size()),
        square_(2 * indicator_.size()) {
    for (Index i = 0; i < design.n_rows(); ++i) {
      for_sides(design, i, [&](std::size_t side, double a) {
        n_cells_[side] += a;
        square_[side] += a * a;
      });
    }
  }

  // fn(side, weight)
  template <typename Fn>
  static void for_sides(const Design& design, Index row, Fn&& fn) {
    design.for_row(row, [&](Index column, float value) {
      fn(2 * static_cast<std::size_t>(column) + (value < 0 ? 1 : 0),
         static_cast<double>(std::abs(value)));
    });
  }

  double n_cells(std::size_t side) const { return n_cells_[side]; }
  std::size_t n() const { return n_cells_.size(); }

  // Effects (genes x columns) from shift(side, gene), the difference of a side from all cells.
  template <typename Fn>
  std::vector<double> effects(Fn&& shift) const {
    std::vector<double> effect(n_genes_ * indicator_.size());
    for (std::size_t c = 0; c < indicator_.size(); ++c) {
      const std::size_t above = 2 * c, below = above + 1;
      if (!indicator_[c] && !(n_cells_[above] > 0 && n_cells_[below] > 0)) continue;
      for (std::size_t g = 0; g < n_genes_; ++g) {
        double& here = effect[c * n_genes_ + g];
        here = shift(above, g);
        if (indicator_[c]) continue;
        here = (here - shift(below, g)) /
               (square_[above] / n_cells_[above] + square_[below] / n_cells_[below]);
      }
    }
    return effect;
  }

 private:
  std::size_t n_genes_;
  std::vector<bool> indicator_;
  std::vector<double> n_cells_, square_;
};

// Further steps for logarithms of shares, of at most so many cells, evenly spread.
void refine(const CellSource& source, const Design& design, std::vector<double>& level,
            std::vector<double>& effect) {
  constexpr Index most_cells = 2000, n_steps = 10;
  constexpr double largest_step = 2;
  const std::size_t n_genes = level.size();
  const std::vector<Index> cells = evenly_spread(source.n_cells(), most_cells);
  const Design rows = design.rows(cells);
  const Sides sides(rows, n_genes);
  std::vector<double> observed(sides.n() * n_genes), all(n_genes), total;
  Index row = 0;
  for_cells_of(cells, source,
               [&](Index, Index n_entries, const std::int32_t* gene, const double* count) {
    total.push_back(0);
    for (Index e = 0; e < n_entries; ++e) {
      const std::size_t g = static_cast<std::size_t>(gene[e]);
      all[g] += count[e];
      total.back() += count[e];
      Sides::for_sides(rows, row, [&](std::size_t side, double a) {
        observed[side * n_genes + g] += a * count[e];
      });
    }
    ++row;
  });
  const auto ratio = [&](double one, double other) {
    return std::min(std::max(std::log((one + 1) / (other + 1)), -largest_step), largest_step);
  };
  std::vector<double> mean(n_genes);
  for (Index step = 0; step < n_steps; ++step) {
    std::vector<double> expected(observed.size()), expected_all(n_genes);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      mean = level;
      rows.for_row(static_cast<Index>(i), [&](Index column, float a) {
        const double* of_column = effect.data() + static_cast<std::size_t>(column) * n_genes;
        for (std::size_t g = 0; g < n_genes; ++g) mean[g] += static_cast<double>(a) * of_column[g];
      });
      const double top = *std::max_element(mean.begin(), mean.end());
      double sum = 0;
      for (double& m : mean) sum += m = std::exp(m - top);
      for (std::size_t g = 0; g < n_genes; ++g) {
        mean[g] *= total[i] / sum;
        expected_all[g] += mean[g];
      }
      Sides::for_sides(rows, static_cast<Index>(i), [&](std::size_t side, double a) {
        for (std::size_t g = 0; g < n_genes; ++g) expected[side * n_genes + g] += a * mean[g];
      });
    }
    std::vector<double> more = sides.effects([&](std::size_t side, std::size_t g) {
      return ratio(observed[side * n_genes + g], expected[side * n_genes + g]);
    });
    share_effects(rows, n_genes, more);
    for (std::size_t i = 0; i < effect.size(); ++i) effect[i] += more[i];
    for (std::size_t g = 0; g < n_genes; ++g) level[g] += ratio(all[g], expected_all[g]);
  }
}

}  // namespace

std::vector<double> design_levels(const CellSource& source, const Design& design,
                                  const InputTransform& transform,
                                  const LikelihoodTraits& likelihood, std::vector<double>& level) {
  if (design.empty()) return {};
  const std::size_t n_genes = static_cast<std::size_t>(source.n_genes());
  const Sides sides(design, n_genes);
  std::vector<double> sum(n_genes * sides.n()), total(sides.n()), all(n_genes);
  double grand_total = 0;
  for_non_zeros(source, nullptr, false, [&](Index cell, std::size_t gene, double value) {
    Sides::for_sides(design, cell, [&](std::size_t side, double a) {
      sum[side * n_genes + gene] += a * value;
      total[side] += a * value;
    });
    all[gene] += value;
    grand_total += value;
  });
  const double n = static_cast<double>(source.n_cells());
  std::vector<double> effect = sides.effects([&](std::size_t side, std::size_t g) {
    return likelihood.shift({sum[side * n_genes + g], sides.n_cells(side), total[side]},
                            {all[g], n, grand_total}, transform.offset[g], transform.scale[g]);
  });
  if (design.is_one_hot()) return effect;
  share_effects(design, n_genes, effect);
  if (likelihood.size_factors) refine(source, design, level, effect);
  return effect;
}

}  // namespace gmvae
