// Damped minibatch EM of the mixture prior (stepwise EM: Cappe & Moulines 2009,
// <doi:10.1111/j.1467-9868.2009.00698.x>, eq 11), with the covariance families of src/gmm.
//
// Raw moments of the latent under q(c) q(z), per cell, are averaged over the past with weights
// that fade by 1 - damping a batch; the M-step is MAP:
//   pi_c    ~ Dirichlet: one more cell for each component
//   Sigma_c ~ inverse Wishart: D + 2 more cells with the pooled within-component covariance
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "gmm/em/mixture.h"
#include "gmm/model/family.h"
#include "gmm/model/moments.h"
#include "gmm/search/search.h"

namespace gmvae {

// EM on latent means, with a small ridge in units of their variances.
inline SearchOptions latent_search(Index n_init, Index max_iter, double tol, std::uint64_t seed) {
  SearchOptions search;
  search.em.max_iter = max_iter;
  search.em.tol = tol;
  search.em.ridge = 1e-6;
  search.n_init = n_init;
  search.seed = seed;
  return search;
}

class LatentMoments {
 public:
  LatentMoments(Index latent, Index k)
      : counts_(Eigen::VectorXd::Zero(k)), sums_(Eigen::MatrixXd::Zero(latent, k)),
        squares_(Eigen::MatrixXd::Zero(latent, latent * k)) {}

  // One cell: mean, log_variance (D), gamma (K).
  template <typename T>
  void add(const T* mean, const T* log_variance, const double* gamma) {
    const Index d = sums_.rows(), k = sums_.cols();
    const Eigen::VectorXd m =
        Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>>(mean, d).template cast<double>();
    Eigen::MatrixXd square = m * m.transpose();
    for (Index i = 0; i < d; ++i) square(i, i) += std::exp(static_cast<double>(log_variance[i]));
    for (Index c = 0; c < k; ++c) {
      if (gamma[c] < 1e-12) continue;
      counts_[c] += gamma[c];
      sums_.col(c) += gamma[c] * m;
      squares_.middleCols(c * d, d) += gamma[c] * square;
    }
  }

  // Per cell, of n of them.
  void divide(double n) {
    counts_ /= n;
    sums_ /= n;
    squares_ /= n;
  }

  // (1 - damping) this + damping other
  void blend(const LatentMoments& other, double damping) {
    counts_ += damping * (other.counts_ - counts_);
    sums_ += damping * (other.sums_ - sums_);
    squares_ += damping * (other.squares_ - squares_);
  }

  // The M-step, for n_cells cells.  A component that has lost its cells keeps its place.
  Mixture maximise(const std::string& covariance, double n_cells, const Mixture& before) const {
    const Index d = sums_.rows(), k = sums_.cols();
    Moments moments;
    moments.counts = counts_;
    moments.means = before.means;
    moments.scatter.resize(d, d * k);
    Eigen::MatrixXd pooled = Eigen::MatrixXd::Zero(d, d);
    for (Index c = 0; c < k; ++c) {
      if (counts_[c] * n_cells > 1e-3) moments.means.col(c) = sums_.col(c) / counts_[c];
      const auto mean = moments.means.col(c);
      const Eigen::MatrixXd cross = sums_.col(c) * mean.transpose();
      moments.scatter.middleCols(c * d, d) = squares_.middleCols(c * d, d) - cross -
                                             cross.transpose() +
                                             counts_[c] * mean * mean.transpose();
      pooled += moments.scatter.middleCols(c * d, d);
    }
    pooled /= counts_.sum();
    const double prior_cells = static_cast<double>(d + 2) / n_cells;
    for (Index c = 0; c < k; ++c) {
      moments.counts[c] += prior_cells;
      moments.scatter.middleCols(c * d, d) += prior_cells * pooled;
    }
    Mixture mixture;
    mixture.means = moments.means;
    mixture.weights =
        (counts_.array() * n_cells + 1) / (n_cells * counts_.sum() + static_cast<double>(k));
    mixture.covariances = covariances_of(find_family(covariance), moments);
    const double ridge = 1e-6 * pooled.diagonal().mean();
    for (Eigen::MatrixXd& sigma : mixture.covariances) sigma.diagonal().array() += ridge;
    return mixture;
  }

 private:
  // K of D x D
  static std::vector<Eigen::MatrixXd> covariances_of(const Family& family, const Moments& full) {
    const Index k = full.n_components();
    const Moments moments = reduced(full, family.scatter);
    const Covariances estimate = family.estimate(moments, nullptr, 0.0);
    std::vector<Eigen::MatrixXd> covariances;
    for (Index c = 0; c < k; ++c) covariances.push_back(estimate.matrix(c));
    return covariances;
  }

  Eigen::VectorXd counts_;   // K: mean gamma_c
  Eigen::MatrixXd sums_;     // D x K: mean gamma_c m
  Eigen::MatrixXd squares_;  // D x DK: mean gamma_c (m m' + diag s2)
};

}  // namespace gmvae
