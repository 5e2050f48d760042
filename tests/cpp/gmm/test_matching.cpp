// Matching of components, against all permutations.
#include "gmm/inference/matching.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/rng.h"
#include "testing.h"

using namespace gmvae;

TEST("least_cost_assignment() finds the best of all permutations") {
  RngStream rng(3, testing::purpose);
  for (Index n = 1; n <= 6; ++n) {
    for (int repeat = 0; repeat < 20; ++repeat) {
      Eigen::MatrixXd cost(n, n);
      for (Index e = 0; e < cost.size(); ++e) cost.data()[e] = rng.normal();
      const auto sum = [&](const std::vector<Index>& column_of) {
        double total = 0.0;
        for (Index i = 0; i < n; ++i) total += cost(i, column_of[static_cast<std::size_t>(i)]);
        return total;
      };
      std::vector<Index> order(static_cast<std::size_t>(n));
      std::iota(order.begin(), order.end(), Index{0});
      double least = std::numeric_limits<double>::infinity();
      do {
        least = std::min(least, sum(order));
      } while (std::next_permutation(order.begin(), order.end()));
      CHECK_NEAR(sum(least_cost_assignment(cost)), least, 1e-12);
    }
  }
}

TEST("matched_to() undoes a permutation, but for components with labels") {
  Mixture mixture;
  mixture.weights = Eigen::Vector3d(0.5, 0.3, 0.2);
  mixture.means.resize(1, 3);
  mixture.means << 0.0, 4.0, 9.0;
  for (const double variance : {1.0, 2.0, 3.0}) {
    mixture.covariances.push_back(Eigen::MatrixXd::Constant(1, 1, variance));
  }
  Mixture other = mixture;
  other.means << 9.1, 0.1, 4.1;
  other.weights = Eigen::Vector3d(0.2, 0.5, 0.3);
  std::rotate(other.covariances.begin(), other.covariances.begin() + 2, other.covariances.end());
  const Mixture matched = matched_to(mixture, other, 0);
  for (Index k = 0; k < 3; ++k) {
    CHECK_NEAR(matched.means(0, k), mixture.means(0, k) + 0.1, 1e-12);
    CHECK(matched.weights[k] == mixture.weights[k]);
    CHECK(matched.covariances[static_cast<std::size_t>(k)] ==
          mixture.covariances[static_cast<std::size_t>(k)]);
  }
  CHECK(matched_to(mixture, other, 3).means == other.means);
}
