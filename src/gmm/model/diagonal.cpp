#include "gmm/model/diagonal.h"

#include <cmath>
#include <utility>

namespace gmvae {

Covariances diagonal_covariances(Eigen::MatrixXd variances) {
  Covariances covariances;
  covariances.form = Form::diagonal;
  covariances.variances = std::move(variances);
  return covariances;
}

Covariances EEI::estimate(const Moments& moments, const Covariances*, double) {
  const Eigen::VectorXd pooled = moments.scatter.rowwise().sum() / moments.counts.sum();
  return diagonal_covariances(pooled.replicate(1, moments.n_components()));
}

double VEI::smallest_step(Index d, double tol) {
  return 2.0 * std::sqrt(tol / static_cast<double>(d));
}

Covariances VEI::estimate(const Moments& moments, const Covariances* before, double tol) {
  const Eigen::MatrixXd& w = moments.scatter;
  const Eigen::ArrayXd rows = moments.counts.array() * static_cast<double>(w.rows());
  const double n = moments.counts.sum();
  Eigen::VectorXd volumes = before != nullptr
                                ? Eigen::VectorXd(before->variances.colwise().sum())
                                : Eigen::VectorXd(w.colwise().sum().transpose().array() / rows);
  Eigen::VectorXd shape(w.rows()), updated(volumes.size());
  double step = 0.0;
  int sweep = 0;
  do {
    shape.noalias() = w * (1.0 / (n * volumes.array())).matrix();
    updated.noalias() = w.transpose() * shape.cwiseInverse();
    updated.array() /= rows;
    step = (updated.array() / volumes.array() - 1.0).abs().maxCoeff();
    volumes.swap(updated);
  } while (step > smallest_step(w.rows(), tol) && ++sweep < most_sweeps);
  return diagonal_covariances(shape * volumes.transpose());
}

Covariances EVI::estimate(const Moments& moments, const Covariances*, double) {
  const Eigen::ArrayXd volumes = moments.scatter.array().log().colwise().mean().exp();
  const double volume = volumes.sum() / moments.counts.sum();
  return diagonal_covariances(moments.scatter * (volume / volumes).matrix().asDiagonal());
}

Covariances VVI::estimate(const Moments& moments, const Covariances*, double) {
  return diagonal_covariances(moments.scatter * moments.counts.cwiseInverse().asDiagonal());
}

}  // namespace gmvae
