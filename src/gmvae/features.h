// Moments of each gene over the cells, on counts divided by size, from the non-zeros alone.
#pragma once

#include <vector>

#include "gmvae/cells.h"

namespace gmvae {

struct FeatureMoments {
  std::vector<double> mean, variance;  // G; variance with n - 1
  std::vector<double> n_cells;         // G: cells with a non-zero
};

// size: n.
FeatureMoments feature_moments(const CellReader& reader, const double* size);

// Variance of min(limit, (x / size - mean) / sd) around zero: the score of the variance-stabilising
// selection of Stuart et al. 2019, <doi:10.1016/j.cell.2019.05.031>, "vst".
std::vector<double> clipped_variance(const CellReader& reader, const double* size,
                                     const std::vector<double>& mean,
                                     const std::vector<double>& sd, double limit);

}  // namespace gmvae
