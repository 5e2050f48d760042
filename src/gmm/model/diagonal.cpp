#include "gmm/model/diagonal.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/dense.h"

namespace gmvae {

Covariances diagonal_covariances(Eigen::MatrixXd variances) {
  Covariances covariances;
  covariances.form = Form::diagonal;
  covariances.variances = std::move(variances);
  return covariances;
}

namespace {

// Each column of w times its factor.
Covariances scaled(const Eigen::MatrixXd& w, const Eigen::VectorXd& factor) {
  Eigen::MatrixXd variances(w.rows(), w.cols());
  for (Index k = 0; k < w.cols(); ++k) {
    for (Index j = 0; j < w.rows(); ++j) variances(j, k) = w(j, k) * factor[k];
  }
  return diagonal_covariances(std::move(variances));
}

}  // namespace

Covariances EEI::estimate(const Moments& moments, const Covariances*, double) {
  const Eigen::MatrixXd& w = moments.scatter;
  Eigen::MatrixXd variances(w.rows(), w.cols());
  const double n = moments.counts.sum();
  for (Index j = 0; j < w.rows(); ++j) {
    double pooled = 0.0;
    for (Index k = 0; k < w.cols(); ++k) pooled += w(j, k);
    for (Index k = 0; k < w.cols(); ++k) variances(j, k) = pooled / n;
  }
  return diagonal_covariances(std::move(variances));
}

double VEI::smallest_step(Index d, double tol) {
  return 2.0 * std::sqrt(tol / static_cast<double>(d));
}

Covariances VEI::estimate(const Moments& moments, const Covariances* before, double tol) {
  const Eigen::MatrixXd& w = moments.scatter;
  const Index d = w.rows(), n_components = w.cols();
  const double n = moments.counts.sum();
  Eigen::VectorXd rows(n_components), volumes(n_components), weights(n_components), inverse(d);
  for (Index k = 0; k < n_components; ++k) {
    rows[k] = moments.counts[k] * static_cast<double>(d);
    volumes[k] = before != nullptr ? before->variances.col(k).sum() : w.col(k).sum() / rows[k];
  }
  Eigen::VectorXd shape;
  double step = 0.0;
  int sweep = 0;
  do {
    for (Index k = 0; k < n_components; ++k) weights[k] = 1.0 / (n * volumes[k]);
    shape = multiply_vector(w, weights);
    for (Index j = 0; j < d; ++j) inverse[j] = 1.0 / shape[j];
    const Eigen::VectorXd sums = crossprod_vector(w, inverse);
    step = 0.0;
    for (Index k = 0; k < n_components; ++k) {
      const double updated = sums[k] / rows[k];
      step = std::max(step, std::abs(updated / volumes[k] - 1.0));
      volumes[k] = updated;
    }
  } while (step > smallest_step(d, tol) && ++sweep < most_sweeps);
  return scaled(shape.replicate(1, n_components), volumes);
}

Covariances EVI::estimate(const Moments& moments, const Covariances*, double) {
  const Eigen::MatrixXd& w = moments.scatter;
  Eigen::VectorXd volumes(w.cols());  // |W_k|^(1/d)
  for (Index k = 0; k < w.cols(); ++k) {
    double sum = 0.0;
    for (Index j = 0; j < w.rows(); ++j) sum += std::log(w(j, k));
    volumes[k] = std::exp(sum / static_cast<double>(w.rows()));
  }
  const double volume = volumes.sum() / moments.counts.sum();
  for (Index k = 0; k < w.cols(); ++k) volumes[k] = volume / volumes[k];
  return scaled(w, volumes);
}

Covariances VVI::estimate(const Moments& moments, const Covariances*, double) {
  return scaled(moments.scatter, moments.counts.cwiseInverse());
}

}  // namespace gmvae
