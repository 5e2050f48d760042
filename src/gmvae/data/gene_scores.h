// What each gene is like over the cells, from the non-zeros alone.
#pragma once

#include <vector>

#include "core/monitor.h"
#include "gmvae/data/source.h"

namespace gmvae {

struct FeatureMoments {
  std::vector<double> mean, variance;  // G; variance with n - 1
  std::vector<double> n_cells;         // G: cells with a non-zero
};

// Of x / size, or of log(1 + x / size) where `log`.  size: n.
FeatureMoments feature_moments(const CellSource& source, const double* size, bool log,
                               Monitor* monitor = nullptr);

// Twice the log-likelihood, per cell, that Poisson counts lose where a gene has the same share of
// the total (n) of every cell: sum_i x_i log(x_i / (total_i share)), the other terms cancel.
std::vector<double> feature_deviance(const CellSource& source, const double* total,
                                     Monitor* monitor = nullptr);

}  // namespace gmvae
