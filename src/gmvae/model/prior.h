// The prior of the latent, a Gaussian mixture, and its part of the ELBO.
//
// With q(z) = N(m, diag s2) and the best q(c) = gamma (mean field),
//   log gamma_c = log pi_c + E_q[log N(z; mu_c, Sigma_c)] + const
//   E_q[log N]  = -1/2 [D log 2 pi + log|Sigma_c| + |A_c (m - mu_c)|^2 + sum_d P_c,dd s2_d]
//   KL          = E_q[log q(z)] - log sum_c exp(log pi_c + E_q[log N])  =  KL_z + KL_c
// where P_c = Sigma_c^-1 = A_c' A_c  (VaDE: Jiang et al. 2017, arXiv:1611.05148, eqs 9 to 17, there
// with one sample and diagonal covariances).
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "core/dense.h"
#include "core/error.h"
#include "core/numeric.h"
#include "gmm/em/mixture.h"

namespace gmvae {

struct KlTerms {
  double kl_z = 0;  // sum_c gamma_c KL(q(z) || N(mu_c, Sigma_c))
  double kl_c = 0;  // KL(gamma || pi)
};

class MixturePrior {
 public:
  // Scratch of one thread.
  struct Work {
    Eigen::VectorXd log_gamma;
    Eigen::MatrixXd whitened;  // D x K: A_c (m - mu_c)
    Eigen::VectorXd mean, variance, d_mean, d_variance;
  };

  MixturePrior() = default;

  // `shared`: all components have the covariance of the first.
  MixturePrior(const Mixture& mixture, bool shared) : mixture_(mixture), shared_(shared) {
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

  static MixturePrior standard_normal(Index latent) {
    Mixture mixture;
    mixture.weights = Eigen::VectorXd::Ones(1);
    mixture.means = Eigen::MatrixXd::Zero(latent, 1);
    mixture.covariances.assign(1, Eigen::MatrixXd::Identity(latent, latent));
    return MixturePrior(mixture, true);
  }

  const Mixture& mixture() const { return mixture_; }
  Index n_components() const { return mixture_.means.cols(); }

  // One cell.  mean, log_variance: D   gamma: K, overwritten.
  template <typename T>
  KlTerms forward(const T* mean, const T* log_variance, Work& work, double* gamma) const {
    const Index d = mixture_.means.rows(), k = n_components();
    work.mean =
        Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>>(mean, d).template cast<double>();
    work.variance.resize(d);
    double entropy_term = 0;  // E_q[log q(z)]
    for (Index i = 0; i < d; ++i) {
      work.variance[i] = std::exp(static_cast<double>(log_variance[i]));
      entropy_term -= 0.5 * (1 + log_two_pi + static_cast<double>(log_variance[i]));
    }
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

  // Adds weight * dKL to d_mean and d_log_variance (D), after forward() of the same cell; and the
  // gradient of what else depends on gamma, given by that with respect to it (K) or null.
  template <typename T>
  void backward(Work& work, const double* gamma, double weight, const T* d_gamma, T* d_mean,
                T* d_log_variance) const {
    const Index d = mixture_.means.rows();
    work.d_mean.setZero(d);
    work.d_variance.setZero(d);
    double mean_d_gamma = 0;
    for (Index c = 0; d_gamma != nullptr && c < n_components(); ++c) {
      mean_d_gamma += gamma[c] * static_cast<double>(d_gamma[c]);
    }
    for (Index c = 0; c < n_components(); ++c) {
      const Index matrix = shared_ ? 0 : c;
      // d gamma_b / d log N_c = gamma_b (delta_bc - gamma_c)
      double by = weight;
      if (d_gamma != nullptr) by -= static_cast<double>(d_gamma[c]) - mean_d_gamma;
      work.d_mean.noalias() +=
          by * gamma[c] *
          (whitener_[static_cast<std::size_t>(matrix)].transpose() * work.whitened.col(c));
      work.d_variance += 0.5 * by * gamma[c] * precision_diagonal_.col(matrix);
    }
    for (Index i = 0; i < d; ++i) {
      d_mean[i] += static_cast<T>(work.d_mean[i]);
      d_log_variance[i] += static_cast<T>(work.variance[i] * work.d_variance[i] - 0.5 * weight);
    }
  }

 private:
  Mixture mixture_;
  bool shared_ = true;
  std::vector<Eigen::MatrixXd> whitener_;  // A_c = L_c^-1, one or K of D x D
  Eigen::MatrixXd precision_diagonal_;     // D x 1 or D x K
  Eigen::VectorXd log_weight_, constant_;  // K
};

}  // namespace gmvae
