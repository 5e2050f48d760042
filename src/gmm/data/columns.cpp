#include "gmm/data/columns.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dense.h"
#include "simd/kernels.h"

namespace gmvae {

namespace {

constexpr std::size_t n_places = 3;
constexpr Index block_size = 240;

}  // namespace

ColumnScan scan_columns(const Source& source) {
  const std::size_t d = static_cast<std::size_t>(source.d);
  const double none = std::numeric_limits<double>::quiet_NaN();
  ColumnScan scan;
  scan.min.assign(d, none);
  scan.max.assign(d, none);
  scan.n_missing.assign(d, 0.0);
  scan.n_infinite.assign(d, 0.0);
  std::vector<bool> incomplete(static_cast<std::size_t>(source.n), false);
  for (Index j = 0; j < source.d; ++j) {
    const std::size_t column = static_cast<std::size_t>(j);
    double low = none, high = none;
    for_stretches(source, 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const double x = source(i, j);
        if (std::isfinite(x)) {
          if (!(x >= low)) low = x;  // true for NaN too
          if (!(x <= high)) high = x;
          continue;
        }
        const bool missing = std::isnan(x);
        (missing ? scan.n_missing : scan.n_infinite)[column] += 1.0;
        if (missing) incomplete[static_cast<std::size_t>(i)] = true;
        ColumnScan::Places& places = missing ? scan.first_missing : scan.first_infinite;
        places.emplace_back(i, j);
        std::sort(places.begin(), places.end());
        if (places.size() > n_places) places.resize(n_places);
      }
    });
    scan.min[column] = low;
    scan.max[column] = high;
  }
  scan.n_incomplete = std::count(incomplete.begin(), incomplete.end(), true);
  return scan;
}

Eigen::MatrixXd correlation(const Observations& data, Monitor* monitor) {
  const Index d = data.n_dimensions();
  const Eigen::VectorXd origin = Eigen::VectorXd::Zero(d);
  Eigen::MatrixXd x, z, extended = Eigen::MatrixXd::Zero(d + 1, d + 1);
  for (Index i = 0; i < data.n_complete(); i += block_size) {
    if (monitor != nullptr) monitor->poll();
    const Index n = std::min(block_size, data.n_complete() - i);
    x.resize(n, d);
    z.resize(n, d + 1);
    data.read(i, n, x.data(), n);
    for (Index row = 0; row < n; ++row) {
      z(row, d) = std::sqrt(data.weight(data.complete_row(i + row)));
    }
    kernels<double>().weighted_deviations(n, d, x.data(), n, origin.data(), z.col(d).data(),
                                          z.data(), n);
    kernels<double>().add_scatter(n, d + 1, z.data(), n, extended.data(), d + 1);
  }
  const Eigen::VectorXd mean = extended.row(d).head(d) / extended(d, d);
  Eigen::MatrixXd covariance = extended.topLeftCorner(d, d) / extended(d, d);
  mirror_lower(covariance);
  add_outer_product(-1.0, mean, covariance);
  const Eigen::VectorXd sd = covariance.diagonal().cwiseMax(0.0).cwiseSqrt();
  return scale_both_sides(covariance, sd.cwiseInverse());
}

}  // namespace gmvae
