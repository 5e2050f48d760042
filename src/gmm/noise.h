// The noise component: where it may be, and which rows to take for it at first.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/frame.h"
#include "gmm/observations.h"

namespace gmvae {

// Uniform over the smaller of two boxes around the data, along the columns and along their
// principal components (as mclust does, there in the columns' own units: Fraley & Raftery 2002,
// <doi:10.1198/016214502760047131>, section 3.2.2).  A `density` that isn't NaN, per unit of each
// column, is taken instead (Hennig 2004, <doi:10.1214/009053604000000571>).
NoiseDensity noise_density(const Observations& data, const Eigen::MatrixXd& covariance,
                           double density);

// A share of the points (d x n): those farthest from their tenth neighbour among some of them.
std::vector<bool> sparse_points(const Eigen::MatrixXd& points, double share, std::uint64_t seed,
                                Workers& workers, Monitor& monitor);

}  // namespace gmvae
