#include "gmm/search/neighbours.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string>

#include "core/dense.h"

namespace gmvae {

namespace {

constexpr std::size_t n_merges = 4;  // pairs of components to join

double log_determinant(const Eigen::MatrixXd& covariance) {
  Eigen::MatrixXd root;
  cholesky(covariance, &root);
  return cholesky_log_determinant(root);
}

// log |Sigma_k| of components, and of two as one.
class LogDeterminants {
 public:
  explicit LogDeterminants(const Covariances& covariances)
      : covariances_(covariances), values_(covariances.n_components()) {
    for (Index k = 0; k < values_.size(); ++k) {
      if (is_diagonal()) {
        values_[k] = covariances.variances.col(k).array().log().sum();
      } else {
        matrices_.push_back(covariances.matrix(k));
        values_[k] = log_determinant(matrices_.back());
      }
    }
  }

  double of(Index k) const { return values_[k]; }

  // s Sigma_a + (1 - s) Sigma_b + s (1 - s) g g', for diagonal ones by the determinant lemma.
  double of_union(Index a, Index b, double share, const Eigen::VectorXd& gap) const {
    const double between = share * (1.0 - share);
    if (is_diagonal()) {
      const Eigen::ArrayXd within = share * covariances_.variances.col(a).array() +
                                    (1.0 - share) * covariances_.variances.col(b).array();
      return within.log().sum() + std::log1p(between * (gap.array().square() / within).sum());
    }
    Eigen::MatrixXd together = share * matrices_[static_cast<std::size_t>(a)] +
                               (1.0 - share) * matrices_[static_cast<std::size_t>(b)];
    add_outer_product(between, gap, together);
    return log_determinant(together);
  }

 private:
  bool is_diagonal() const { return covariances_.form == Form::diagonal; }

  const Covariances& covariances_;
  std::vector<Eigen::MatrixXd> matrices_;  // where not diagonal
  Eigen::VectorXd values_;
};

}  // namespace

bool are_neighbours(const Candidate& candidate, const Candidate& from) {
  return from.family == candidate.family ? std::abs(from.k - candidate.k) == 1
                                         : from.k == candidate.k;
}

bool splits(const Candidate& candidate, const Candidate& from) {
  return from.family == candidate.family && from.k == candidate.k - 1;
}

std::vector<Run> starts_from_neighbours(Em& em, const Candidate& candidate,
                                        const std::vector<Neighbour>& neighbours, Index n_labels,
                                        std::size_t most) {
  std::vector<Run> runs;
  std::vector<double> bounds;
  const auto add = [&](const std::string& name, const Expectation& expectation) {
    double bound = 0.0;
    runs.push_back(em.begin(name, expectation, &bound));
    bounds.push_back(bound);
  };
  for (const Neighbour& neighbour : neighbours) {
    if (neighbour.expectation == nullptr) continue;
    const Expectation& expectation = *neighbour.expectation;
    const Candidate& from = neighbour.candidate;
    if (from.k == candidate.k && from.family != candidate.family) {
      add(from.family->code, expectation);
    } else if (from.family == candidate.family && from.k == candidate.k + 1 && from.k > n_labels) {
      const Parameters& mixture = neighbour.best->frame.parameters;
      for (const auto& [a, b] : closest_pairs(mixture, n_labels, n_merges)) {
        add("merged components", merge(expectation, a, b));
      }
    } else if (splits(candidate, from)) {
      for (Index k = 0; k < from.k; ++k) add("split component", split(expectation, k));
    }
  }
  std::vector<std::size_t> order(runs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return bounds[a] > bounds[b]; });
  std::vector<Run> best;
  for (std::size_t i = 0; i < std::min(most, order.size()); ++i) {
    best.push_back(std::move(runs[order[i]]));
  }
  return best;
}

std::vector<std::pair<Index, Index>> closest_pairs(const Parameters& mixture, Index fixed,
                                                   std::size_t most) {
  const Index n_components = mixture.n_components();
  const LogDeterminants log_determinants(mixture.covariances);
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
      pairs.push_back(
          {weight * (log_determinants.of_union(a, b, share, gap) - share * log_determinants.of(a) -
                     (1.0 - share) * log_determinants.of(b)),
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
