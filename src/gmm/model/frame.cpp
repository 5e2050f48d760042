#include "gmm/model/frame.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "core/dense.h"
#include "core/numeric.h"

namespace gmvae {

namespace {

constexpr double smallest_pivot = 1e-13;  // relative to the variance of the column

// L with Sigma = L L' and the squares of its diagonal; false where they are too small.
bool factorise(const ConstMatrixRef& covariance, Eigen::MatrixXd* root,
               Eigen::Ref<Eigen::VectorXd> pivots) {
  if (!cholesky(covariance, root)) return false;
  pivots = root->diagonal().array().square();
  return (pivots.array() > smallest_pivot * covariance.diagonal().array()).all();
}

bool prepare_own(Frame* frame, Monitor* monitor) {
  const Parameters& mixture = frame->parameters;
  const Index d = mixture.n_dimensions(), n_components = mixture.n_components();
  const Index padded = (d + whiten_padding - 1) / whiten_padding * whiten_padding;
  const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(d, d);
  frame->whiten.setZero(padded, d * n_components);
  frame->offset.setZero(padded, n_components);
  Eigen::MatrixXd root;
  for (Index k = 0; k < n_components; ++k) {
    if (monitor != nullptr) monitor->poll();
    if (!factorise(nth_block(mixture.covariances.matrices, k), &root, frame->pivots.col(k))) {
      return false;
    }
    auto whiten = frame->whiten.block(0, k * d, d, d);
    whiten = solve_lower(root, identity);
    frame->offset.col(k).head(d) = multiply_lower(whiten, mixture.means.col(k));
    frame->log_constant[k] -= root.diagonal().array().log().sum();
  }
  frame->means = mixture.means;
  return true;
}

bool prepare_common(Frame* frame, Monitor* monitor) {
  const Parameters& mixture = frame->parameters;
  const Covariances& covariances = mixture.covariances;
  const bool one_covariance =
      (covariances.variances.colwise() - covariances.variances.col(0)).isZero(0.0);
  Eigen::MatrixXd root;
  for (Index k = 0; k < mixture.n_components(); ++k) {
    if (monitor != nullptr) monitor->poll();
    if (k > 0 && one_covariance) {
      frame->pivots.col(k) = frame->pivots.col(0);
    } else if (!factorise(covariances.matrix(k), &root, frame->pivots.col(k))) {
      return false;
    }
    frame->log_constant[k] -= 0.5 * frame->pivots.col(k).array().log().sum();
  }
  frame->whiten = inverse(covariances.basis);
  frame->means = multiply(frame->whiten, mixture.means);
  frame->precisions = covariances.variances.cwiseInverse();
  return frame->whiten.allFinite();
}

bool prepare_diagonal(Frame* frame) {
  const Parameters& mixture = frame->parameters;
  const Eigen::MatrixXd& variances = mixture.covariances.variances;
  if (!(variances.array() > 0.0).all() || !variances.allFinite()) return false;
  frame->pivots = variances;
  frame->means = mixture.means;
  frame->precisions = variances.cwiseInverse();
  frame->log_constant -= 0.5 * variances.array().log().matrix().colwise().sum().transpose();
  return true;
}

// The median of values by weight: half of the weight is on larger ones.
double weighted_median(const Eigen::Ref<const Eigen::VectorXd>& values,
                       const Eigen::VectorXd& weights) {
  if (values.size() == 1) return values[0];
  std::vector<Index> order(static_cast<std::size_t>(values.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return values[a] < values[b]; });
  double left = 0.5 * weights.sum();
  for (const Index i : order) {
    left -= weights[i];
    if (left <= 0.0) return values[i];
  }
  return values[order.back()];
}

}  // namespace

bool make_frame(Parameters parameters, const NoiseDensity& noise, Frame* frame, Monitor* monitor) {
  frame->parameters = std::move(parameters);
  frame->noise = noise;
  const double d = static_cast<double>(frame->n_dimensions());
  frame->log_constant.setConstant(frame->n_components(), -0.5 * log_two_pi * d);
  frame->pivots.resize(frame->n_dimensions(), frame->n_components());
  switch (frame->form()) {
  case Form::own:
    return prepare_own(frame, monitor);
  case Form::common:
    return prepare_common(frame, monitor);
  case Form::diagonal:
    return prepare_diagonal(frame);
  }
  return false;
}

Eigen::VectorXd typical_variances(const Frame& frame) {
  const Covariances& covariances = frame.parameters.covariances;
  const Index d = frame.n_dimensions(), n_components = frame.n_components();
  Eigen::MatrixXd variances(n_components, d);
  for (Index k = 0; k < n_components; ++k) variances.row(k) = covariances.variances_of(k);
  Eigen::VectorXd typical(d);
  for (Index j = 0; j < d; ++j) {
    typical[j] = weighted_median(variances.col(j), frame.parameters.weights);
  }
  return typical;
}

double spread(const Frame& frame) {
  return (frame.pivots.rowwise().minCoeff().array() / typical_variances(frame).array()).minCoeff();
}

double eigen_spread(const Frame& frame) {
  if (frame.form() == Form::diagonal) return spread(frame);
  const Eigen::VectorXd unit = typical_variances(frame).cwiseSqrt().cwiseInverse();
  double least = std::numeric_limits<double>::infinity();
  for (Index k = 0; k < frame.n_components(); ++k) {
    const Eigen::MatrixXd scaled = scale_both_sides(frame.parameters.covariances.matrix(k), unit);
    least = std::min(least, symmetric_eigenvalues(scaled)[0]);
  }
  return least;
}

}  // namespace gmvae
