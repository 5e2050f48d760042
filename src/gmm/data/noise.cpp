#include "gmm/data/noise.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dense.h"

namespace gmvae {

namespace {

constexpr Index block_size = 256;

struct Range {
  Eigen::ArrayXd low, high;

  explicit Range(Index d)
      : low(Eigen::ArrayXd::Constant(d, std::numeric_limits<double>::infinity())), high(-low) {}
  void add(const Eigen::MatrixXd& rows) {
    low = low.min(rows.colwise().minCoeff().transpose().array());
    high = high.max(rows.colwise().maxCoeff().transpose().array());
  }
};

// A column without spread has no volume: it counts as 1.
Eigen::VectorXd log_length(const Range& range) {
  const Eigen::ArrayXd length = range.high - range.low;
  return (length > 0.0).select(length, 1.0).log();
}

}  // namespace

NoiseDensity noise_density(const Observations& data, const Eigen::MatrixXd& covariance,
                           const NoiseOptions& options) {
  const Index d = data.n_dimensions();
  // The box along the principal components holds complete rows only, and d or fewer of them have no
  // volume.
  const bool along_components = data.patterns().empty() && data.n_complete() > d;
  const Eigen::MatrixXd axes =
      along_components ? symmetric_eigen(covariance).vectors : Eigen::MatrixXd();
  Range columns(d), components(d);
  Eigen::MatrixXd block;
  for (Index i = 0; i < data.n_complete(); i += block_size) {
    const Index n = std::min(block_size, data.n_complete() - i);
    block.resize(n, d);
    data.read(i, n, block.data(), n);
    columns.add(block);
    if (along_components) components.add(multiply(block, axes));
  }
  for (const Pattern& pattern : data.patterns()) {
    for (const Index row : pattern.rows) {
      for (const Index j : pattern.observed) {
        columns.low[j] = std::min(columns.low[j], data.value(row, j));
        columns.high[j] = std::max(columns.high[j], data.value(row, j));
      }
      data.used_scattered(static_cast<Index>(pattern.observed.size()));
    }
  }
  NoiseDensity noise;
  noise.on = true;
  noise.log_range = log_length(columns);
  double volume = noise.log_range.sum();
  if (along_components) volume = std::min(volume, log_length(components).sum());
  noise.log_density = std::isnan(options.density)
                          ? -volume
                          : std::log(options.density) + data.scale().array().log().sum();
  noise.share = options.rows.empty()
                    ? options.share
                    : static_cast<double>(options.rows.size()) / static_cast<double>(data.n_rows());
  return noise;
}

}  // namespace gmvae
