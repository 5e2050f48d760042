#include "gmm/em/penalty.h"

#include <cmath>

#include "core/dense.h"

namespace gmvae {

Penalty::Penalty(const Family& family, Index k, const PriorOptions& prior, double ridge,
                 const Observations& data, const Covariances& overall)
    : prior_(prior.on), ridge_(ridge > 0.0) {
  if (!on()) return;
  const Index n_dimensions = data.n_dimensions();
  const double d = static_cast<double>(n_dimensions), n = data.total_weight();
  scatter_ =
      Eigen::MatrixXd::Identity(n_dimensions, n_dimensions) * (ridge * n / static_cast<double>(k));
  mean_.setZero(n_dimensions);
  if (!prior.on) return;

  const Eigen::VectorXd& units = data.scale();
  const bool spherical = family.code[1] == 'I', diagonal = family.code[2] == 'I';
  const double dof = std::isnan(prior.dof) ? d + 2.0 : prior.dof;
  Eigen::MatrixXd scale = prior.scale;
  if (scale.size() == 0) {
    scale = scale_both_sides(overall.matrix(0), units);
    scale *= n / (n - 1.0) / std::pow(static_cast<double>(k), 2.0 / d);
    if (diagonal) scale.diagonal().setConstant(scale.diagonal().mean());
  }
  if (spherical) scale.diagonal().setConstant(scale.diagonal().mean() / d);
  if (diagonal) scale = Eigen::MatrixXd(scale.diagonal().asDiagonal());
  rows_ = spherical ? (dof + 2.0) / d : diagonal ? dof + 2.0 : dof + d + 1.0;
  if (family.one_covariance) {
    scale /= static_cast<double>(k);
    rows_ /= static_cast<double>(k);
  }
  shrinkage_ = prior.shrinkage;
  if (shrinkage_ > 0.0) rows_ += 1.0;  // |Sigma_k|^(-1/2) of the mean's density
  if (prior.mean.size() > 0) mean_ = (prior.mean - data.centre()).cwiseQuotient(units);
  scatter_ += scale_both_sides(scale, units.cwiseInverse());
}

Moments Penalty::augment(Moments moments) const {
  if (!on()) return moments;
  for (Index k = 0; k < moments.n_components(); ++k) {
    const double n = moments.counts[k], pull = n + shrinkage_;
    const Eigen::VectorXd deviation = moments.means.col(k) - mean_;
    Eigen::MatrixXd extra = scatter_;
    if (shrinkage_ > 0.0) {
      moments.means.col(k) = mean_ + deviation * (n / pull);
      add_outer_product(shrinkage_ * n / pull, deviation, extra);
    }
    switch (moments.kind) {
    case Scatter::full:
      nth_block(moments.scatter, k) += extra;
      break;
    case Scatter::pooled:
      moments.scatter += extra;
      break;
    case Scatter::diagonal:
      moments.scatter.col(k) += extra.diagonal();
      break;
    }
    moments.counts[k] += rows_;
  }
  return moments;
}

double Penalty::value(const Parameters& mixture) const {
  if (!on()) return 0.0;
  double sum = 0.0;
  for (Index k = 0; k < mixture.n_components(); ++k) {
    const Eigen::VectorXd deviation = mixture.means.col(k) - mean_;
    Eigen::MatrixXd scatter = scatter_, root;
    add_outer_product(shrinkage_, deviation, scatter);
    cholesky(mixture.covariances.matrix(k), &root);
    sum -= 0.5 * (rows_ * cholesky_log_determinant(root) + cholesky_solve(root, scatter).trace());
  }
  return sum;
}

}  // namespace gmvae
