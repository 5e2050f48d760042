// Which points EM takes for noise at first.
#pragma once

#include <cstdint>
#include <vector>

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/parallel.h"

namespace gmvae {

// A share of the points (d x n): those farthest from their tenth neighbour among some of them.
std::vector<bool> sparse_points(const Eigen::MatrixXd& points, double share, std::uint64_t seed,
                                Workers& workers, Monitor& monitor);

}  // namespace gmvae
