#include "gmm/init.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "simd/kernels.h"

namespace gmvae {

namespace {

constexpr Index block_size = 512;
constexpr Index lloyd_steps = 8;  // EM does the rest

using ConstMatrix = Eigen::Map<const Eigen::MatrixXd>;

// fn(i, squared distances of column i from each centre), block-parallel.
template <typename Fn>
void for_distances(ConstView<double> x, const Eigen::MatrixXd& centres, Workers& workers, Fn&& fn) {
  const Index d = x.rows, k = centres.cols();
  const Eigen::VectorXd centre_norms = centres.colwise().squaredNorm();
  parallel_blocks(workers, x.cols, block_size, [&](Index, Index begin, Index end) {
    const ConstMatrix columns(x.col(begin), d, end - begin);
    Eigen::MatrixXd distances(k, end - begin);
    kernels<double>().gemm(k, end - begin, d, centres.data(), d, 1, columns.data(), 1, d,
                           distances.data(), k, false);
    distances =
        ((-2.0 * distances).colwise() + centre_norms).rowwise() + columns.colwise().squaredNorm();
    for (Index i = begin; i < end; ++i) fn(i, distances.col(i - begin));
  });
}

// The column at which the running sum of weights passes `target`.
Index pick(const Eigen::VectorXd& weights, double target) {
  Index i = 0;
  for (double sum = weights[0]; sum <= target && i + 1 < weights.size();) sum += weights[++i];
  return i;
}

Eigen::MatrixXd seed_centres(ConstView<double> x, Index k, RngStream& rng, Workers& workers,
                             Monitor& monitor) {
  const Index d = x.rows, n = x.cols;
  const Index n_draws = 2 + static_cast<Index>(std::log(static_cast<double>(k)));
  const ConstMatrix columns(x.data, d, n);
  Eigen::MatrixXd centres(d, k), drawn(d, n_draws), nearest(n, n_draws);
  Eigen::VectorXd closest = Eigen::VectorXd::Constant(n, std::numeric_limits<double>::max());
  for (Index j = 0; j < k; ++j) {
    const double total = closest.sum();
    for (Index draw = 0; draw < n_draws; ++draw) {
      drawn.col(draw) = columns.col(j == 0 ? rng.below(n) : pick(closest, rng.uniform() * total));
    }
    for_distances(x, drawn, workers, [&](Index i, const auto& distances) {
      // Not below zero: the expanded square rounds.
      nearest.row(i) = distances.cwiseMax(0.0).cwiseMin(closest[i]).transpose();
    });
    Index best = 0;
    if (j > 0) nearest.colwise().sum().minCoeff(&best);
    centres.col(j) = drawn.col(best);
    closest = nearest.col(best);
    monitor.poll();
  }
  return centres;
}

}  // namespace

std::vector<Index> kmeans(ConstView<double> x, Index k, RngStream rng, Workers& workers,
                          Monitor& monitor) {
  const Index d = x.rows, n = x.cols;
  const ConstMatrix columns(x.data, d, n);
  std::vector<Index> labels(static_cast<std::size_t>(n), 0);
  if (k == 1) return labels;
  Eigen::MatrixXd centres = seed_centres(x, k, rng, workers, monitor);
  for (Index step = 0;; ++step) {
    for_distances(x, centres, workers, [&](Index i, const auto& distances) {
      distances.minCoeff(&labels[static_cast<std::size_t>(i)]);
    });
    monitor.poll();
    if (step == lloyd_steps) return labels;
    Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(d, k);
    Eigen::VectorXd counts = Eigen::VectorXd::Zero(k);
    for (Index i = 0; i < n; ++i) {
      const Index label = labels[static_cast<std::size_t>(i)];
      sums.col(label) += columns.col(i);
      counts[label] += 1.0;
    }
    for (Index j = 0; j < k; ++j) {
      if (counts[j] > 0.0) centres.col(j) = sums.col(j) / counts[j];
    }
  }
}

}  // namespace gmvae
