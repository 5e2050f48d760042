// The noise component: where it may be, and which rows to take for it at first.
#pragma once

#include <vector>

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/data/observations.h"
#include "gmm/model/frame.h"

namespace gmvae {

struct NoiseOptions {
  bool on = false;
  double share = 0.0;       // expected share of rows; NaN where `rows` are given
  std::vector<Index> rows;  // what to take for noise at first
  double density = 0.0;     // per unit of each column; NaN: one over the data's hypervolume
};

// Uniform over the smaller of two boxes around the data, along the columns and along their
// principal components (as mclust does, there in the columns' own units: Fraley & Raftery 2002,
// <doi:10.1198/016214502760047131>, section 3.2.2).  A density in `options` that isn't NaN, per
// unit of each column, is taken instead (Hennig 2004, <doi:10.1214/009053604000000571>).
NoiseDensity noise_density(const Observations& data, const Eigen::MatrixXd& covariance,
                           const NoiseOptions& options);

}  // namespace gmvae
