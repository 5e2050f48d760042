// Where EM starts: a partition by k-means++ and a few steps of Lloyd's algorithm.
#pragma once

#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "core/types.h"

namespace gmvae {

// Labels 0, ..., k - 1 of the columns of x (d x n).  Seeds are drawn in proportion to the squared
// distance from the nearest one (Arthur & Vassilvitskii 2007, SODA), each the best of a few draws.
std::vector<Index> kmeans(ConstView<double> x, Index k, RngStream rng, Workers& workers,
                          Monitor& monitor);

}  // namespace gmvae
