// Damped minibatch EM of the mixture prior (stepwise EM: Cappe & Moulines 2009,
// <doi:10.1111/j.1467-9868.2009.00698.x>, eq 11), with the covariance families of src/gmm.
//
// Raw moments of the latent under q(c) q(z), per cell, are averaged over the past with weights
// that fade by 1 - damping a batch; the M-step is MAP:
//   pi_c    ~ Dirichlet: one more cell for each component
//   Sigma_c ~ inverse Wishart: D + 2 more cells with the pooled within-component covariance
#pragma once

#include <string>

#include "core/eigen.h"
#include "gmm/em/mixture.h"

namespace gmvae {

class LatentMoments {
 public:
  LatentMoments(Index latent, Index k);

  // What the other functions have made of them before; sizes, counts: K   sums: D x K   squares:
  // D x DK.
  LatentMoments(const Eigen::VectorXd& sizes, const Eigen::VectorXd& counts,
                const Eigen::MatrixXd& sums, const Eigen::MatrixXd& squares);
  const Eigen::VectorXd& sizes() const { return sizes_; }
  const Eigen::VectorXd& counts() const { return counts_; }
  const Eigen::MatrixXd& sums() const { return sums_; }
  const Eigen::MatrixXd& squares() const { return squares_; }

  // One cell: mean, log_variance (D), gamma (K).  It counts `weight` times for the means and
  // covariances, once for the weights of the components.
  void add(const float* mean, const float* log_variance, const double* gamma, double weight);
  void add(const double* mean, const double* log_variance, const double* gamma, double weight);

  // Per cell, of n of them.
  void divide(double n);

  // (1 - damping) this + damping other
  void blend(const LatentMoments& other, double damping);

  // The M-step, for n_cells cells.  A component that has lost its cells keeps its place.
  Mixture maximise(const std::string& covariance, double n_cells, const Mixture& before) const;

 private:
  Eigen::VectorXd sizes_;    // K: mean gamma_c
  Eigen::VectorXd counts_;   // K: mean w gamma_c
  Eigen::MatrixXd sums_;     // D x K: mean w gamma_c m
  Eigen::MatrixXd squares_;  // D x DK: mean w gamma_c (m m' + diag s2)
};

}  // namespace gmvae
