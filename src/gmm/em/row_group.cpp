#include "gmm/em/row_group.h"

#include <cmath>
#include <limits>

#include "simd/kernels.h"

namespace gmvae {

void RowGroup::normalise(const Observations& data, const Frame& frame) {
  const Index n = n_rows(), n_components = frame.n_components();
  const Parameters& mixture = frame.parameters;
  for (Index k = 0; k < n_components; ++k) {
    r_.col(k).array() += std::log(mixture.weights[k]);
  }
  r_.col(n_components)
      .setConstant(frame.noise.on ? std::log(mixture.noise) + log_noise_density(frame) : 0.0);
  if (data.has_labels()) {
    for (Index i = 0; i < n; ++i) {
      const int label = data.label(row(i));
      if (label < 0 || label >= n_components) continue;
      for (Index k = 0; k <= n_components; ++k) {
        if (k != label) r_(i, k) = -std::numeric_limits<double>::infinity();
      }
    }
  }
  log_density_.resize(n);
  kernels<double>().posterior(n, n_components + (frame.noise.on ? 1 : 0), r_.data(), n,
                              log_density_.data());
  if (!frame.noise.on) r_.col(n_components).setZero();
}

void RowGroup::assign(const Given& given, const Frame& frame) {
  const Index n = n_rows(), n_components = frame.n_components();
  log_density_.setZero(n);
  r_.setZero(n, n_components + 1);
  for (Index i = 0; i < n; ++i) {
    if (given.partition != nullptr) {
      const int component = given.partition[row(i)];
      r_(i, component >= 0 ? component : n_components) = 1.0;
      continue;
    }
    for (Index k = 0; k < n_components + (frame.noise.on ? 1 : 0); ++k) {
      r_(i, k) = given.responsibilities[k * given.n + row(i)];
    }
  }
}

void RowGroup::cut(const Frame& frame, const Eigen::MatrixXd& axes) {
  for (Index k = 0; k < frame.n_components(); ++k) {
    r_.col(k).array() *= (along(frame, k, axes.col(k)).array() > 0.0).cast<double>();
  }
}

void RowGroup::add_to(Statistics& statistics, const Observations& data, const Frame& frame) {
  if (data.has_weights()) {
    weights_.resize(n_rows());
    for (Index i = 0; i < n_rows(); ++i) weights_[i] = data.weight(row(i));
    r_.array().colwise() *= weights_.array();
    log_density_.array() *= weights_.array();
  }
  statistics.loglik += log_density_.sum();
  statistics.noise += r_.col(frame.n_components()).sum();
  add_scatter(statistics, frame);
}

}  // namespace gmvae
