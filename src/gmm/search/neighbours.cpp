#include "gmm/search/neighbours.h"

#include <algorithm>
#include <cmath>

#include "core/dense.h"

namespace gmvae {

namespace {

double log_determinant(const Eigen::MatrixXd& covariance) {
  Eigen::MatrixXd root;
  cholesky(covariance, &root);
  return cholesky_log_determinant(root);
}

}  // namespace

std::vector<std::pair<Index, Index>> closest_pairs(const Parameters& mixture, Index fixed,
                                                   std::size_t most) {
  const Index n_components = mixture.n_components();
  std::vector<Eigen::MatrixXd> covariances;
  Eigen::VectorXd log_determinants(n_components);
  for (Index k = 0; k < n_components; ++k) {
    covariances.push_back(mixture.covariances.matrix(k));
    log_determinants[k] = log_determinant(covariances.back());
  }
  struct Pair {
    double loss;
    std::pair<Index, Index> components;
  };
  std::vector<Pair> pairs;
  for (Index b = std::max<Index>(fixed, 1); b < n_components; ++b) {
    for (Index a = 0; a < b; ++a) {
      const double weight = mixture.weights[a] + mixture.weights[b];
      const double share = mixture.weights[a] / weight;
      const Eigen::VectorXd gap = mixture.means.col(a) - mixture.means.col(b);
      Eigen::MatrixXd together = share * covariances[static_cast<std::size_t>(a)] +
                                 (1.0 - share) * covariances[static_cast<std::size_t>(b)];
      add_outer_product(share * (1.0 - share), gap, together);
      pairs.push_back({weight * (log_determinant(together) - share * log_determinants[a] -
                                 (1.0 - share) * log_determinants[b]),
                       {a, b}});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& x, const Pair& y) { return x.loss < y.loss; });
  std::vector<std::pair<Index, Index>> closest;
  for (std::size_t i = 0; i < std::min(most, pairs.size()); ++i) {
    closest.push_back(pairs[i].components);
  }
  return closest;
}

}  // namespace gmvae
