// Partitions that EM starts from, of any number of points.  x: d x n, one column is one point;
// weights (n, all > 0) are the points' masses.  Labels are 0, ..., k - 1, 1 <= k <= n, and every
// one of them occurs.  The bits don't depend on the number of threads.
#pragma once

#include <vector>

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "core/types.h"

namespace gmvae {

// k-means: seeds, then a few steps of Lloyd's algorithm.  Cluster j < m starts at column j of
// `fixed` (d x m, 0 <= m <= k); the others' seeds are drawn in proportion to mass times squared
// distance from the nearest one (Arthur & Vassilvitskii 2007, SODA), each the best of a few draws.
std::vector<Index> kmeans(ConstView<double> x, const Eigen::VectorXd& weights, Index k,
                          const Eigen::MatrixXd& fixed, RngStream rng, Workers& workers,
                          Monitor& monitor);

// Each point goes to the nearest of k points drawn in proportion to their mass, no two of them
// equal where that can be.
std::vector<Index> random_partition(ConstView<double> x, const Eigen::VectorXd& weights, Index k,
                                    RngStream rng, Workers& workers, Monitor& monitor);

}  // namespace gmvae
