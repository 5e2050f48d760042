#include "gmvae/train/latent_moments.h"

#include <cmath>
#include <vector>

#include "gmm/model/family.h"
#include "gmm/model/moments.h"

namespace gmvae {

namespace {

// K of D x D
std::vector<Eigen::MatrixXd> covariances_of(const Family& family, const Moments& full) {
  const Index k = full.n_components();
  const Moments moments = reduced(full, family.scatter);
  const Covariances estimate = family.estimate(moments, nullptr, 0.0);
  std::vector<Eigen::MatrixXd> covariances;
  for (Index c = 0; c < k; ++c) covariances.push_back(estimate.matrix(c));
  return covariances;
}

}  // namespace

LatentMoments::LatentMoments(Index latent, Index k)
    : sizes_(Eigen::VectorXd::Zero(k)), counts_(sizes_), sums_(Eigen::MatrixXd::Zero(latent, k)),
      squares_(Eigen::MatrixXd::Zero(latent, latent * k)) {}

LatentMoments::LatentMoments(const Eigen::VectorXd& sizes, const Eigen::VectorXd& counts,
                             const Eigen::MatrixXd& sums, const Eigen::MatrixXd& squares)
    : sizes_(sizes), counts_(counts), sums_(sums), squares_(squares) {}

void LatentMoments::add(const float* mean, const float* log_variance, const double* gamma,
                        double weight) {
  const std::size_t d = static_cast<std::size_t>(sums_.rows());
  const std::vector<double> m(mean, mean + d), l(log_variance, log_variance + d);
  add(m.data(), l.data(), gamma, weight);
}

void LatentMoments::add(const double* mean, const double* log_variance, const double* gamma,
                        double weight) {
  const Index d = sums_.rows(), k = sums_.cols();
  Eigen::MatrixXd square(d, d);
  for (Index j = 0; j < d; ++j) {
    for (Index i = 0; i < d; ++i) square(i, j) = mean[i] * mean[j];
    square(j, j) += std::exp(log_variance[j]);
  }
  for (Index c = 0; c < k; ++c) {
    if (gamma[c] < 1e-12) continue;
    const double by = weight * gamma[c];
    sizes_[c] += gamma[c];
    counts_[c] += by;
    for (Index i = 0; i < d; ++i) sums_(i, c) += by * mean[i];
    double* sum = squares_.col(c * d).data();
    for (Index e = 0; e < d * d; ++e) sum[e] += by * square.data()[e];
  }
}

void LatentMoments::divide(double n) {
  sizes_ /= n;
  counts_ /= n;
  sums_ /= n;
  squares_ /= n;
}

void LatentMoments::blend(const LatentMoments& other, double damping) {
  sizes_ += damping * (other.sizes_ - sizes_);
  counts_ += damping * (other.counts_ - counts_);
  sums_ += damping * (other.sums_ - sums_);
  squares_ += damping * (other.squares_ - squares_);
}

Mixture LatentMoments::maximise(const std::string& covariance, double n_cells,
                                const Mixture& before) const {
  const Index d = sums_.rows(), k = sums_.cols();
  Moments moments;
  moments.counts = counts_;
  moments.means = before.means;
  moments.scatter.resize(d, d * k);
  Eigen::MatrixXd pooled = Eigen::MatrixXd::Zero(d, d);
  for (Index c = 0; c < k; ++c) {
    if (counts_[c] * n_cells > 1e-3) moments.means.col(c) = sums_.col(c) / counts_[c];
    const double *mean = moments.means.col(c).data(), *sum = sums_.col(c).data();
    for (Index j = 0; j < d; ++j) {
      for (Index i = 0; i < d; ++i) {
        const double scatter = squares_(i, c * d + j) - sum[i] * mean[j] - sum[j] * mean[i] +
                               counts_[c] * mean[i] * mean[j];
        moments.scatter(i, c * d + j) = scatter;
        pooled(i, j) += scatter;
      }
    }
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
      (sizes_.array() * n_cells + 1) / (n_cells * sizes_.sum() + static_cast<double>(k));
  mixture.covariances = covariances_of(find_family(covariance), moments);
  const double ridge = 1e-6 * (pooled.trace() / static_cast<double>(d));
  for (Eigen::MatrixXd& sigma : mixture.covariances) sigma.diagonal().array() += ridge;
  return mixture;
}

}  // namespace gmvae
