// Moments of each gene over the cells, from the non-zeros alone.
#pragma once

#include <vector>

#include "gmvae/cells.h"

namespace gmvae {

struct FeatureMoments {
  std::vector<double> mean, variance;  // G; variance with n - 1
  std::vector<double> n_cells;         // G: cells with a non-zero
};

// Of x / size, or of log(1 + x / size) where `log`.  size: n.
FeatureMoments feature_moments(const CellReader& reader, const double* size, bool log);

}  // namespace gmvae
