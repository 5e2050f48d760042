#include "gmm/model/spherical.h"

#include "gmm/model/diagonal.h"

namespace gmvae {

Covariances EII::estimate(const Moments& moments, const Covariances*, double) {
  const Eigen::MatrixXd& w = moments.scatter;
  const double variance = w.mean() * static_cast<double>(w.cols()) / moments.counts.sum();
  return diagonal_covariances(Eigen::MatrixXd::Constant(w.rows(), w.cols(), variance));
}

Covariances VII::estimate(const Moments& moments, const Covariances*, double) {
  const Eigen::RowVectorXd variances =
      moments.scatter.colwise().mean().cwiseQuotient(moments.counts.transpose());
  return diagonal_covariances(variances.replicate(moments.scatter.rows(), 1));
}

}  // namespace gmvae
