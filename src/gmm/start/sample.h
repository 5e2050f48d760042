// The rows that a search starts from.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/data/noise.h"
#include "gmm/data/observations.h"

namespace gmvae {

struct Sample {
  std::unique_ptr<Observations> observations;  // of larger data, for first steps; null: all rows
  std::vector<Index> rows;                     // of these, to start from: without initial noise
  Eigen::MatrixXd points;                      // d x their number, in standard units
  Eigen::VectorXd weights;
  std::vector<int> labels;  // component from 0, or -1; empty without labels
};

// For at most so many components.
Sample take_sample(const Observations& data, Index most_components, const NoiseOptions& noise,
                   std::uint64_t seed, Workers& workers, Monitor& monitor);

}  // namespace gmvae
