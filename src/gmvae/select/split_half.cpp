#include "gmvae/select/split_half.h"

#include <algorithm>

#include "core/numeric.h"
#include "core/rng.h"
#include "gmvae/data/principal_components.h"

namespace gmvae {

namespace {

constexpr Purpose split_half_purpose{18};

constexpr Index fewest_cells = 20;
constexpr Index n_components = 30, n_together = 10;
constexpr Index n_halvings = 8;  // of the genes

// Of L x n points, less the mean of their group.
void centre(Eigen::MatrixXd& points, const std::vector<Index>& cells,
            const std::vector<int>& group) {
  const Index n_groups = 1 + *std::max_element(group.begin(), group.end());
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(points.rows(), n_groups);
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(n_groups);
  const auto group_of = [&](Index j) {
    return group[static_cast<std::size_t>(cells[static_cast<std::size_t>(j)])];
  };
  for (Index j = 0; j < points.cols(); ++j) {
    sums.col(group_of(j)) += points.col(j);
    counts[group_of(j)] += 1;
  }
  for (Index j = 0; j < points.cols(); ++j) {
    points.col(j) -= sums.col(group_of(j)) / counts[group_of(j)];
  }
}

}  // namespace

SplitHalf split_half_reliability(const CellSource& source, const double* size,
                                 const std::vector<int>& group, Monitor& monitor) {
  const SplitHalf unknown{not_a_number, {}};
  if (source.n_cells() < fewest_cells || source.n_genes() < 2) return unknown;
  std::vector<Index> cells = all_cells(source);
  RngStream rng(0, split_half_purpose);
  rng.shuffle(cells);
  const auto middle = cells.begin() + static_cast<std::ptrdiff_t>(cells.size() / 2);
  std::vector<Index> half(cells.begin(), middle), other(middle, cells.end());
  std::vector<char> taken(static_cast<std::size_t>(source.n_genes()), 0);
  std::fill(taken.begin(), taken.begin() + source.n_genes() / 2, 1);
  const Index n = std::min({n_components, source.n_genes(), static_cast<Index>(half.size())});
  Eigen::ArrayXd common = Eigen::ArrayXd::Zero(n), total = common;  // L
  for (std::uint64_t direction : {0, 1}) {
    std::sort(half.begin(), half.end());
    std::sort(other.begin(), other.end());
    const PrincipalComponents components(source, size, half, n,
                                         RngStream(0, split_half_purpose, 1, direction), monitor);
    Eigen::MatrixXd all = components.points(other);
    centre(all, other, group);
    for (Index halving = 0; halving < n_halvings; ++halving) {
      rng.shuffle(taken);
      Eigen::MatrixXd by_half = components.points_by(taken, other);
      centre(by_half, other, group);
      const Eigen::MatrixXd by_rest = all - by_half;
      common += (by_half.array() * by_rest.array()).rowwise().sum();
      total += (by_half.array().square() + by_rest.array().square()).rowwise().sum() / 2;
    }
    std::swap(half, other);
  }
  // Rounding, where all cells are equal.
  const double least = 1e-12 * n_halvings * static_cast<double>(source.n_cells());
  const Index first = std::min(n_together, n);
  if (!(total.head(first).sum() > least)) return unknown;
  SplitHalf result{common.head(first).sum() / total.head(first).sum(), {}};
  for (Index l = 0; l < n; ++l) {
    result.components.push_back(total[l] > least ? common[l] / total[l] : 0);
  }
  return result;
}

}  // namespace gmvae
