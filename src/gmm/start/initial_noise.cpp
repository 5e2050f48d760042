#include "gmm/start/initial_noise.h"

#include <algorithm>
#include <cmath>

#include "core/rng.h"
#include "core/select.h"
#include "gmm/start/purpose.h"

namespace gmvae {

namespace {

constexpr Index block_size = 256;
constexpr Index n_references = 2000;
constexpr Index neighbour = 10;

}  // namespace

std::vector<bool> sparse_points(const Eigen::MatrixXd& points, double share, std::uint64_t seed,
                                Workers& workers, Monitor& monitor) {
  const Index n = points.cols();
  RngStream rng(seed, mixture_start, 1, 0);
  std::vector<Index> order(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
  rng.shuffle(order);
  order.resize(static_cast<std::size_t>(std::min(n, n_references)));
  const Eigen::MatrixXd references = select_columns(points, order);
  // The point itself is one of its neighbours.
  const Index rank = std::min(neighbour, references.cols() - 1);
  std::vector<double> distance(static_cast<std::size_t>(n));
  parallel_blocks(workers, n, block_size, [&](Index, Index begin, Index end) {
    std::vector<double> squares(order.size());
    Eigen::Map<Eigen::RowVectorXd> all(squares.data(), references.cols());
    for (Index i = begin; i < end; ++i) {
      all = (references.colwise() - points.col(i)).colwise().squaredNorm();
      std::nth_element(squares.begin(), squares.begin() + rank, squares.end());
      distance[static_cast<std::size_t>(i)] = all[rank];
    }
  });
  monitor.poll();
  std::vector<double> sorted = distance;
  const std::size_t n_kept =
      std::min(static_cast<std::size_t>(std::ceil((1.0 - share) * static_cast<double>(n))),
               sorted.size() - 1);
  std::vector<bool> sparse(distance.size(), false);
  if (n_kept == 0) return sparse;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(n_kept - 1),
                   sorted.end());
  for (std::size_t i = 0; i < sparse.size(); ++i) sparse[i] = distance[i] > sorted[n_kept - 1];
  return sparse;
}

}  // namespace gmvae
