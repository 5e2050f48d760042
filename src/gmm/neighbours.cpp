#include "gmm/neighbours.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

namespace gmvae {

namespace {

// The same mixture with covariances in own form and room for K components.
Parameters resized(const Parameters& mixture, Index n_components) {
  const Index d = mixture.n_dimensions();
  Parameters result = mixture;
  result.weights.conservativeResize(n_components);
  result.means.conservativeResize(d, n_components);
  result.covariances = Covariances{};
  result.covariances.matrices.resize(d, d * n_components);
  for (Index k = 0; k < std::min(n_components, mixture.n_components()); ++k) {
    nth_block(result.covariances.matrices, k) = mixture.covariances.matrix(k);
  }
  return result;
}

double log_determinant(const Eigen::MatrixXd& covariance) {
  const Eigen::VectorXd diagonal = Eigen::LLT<Eigen::MatrixXd>(covariance).matrixLLT().diagonal();
  return 2.0 * diagonal.array().log().sum();
}

struct Pair {
  double loss;
  Index first, second;
};

// The covariance of two components together.
Eigen::MatrixXd joined(const Parameters& all, Index a, Index b) {
  const double share = all.weights[a] / (all.weights[a] + all.weights[b]);
  const Eigen::VectorXd gap = all.means.col(a) - all.means.col(b);
  return share * nth_block(all.covariances.matrices, a) +
         (1.0 - share) * nth_block(all.covariances.matrices, b) +
         share * (1.0 - share) * gap * gap.transpose();
}

// `first` becomes both of them; those after `second` move up.
Parameters merge(Parameters all, Index first, Index second) {
  const Eigen::MatrixXd covariance = joined(all, first, second);
  const double weight = all.weights[first] + all.weights[second];
  all.means.col(first) =
      (all.weights[first] * all.means.col(first) + all.weights[second] * all.means.col(second)) /
      weight;
  all.weights[first] = weight;
  nth_block(all.covariances.matrices, first) = covariance;
  const Index last = all.n_components() - 1;
  for (Index k = second; k < last; ++k) {
    all.weights[k] = all.weights[k + 1];
    all.means.col(k) = all.means.col(k + 1).eval();
    nth_block(all.covariances.matrices, k) =
        Eigen::MatrixXd(nth_block(all.covariances.matrices, k + 1));
  }
  return resized(all, last);
}

}  // namespace

std::vector<Parameters> merge_closest(const Parameters& mixture, Index fixed, std::size_t most) {
  const Index n_components = mixture.n_components();
  const Parameters all = resized(mixture, n_components);
  Eigen::VectorXd log_determinants(n_components);
  for (Index k = 0; k < n_components; ++k) {
    log_determinants[k] = log_determinant(nth_block(all.covariances.matrices, k));
  }
  std::vector<Pair> pairs;
  for (Index b = std::max<Index>(fixed, 1); b < n_components; ++b) {
    for (Index a = 0; a < b; ++a) {
      const double wa = all.weights[a], wb = all.weights[b];
      pairs.push_back({(wa + wb) * log_determinant(joined(all, a, b)) - wa * log_determinants[a] -
                           wb * log_determinants[b],
                       a, b});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& x, const Pair& y) { return x.loss < y.loss; });
  std::vector<Parameters> merged;
  for (std::size_t i = 0; i < std::min(most, pairs.size()); ++i) {
    merged.push_back(merge(all, pairs[i].first, pairs[i].second));
  }
  return merged;
}

}  // namespace gmvae
