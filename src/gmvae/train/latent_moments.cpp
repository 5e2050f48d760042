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
    : counts_(Eigen::VectorXd::Zero(k)), sums_(Eigen::MatrixXd::Zero(latent, k)),
      squares_(Eigen::MatrixXd::Zero(latent, latent * k)) {}

template <typename T>
void LatentMoments::add(const T* mean, const T* log_variance, const double* gamma) {
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

void LatentMoments::divide(double n) {
  counts_ /= n;
  sums_ /= n;
  squares_ /= n;
}

void LatentMoments::blend(const LatentMoments& other, double damping) {
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
    const auto mean = moments.means.col(c);
    const Eigen::MatrixXd cross = sums_.col(c) * mean.transpose();
    moments.scatter.middleCols(c * d, d) = squares_.middleCols(c * d, d) - cross -
                                           cross.transpose() + counts_[c] * mean * mean.transpose();
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

template void LatentMoments::add(const float*, const float*, const double*);
template void LatentMoments::add(const double*, const double*, const double*);

}  // namespace gmvae
