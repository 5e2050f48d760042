// Data for tests of the mixture engine: n columns from three Gaussians of different size, shape and
// share, and the plain definition of a mixture's density.
#pragma once

#include <cmath>
#include <vector>

#include "algebra.h"
#include "core/eigen.h"
#include "core/numeric.h"
#include "core/rng.h"
#include "gmm/em/mixture.h"
#include "testing.h"

namespace testing {

struct Groups {
  Eigen::MatrixXd x;        // d x n
  std::vector<int> labels;  // n
  gmvae::ConstView<double> view() const { return {x.data(), x.rows(), x.cols()}; }
  gmvae::Source source() const { return gmvae::columns_of(view()); }
};

inline Groups three_groups(gmvae::Index n, gmvae::Index d) {
  Groups groups{Eigen::MatrixXd(d, n), std::vector<int>(static_cast<std::size_t>(n))};
  gmvae::RngStream rng(1, testing::purpose);
  for (gmvae::Index i = 0; i < n; ++i) {
    const double u = rng.uniform();
    const int group = u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
    double previous = 0.0;
    for (gmvae::Index j = 0; j < d; ++j) {
      previous = rng.normal() + (group == 2 ? 0.7 : 0.0) * previous;
      groups.x(j, i) = 3.0 * group + previous / (1.0 + 0.5 * group);
    }
    groups.labels[static_cast<std::size_t>(i)] = group;
  }
  return groups;
}

// log f of the entries of x that are not NaN.
inline double plain_log_density(const gmvae::Mixture& mixture, const Eigen::VectorXd& x) {
  std::vector<gmvae::Index> there;
  for (gmvae::Index j = 0; j < x.size(); ++j) {
    if (!std::isnan(x[j])) there.push_back(j);
  }
  const gmvae::Index m = static_cast<gmvae::Index>(there.size());
  std::vector<double> terms;
  for (gmvae::Index k = 0; k < mixture.weights.size(); ++k) {
    Eigen::MatrixXd covariance(m, m);
    Eigen::VectorXd centred(m);
    for (gmvae::Index a = 0; a < m; ++a) {
      const gmvae::Index i = there[static_cast<std::size_t>(a)];
      centred[a] = x[i] - mixture.means(i, k);
      for (gmvae::Index b = 0; b < m; ++b) {
        covariance(a, b) =
            mixture.covariances[static_cast<std::size_t>(k)](i, there[static_cast<std::size_t>(b)]);
      }
    }
    const double distance = centred.dot(solve(covariance, centred).col(0));
    terms.push_back(std::log(mixture.weights[k]) -
                    0.5 * (static_cast<double>(m) * gmvae::log_two_pi +
                           log_determinant(covariance) + distance));
  }
  if (mixture.noise > 0.0) {
    double log_noise = std::log(mixture.noise) + mixture.log_noise_density;
    for (gmvae::Index j = 0; j < x.size(); ++j) {
      if (std::isnan(x[j])) log_noise += std::log(mixture.noise_range[j]);
    }
    terms.push_back(log_noise);
  }
  return gmvae::log_sum_exp(terms.data(), static_cast<gmvae::Index>(terms.size()));
}

}  // namespace testing
