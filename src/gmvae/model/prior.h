// The prior of the latent, a Gaussian mixture, and its part of the ELBO.
//
// With q(z) = N(m, diag s2) and the best q(c) = gamma (mean field),
//   log gamma_c = log pi_c + E_q[log N(z; mu_c, Sigma_c)] + const
//   E_q[log N]  = -1/2 [D log 2 pi + log|Sigma_c| + |A_c (m - mu_c)|^2 + sum_d P_c,dd s2_d]
//   KL          = E_q[log q(z)] - log sum_c exp(log pi_c + E_q[log N])  =  KL_z + KL_c
// where P_c = Sigma_c^-1 = A_c' A_c  (VaDE: Jiang et al. 2017, arXiv:1611.05148, eqs 9 to 17, there
// with one sample and diagonal covariances).
#pragma once

#include <vector>

#include "core/eigen.h"
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
    Eigen::VectorXd d_gamma;  // K
  };

  MixturePrior() = default;

  // `shared`: all components have the covariance of the first.
  MixturePrior(const Mixture& mixture, bool shared);

  static MixturePrior standard_normal(Index latent);

  const Mixture& mixture() const { return mixture_; }
  Index n_components() const { return mixture_.means.cols(); }

  // One cell.  mean, log_variance: D   gamma: K, overwritten.
  template <typename T>
  KlTerms forward(const T* mean, const T* log_variance, Work& work, double* gamma) const;

  // Adds weight * dKL to d_mean and d_log_variance (D), after forward() of the same cell; and the
  // gradient of what else depends on gamma, given by that with respect to it (K) or null.
  template <typename T>
  void backward(Work& work, const double* gamma, double weight, const T* d_gamma, T* d_mean,
                T* d_log_variance) const;

 private:
  // forward() and backward() in double, of what stands in `work`.
  KlTerms compare(Work& work, double entropy_term, double* gamma) const;
  void differentiate(Work& work, const double* gamma, double weight) const;

  Mixture mixture_;
  bool shared_ = true;
  std::vector<Eigen::MatrixXd> whitener_;  // A_c = L_c^-1, one or K of D x D
  Eigen::MatrixXd precision_diagonal_;     // D x 1 or D x K
  Eigen::VectorXd log_weight_, constant_;  // K
};

}  // namespace gmvae
