#include "gmvae/model/prior.h"

#include <cmath>

#include "core/dense.h"
#include "core/error.h"
#include "core/numeric.h"

namespace gmvae {

MixturePrior::MixturePrior(const Mixture& mixture, bool shared)
    : mixture_(mixture), shared_(shared) {
  const Index d = mixture.means.rows(), k = mixture.means.cols();
  const Index n_matrices = shared ? 1 : k;
  precision_diagonal_.resize(d, n_matrices);
  constant_.resize(k);
  for (Index c = 0; c < n_matrices; ++c) {
    Eigen::MatrixXd l;
    if (!cholesky(mixture.covariances[static_cast<std::size_t>(c)], &l)) {
      throw NumericalError("the covariance of a mixture component is not positive definite");
    }
    whitener_.push_back(solve_lower(l, Eigen::MatrixXd::Identity(d, d)));
    precision_diagonal_.col(c) = whitener_.back().colwise().squaredNorm().transpose();
    constant_[c] = -0.5 * static_cast<double>(d) * log_two_pi - l.diagonal().array().log().sum();
  }
  if (shared) constant_.setConstant(constant_[0]);
  log_weight_ = mixture.weights.array().max(1e-300).log();
  constant_ += log_weight_;
}

MixturePrior MixturePrior::standard_normal(Index latent) {
  Mixture mixture;
  mixture.weights = Eigen::VectorXd::Ones(1);
  mixture.means = Eigen::MatrixXd::Zero(latent, 1);
  mixture.covariances.assign(1, Eigen::MatrixXd::Identity(latent, latent));
  return MixturePrior(mixture, true);
}

template <typename T>
KlTerms MixturePrior::forward(const T* mean, const T* log_variance, Work& work,
                              double* gamma) const {
  const Index d = mixture_.means.rows();
  work.mean.resize(d);
  work.variance.resize(d);
  double entropy_term = 0;  // E_q[log q(z)]
  for (Index i = 0; i < d; ++i) {
    work.mean[i] = static_cast<double>(mean[i]);
    work.variance[i] = std::exp(static_cast<double>(log_variance[i]));
    entropy_term -= 0.5 * (1 + log_two_pi + static_cast<double>(log_variance[i]));
  }
  return compare(work, entropy_term, gamma);
}

KlTerms MixturePrior::compare(Work& work, double entropy_term, double* gamma) const {
  const Index d = mixture_.means.rows(), k = n_components();
  work.log_gamma.resize(k);
  work.whitened.resize(d, k);
  for (Index c = 0; c < k; ++c) {
    const Index matrix = shared_ ? 0 : c;
    work.whitened.col(c).noalias() =
        whitener_[static_cast<std::size_t>(matrix)] * (work.mean - mixture_.means.col(c));
    work.log_gamma[c] = constant_[c] - 0.5 * (work.whitened.col(c).squaredNorm() +
                                              precision_diagonal_.col(matrix).dot(work.variance));
  }
  const double log_evidence = log_sum_exp(work.log_gamma.data(), k);
  KlTerms terms;
  for (Index c = 0; c < k; ++c) {
    const double log_g = work.log_gamma[c] - log_evidence;
    gamma[c] = std::exp(log_g);
    terms.kl_c += gamma[c] * (log_g - log_weight_[c]);
  }
  terms.kl_z = entropy_term - log_evidence - terms.kl_c;
  return terms;
}

template <typename T>
void MixturePrior::backward(Work& work, const double* gamma, double weight, const T* d_gamma,
                            T* d_mean, T* d_log_variance) const {
  work.d_gamma.setZero(n_components());
  for (Index c = 0; d_gamma != nullptr && c < n_components(); ++c) {
    work.d_gamma[c] = static_cast<double>(d_gamma[c]);
  }
  differentiate(work, gamma, weight);
  for (Index i = 0; i < work.mean.size(); ++i) {
    d_mean[i] += static_cast<T>(work.d_mean[i]);
    d_log_variance[i] += static_cast<T>(work.variance[i] * work.d_variance[i] - 0.5 * weight);
  }
}

void MixturePrior::differentiate(Work& work, const double* gamma, double weight) const {
  const Index d = mixture_.means.rows();
  work.d_mean.setZero(d);
  work.d_variance.setZero(d);
  double mean_d_gamma = 0;
  for (Index c = 0; c < n_components(); ++c) mean_d_gamma += gamma[c] * work.d_gamma[c];
  for (Index c = 0; c < n_components(); ++c) {
    const Index matrix = shared_ ? 0 : c;
    // d gamma_b / d log N_c = gamma_b (delta_bc - gamma_c)
    const double by = weight - (work.d_gamma[c] - mean_d_gamma);
    work.d_mean.noalias() +=
        by * gamma[c] *
        (whitener_[static_cast<std::size_t>(matrix)].transpose() * work.whitened.col(c));
    for (Index i = 0; i < d; ++i) {
      work.d_variance[i] += 0.5 * by * gamma[c] * precision_diagonal_(i, matrix);
    }
  }
}

template KlTerms MixturePrior::forward(const float*, const float*, Work&, double*) const;
template KlTerms MixturePrior::forward(const double*, const double*, Work&, double*) const;
template void MixturePrior::backward(Work&, const double*, double, const float*, float*,
                                     float*) const;
template void MixturePrior::backward(Work&, const double*, double, const double*, double*,
                                     double*) const;

}  // namespace gmvae
