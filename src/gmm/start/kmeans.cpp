#include "gmm/start/kmeans.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dense.h"
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

// The column at which the running sum of weights passes a uniform share of their total.
Index pick(const Eigen::VectorXd& weights, RngStream& rng) {
  const double target = rng.uniform() * weights.sum();
  Index i = 0;
  for (double sum = weights[0]; sum <= target && i + 1 < weights.size();) sum += weights[++i];
  return i;
}

Eigen::MatrixXd seed_centres(ConstView<double> x, const Eigen::VectorXd& weights, Index k,
                             const Eigen::MatrixXd& fixed, RngStream& rng, Workers& workers,
                             Monitor& monitor) {
  const Index d = x.rows, n = x.cols, n_fixed = fixed.cols();
  const Index n_draws = 2 + static_cast<Index>(std::log(static_cast<double>(k)));
  const ConstMatrix columns(x.data, d, n);
  Eigen::MatrixXd centres(d, k), drawn(d, n_draws), nearest(n, n_draws);
  Eigen::VectorXd closest = Eigen::VectorXd::Constant(n, std::numeric_limits<double>::infinity());
  if (n_fixed > 0) {
    centres.leftCols(n_fixed) = fixed;
    for_distances(x, fixed, workers, [&](Index i, const auto& distances) {
      closest[i] = std::max(distances.minCoeff(), 0.0);
    });
  }
  for (Index j = n_fixed; j < k; ++j) {
    const Eigen::VectorXd potential = j == 0 ? weights : weights.cwiseProduct(closest);
    for (Index draw = 0; draw < n_draws; ++draw) {
      drawn.col(draw) = columns.col(pick(potential, rng));
    }
    for_distances(x, drawn, workers, [&](Index i, const auto& distances) {
      // Not below zero: the expanded square rounds.
      nearest.row(i) = distances.cwiseMax(0.0).cwiseMin(closest[i]).transpose();
    });
    Index best = 0;
    if (j > 0) crossprod_vector(nearest, weights).minCoeff(&best);
    centres.col(j) = drawn.col(best);
    closest = nearest.col(best);
    monitor.poll();
  }
  return centres;
}

// A label that has no point takes the one that is farthest from its own centre and not alone.
void fill_empty(Index k, std::vector<Index>& labels, Eigen::VectorXd& distances) {
  std::vector<Index> sizes(static_cast<std::size_t>(k), 0);
  for (const Index label : labels) ++sizes[static_cast<std::size_t>(label)];
  for (Index j = 0; j < k; ++j) {
    if (sizes[static_cast<std::size_t>(j)] > 0) continue;
    Index farthest = -1;
    for (Index i = 0; i < distances.size(); ++i) {
      const Index size = sizes[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])];
      if (size > 1 && (farthest < 0 || distances[i] > distances[farthest])) farthest = i;
    }
    Index& label = labels[static_cast<std::size_t>(farthest)];
    --sizes[static_cast<std::size_t>(label)];
    ++sizes[static_cast<std::size_t>(j)];
    label = j;
    distances[farthest] = 0.0;
  }
}

std::vector<Index> nearest_centres(ConstView<double> x, const Eigen::MatrixXd& centres,
                                   Workers& workers) {
  std::vector<Index> labels(static_cast<std::size_t>(x.cols));
  Eigen::VectorXd closest(x.cols);
  for_distances(x, centres, workers, [&](Index i, const auto& distances) {
    closest[i] = distances.minCoeff(&labels[static_cast<std::size_t>(i)]);
  });
  fill_empty(centres.cols(), labels, closest);
  return labels;
}

// Weighted means of the labelled columns, by increments: exact where all are equal.
Eigen::MatrixXd centres_of(const ConstMatrix& columns, const Eigen::VectorXd& weights,
                           const std::vector<Index>& labels, Index k) {
  Eigen::MatrixXd centres = Eigen::MatrixXd::Zero(columns.rows(), k);
  Eigen::VectorXd mass = Eigen::VectorXd::Zero(k);
  for (Index i = 0; i < columns.cols(); ++i) {
    const Index label = labels[static_cast<std::size_t>(i)];
    mass[label] += weights[i];
    centres.col(label) += weights[i] / mass[label] * (columns.col(i) - centres.col(label));
  }
  return centres;
}

}  // namespace

std::vector<Index> kmeans(ConstView<double> x, const Eigen::VectorXd& weights, Index k,
                          const Eigen::MatrixXd& fixed, RngStream rng, Workers& workers,
                          Monitor& monitor) {
  if (k == 1) return std::vector<Index>(static_cast<std::size_t>(x.cols), 0);
  const ConstMatrix columns(x.data, x.rows, x.cols);
  Eigen::MatrixXd centres = seed_centres(x, weights, k, fixed, rng, workers, monitor);
  for (Index step = 0; step < lloyd_steps; ++step) {
    centres = centres_of(columns, weights, nearest_centres(x, centres, workers), k);
    monitor.poll();
  }
  return nearest_centres(x, centres, workers);
}

std::vector<Index> random_partition(ConstView<double> x, const Eigen::VectorXd& weights, Index k,
                                    RngStream rng, Workers& workers, Monitor& monitor) {
  const ConstMatrix columns(x.data, x.rows, x.cols);
  Eigen::MatrixXd centres(x.rows, k);
  Eigen::VectorXd eligible = weights;
  for (Index j = 0; j < k; ++j) {
    centres.col(j) = columns.col(pick(eligible, rng));
    for (Index i = 0; i < x.cols; ++i) {
      if (columns.col(i) == centres.col(j)) eligible[i] = 0.0;
    }
    monitor.poll();
  }
  return nearest_centres(x, centres, workers);
}

}  // namespace gmvae
