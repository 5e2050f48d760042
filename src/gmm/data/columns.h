// Facts about the columns of data that decide what can be fitted to them.
#pragma once

#include <utility>
#include <vector>

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/types.h"
#include "gmm/data/observations.h"

namespace gmvae {

struct ColumnScan {
  std::vector<double> min, max;               // d, of finite values; NaN where there are none
  std::vector<double> n_missing, n_infinite;  // d
  using Places = std::vector<std::pair<Index, Index>>;  // row and column, from 0
  Places first_missing, first_infinite;                 // three at most, by row
  Index n_incomplete = 0;                               // rows with a missing value
};

ColumnScan scan_columns(const Source& source);

// d x d, of the complete rows; NaN where a column doesn't vary.
Eigen::MatrixXd correlation(const Observations& data, Monitor* monitor = nullptr);

}  // namespace gmvae
