#include "gmm/noise.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/rng.h"
#include "gmm/select.h"

namespace gmvae {

namespace {

constexpr Index block_size = 256;
constexpr Index n_references = 2000;
constexpr Index neighbour = 10;

struct Range {
  Eigen::ArrayXd low, high;

  explicit Range(Index d)
      : low(Eigen::ArrayXd::Constant(d, std::numeric_limits<double>::infinity())), high(-low) {}
  void add(const Eigen::MatrixXd& rows) {
    low = low.min(rows.colwise().minCoeff().transpose().array());
    high = high.max(rows.colwise().maxCoeff().transpose().array());
  }
};

// A column without spread has no volume: it counts as 1.
Eigen::VectorXd log_length(const Range& range) {
  const Eigen::ArrayXd length = range.high - range.low;
  return (length > 0.0).select(length, 1.0).log();
}

}  // namespace

NoiseDensity noise_density(const Observations& data, const Eigen::MatrixXd& covariance,
                           double density) {
  const Index d = data.n_dimensions();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> axes(covariance);
  Range columns(d), components(d);
  Eigen::MatrixXd block;
  for (Index i = 0; i < data.n_complete(); i += block_size) {
    const Index n = std::min(block_size, data.n_complete() - i);
    block.resize(n, d);
    data.read(i, n, block.data(), n);
    columns.add(block);
    components.add(block * axes.eigenvectors());
  }
  for (const Pattern& pattern : data.patterns()) {
    for (const Index row : pattern.rows) {
      for (const Index j : pattern.observed) {
        columns.low[j] = std::min(columns.low[j], data.value(row, j));
        columns.high[j] = std::max(columns.high[j], data.value(row, j));
      }
    }
  }
  NoiseDensity noise;
  noise.on = true;
  noise.log_range = log_length(columns);
  double volume = noise.log_range.sum();
  // The box along the principal components holds the complete rows only.
  if (data.patterns().empty()) volume = std::min(volume, log_length(components).sum());
  noise.log_density =
      std::isnan(density) ? -volume : std::log(density) + data.scale().array().log().sum();
  return noise;
}

std::vector<bool> sparse_points(const Eigen::MatrixXd& points, double share, std::uint64_t seed,
                                Workers& workers, Monitor& monitor) {
  const Index n = points.cols();
  RngStream rng(seed, Purpose::mixture_start, 1, 0);
  std::vector<Index> order(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
  rng.shuffle(order);
  order.resize(static_cast<std::size_t>(std::min(n, n_references)));
  const Eigen::MatrixXd references = select_columns(points, order);
  // The point itself is one of its neighbours.
  const Index rank = std::min(neighbour, references.cols() - 1);
  std::vector<double> distance(static_cast<std::size_t>(n));
  parallel_blocks(workers, n, block_size, [&](Index, Index begin, Index end) {
    Eigen::VectorXd squares;
    for (Index i = begin; i < end; ++i) {
      squares = (references.colwise() - points.col(i)).colwise().squaredNorm();
      std::nth_element(squares.data(), squares.data() + rank, squares.data() + squares.size());
      distance[static_cast<std::size_t>(i)] = squares[rank];
    }
  });
  monitor.poll();
  std::vector<double> sorted = distance;
  const std::size_t n_kept = std::min(
      static_cast<std::size_t>(std::ceil((1.0 - share) * static_cast<double>(n))), sorted.size());
  std::vector<bool> sparse(distance.size(), false);
  if (n_kept == 0 || n_kept >= sorted.size()) return sparse;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(n_kept - 1),
                   sorted.end());
  for (std::size_t i = 0; i < sparse.size(); ++i) sparse[i] = distance[i] > sorted[n_kept - 1];
  return sparse;
}

}  // namespace gmvae
