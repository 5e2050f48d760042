// The prior of the latent, a Gaussian mixture, and its part of the ELBO.
//
// With q(z) = N(m, diag s2) and the best q(c) = gamma (mean field),
//   log gamma_c = log pi_c + E_q[log N(z; mu_c, Sigma_c)] + const
//   E_q[log N]  = -1/2 [D log 2 pi + log|Sigma_c| + |A_c (m - mu_c)|^2 + sum_d P_c,dd s2_d]
//   KL          = E_q[log q(z)] - log sum_c exp(log pi_c + E_q[log N])  =  KL_z + KL_c
// where P_c = Sigma_c^-1 = A_c' A_c  (VaDE: Jiang et al. 2017, arXiv:1611.05148, eqs 9 to 17, there
// with one sample and diagonal covariances).
//
// A cell of known label y is one more observation, p(y | c), see label_model.h: the ELBO is of x
// and y, and gamma_c is multiplied by p(y | c).  As that is little beside the counts, the loss also
// has the cross-entropy of the label, weight times -log sum_c gamma_c p(y | c), with the gamma of
// the counts alone (Kingma et al. 2014, arXiv:1406.5298, eq 9; for cells scANVI, Xu et al. 2021,
// <doi:10.15252/msb.20209620>).
#pragma once

#include <vector>

#include "core/eigen.h"
#include "gmm/em/mixture.h"
#include "gmvae/model/label_model.h"

namespace gmvae {

struct KlTerms {
  double kl_z = 0;   // sum_c gamma_c KL(q(z) || N(mu_c, Sigma_c))
  double kl_c = 0;   // KL(gamma || pi), with a known label less E[log p(y | c)]
  double label = 0;  // weighted cross-entropy of a known label
};

class MixturePrior {
 public:
  // Scratch of one thread.
  struct Work {
    Eigen::VectorXd log_gamma;
    Eigen::VectorXd without_label;  // K: gamma of the counts alone, of a labelled cell
    bool labelled = false;
    Eigen::MatrixXd whitened;  // D x K: A_c (m - mu_c)
    Eigen::VectorXd mean, variance, d_mean, d_variance;
    Eigen::VectorXd d_gamma;  // K
  };

  MixturePrior() = default;

  // `shared`: all components have the covariance of the first.
  MixturePrior(const Mixture& mixture, bool shared);

  static MixturePrior standard_normal(Index latent);

  // The first components are classes that cells may be known to be of.
  void set_labels(const LabelModel& labels) { labels_ = labels; }

  const Mixture& mixture() const { return mixture_; }
  bool shared() const { return shared_; }
  const LabelModel& labels() const { return labels_; }
  Index n_components() const { return mixture_.means.cols(); }

  // One cell.  mean, log_variance: D   gamma: K, overwritten   label: -1 where it is not known.
  template <typename T>
  KlTerms forward(const T* mean, const T* log_variance, Work& work, double* gamma,
                  int label = -1) const;

  // Adds weight * d(KL + label) to d_mean and d_log_variance (D), after forward() of the same cell;
  // and the gradient of what else depends on gamma, given by that with respect to it (K) or null.
  template <typename T>
  void backward(Work& work, const double* gamma, double weight, const T* d_gamma, T* d_mean,
                T* d_log_variance) const;

 private:
  // forward() and backward() in double, of what stands in `work`.
  KlTerms compare(Work& work, double entropy_term, double* gamma, int label) const;
  double add_label(Work& work, int label) const;
  void differentiate(Work& work, const double* gamma, double weight) const;

  Mixture mixture_;
  bool shared_ = true;
  LabelModel labels_;
  std::vector<Eigen::MatrixXd> whitener_;  // A_c = L_c^-1, one or K of D x D
  Eigen::MatrixXd precision_diagonal_;     // D x 1 or D x K
  Eigen::VectorXd log_weight_, constant_;  // K
};

}  // namespace gmvae
