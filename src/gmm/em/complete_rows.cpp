#include "gmm/em/complete_rows.h"

#include <algorithm>

#include "core/dense.h"
#include "simd/kernels.h"

namespace gmvae {

namespace {

constexpr double largest_square = 1e300;  // of a distance: beyond, exp() is zero anyhow

}  // namespace

Index CompleteRows::good_size(Index d) { return std::clamp<Index>(12288 / d / 24 * 24, 24, 240); }

void CompleteRows::read(const Observations& data, Index i, Index n) {
  const Index d = data.n_dimensions();
  rows_.resize(static_cast<std::size_t>(n));
  for (Index row = 0; row < n; ++row) {
    rows_[static_cast<std::size_t>(row)] = data.complete_row(i + row);
  }
  x_.resize(n, d);
  data.read(i, n, x_.data(), n);
}

void CompleteRows::log_densities(const Frame& frame) {
  const Kernels<double>& kernel = kernels<double>();
  const Index n = n_rows(), d = frame.n_dimensions();
  r_.resize(n, frame.n_components() + 1);
  const double* points = x_.data();
  if (frame.form() == Form::common) {
    y_.resize(n, d);
    kernel.gemm(n, d, d, x_.data(), 1, n, frame.whiten.data(), d, 1, y_.data(), n, false);
    points = y_.data();
  }
  const Index padded = frame.whiten.rows();
  const auto limit = Eigen::ArrayXd::Constant(n, largest_square);
  for (Index k = 0; k < frame.n_components(); ++k) {
    if (frame.form() == Form::own) {
      kernel.whitened_norms(n, d, points, n, frame.whiten.data() + k * d * padded, padded,
                            frame.offset.col(k).data(), r_.col(k).data());
    } else {
      kernel.diagonal_norms(n, d, points, n, frame.means.col(k).data(),
                            frame.precisions.col(k).data(), r_.col(k).data());
    }
    // The limit first: of a number and NaN the minimum is then the number.
    auto distance = r_.col(k).array();
    distance = frame.log_constant[k] - 0.5 * limit.min(distance);
  }
}

Eigen::VectorXd CompleteRows::along(const Frame& frame, Index k,
                                    const Eigen::VectorXd& axis) const {
  return multiply_vector(x_, axis).array() - frame.parameters.means.col(k).dot(axis);
}

void CompleteRows::add_scatter(Statistics& statistics, const Frame& frame) {
  switch (statistics.kind) {
  case Scatter::full:
    return add_full(statistics, frame);
  case Scatter::pooled:
    return add_pooled(statistics, frame);
  case Scatter::diagonal:
    return add_diagonal(statistics, frame);
  }
}

// With z = sqrt(r) [x - mean, 1], the products z'z hold scatter, sums and count at once.
void CompleteRows::add_full(Statistics& statistics, const Frame& frame) {
  const Kernels<double>& kernel = kernels<double>();
  const Index n = n_rows(), d = frame.n_dimensions();
  z_.resize(n, d + 1);
  for (Index k = 0; k < frame.n_components(); ++k) {
    double* root = z_.col(d).data();
    kernel.sqrt(n, r_.col(k).data(), root);
    kernel.weighted_deviations(n, d, x_.data(), n, frame.parameters.means.col(k).data(), root,
                               z_.data(), n);
    extended_.setZero(d + 1, d + 1);
    kernel.add_scatter(n, d + 1, z_.data(), n, extended_.data(), d + 1);
    nth_block(statistics.scatter, k).triangularView<Eigen::Lower>() +=
        extended_.topLeftCorner(d, d);
    statistics.sums.col(k) += extended_.row(d).head(d).transpose();
    statistics.counts[k] += extended_(d, d);
  }
}

void CompleteRows::add_pooled(Statistics& statistics, const Frame& frame) {
  const Kernels<double>& kernel = kernels<double>();
  const Index n = n_rows(), d = frame.n_dimensions(), n_components = frame.n_components();
  for (Index k = 0; k < n_components; ++k) {
    statistics.counts[k] += kernel.sum(n, r_.col(k).data());
    kernel.add_moments(n, d, x_.data(), n, frame.parameters.means.col(k).data(), r_.col(k).data(),
                       statistics.sums.col(k).data(), nullptr);
  }
  z_.resize(n, d + 1);
  z_.col(d) = r_.leftCols(n_components).rowwise().sum().cwiseSqrt();
  const Eigen::VectorXd origin = Eigen::VectorXd::Zero(d);
  kernel.weighted_deviations(n, d, x_.data(), n, origin.data(), z_.col(d).data(), z_.data(), n);
  kernel.add_scatter(n, d, z_.data(), n, statistics.scatter.data(), d);
}

void CompleteRows::add_diagonal(Statistics& statistics, const Frame& frame) {
  const Kernels<double>& kernel = kernels<double>();
  const Index n = n_rows(), d = frame.n_dimensions();
  for (Index k = 0; k < frame.n_components(); ++k) {
    statistics.counts[k] += kernel.sum(n, r_.col(k).data());
    kernel.add_moments(n, d, x_.data(), n, frame.parameters.means.col(k).data(), r_.col(k).data(),
                       statistics.sums.col(k).data(), statistics.scatter.col(k).data());
  }
}

}  // namespace gmvae
