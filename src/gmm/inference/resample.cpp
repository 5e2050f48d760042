#include "gmm/inference/resample.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/dense.h"
#include "core/draws.h"
#include "core/error.h"
#include "core/rng.h"

namespace gmvae {

namespace {

constexpr Purpose resample_purpose{20};

// Draws of 0, ..., n - 1 with probabilities in proportion to weights.
class Categorical {
 public:
  explicit Categorical(const std::vector<double>& weights) : sums_(weights) {
    for (std::size_t i = 1; i < sums_.size(); ++i) sums_[i] += sums_[i - 1];
    all_one_ = std::all_of(weights.begin(), weights.end(), [](double w) { return w == 1.0; });
  }
  double total() const { return sums_.back(); }
  Index draw(RngStream& rng) const {
    const double u = rng.uniform() * total();
    // The sums of ones are their own numbers.
    if (all_one_) return std::min(static_cast<Index>(u), last());
    const auto at = std::upper_bound(sums_.begin(), sums_.end(), u);
    return std::min<Index>(at - sums_.begin(), last());
  }

 private:
  std::vector<double> sums_;
  bool all_one_ = false;

  Index last() const { return static_cast<Index>(sums_.size()) - 1; }
};

std::vector<double> weights_of(const Source& source, const RowFacts& facts) {
  if (facts.weights == nullptr) return std::vector<double>(static_cast<std::size_t>(source.n), 1.0);
  return std::vector<double>(facts.weights, facts.weights + source.n);
}

Resample same_rows(const Source& source, const RowFacts& facts) {
  Resample sample;
  sample.source = source;
  if (facts.labels != nullptr) sample.labels.assign(facts.labels, facts.labels + source.n);
  return sample;
}

// New rows; `like`, the row of the source whose gaps and label each has.
Resample from_mixture(const Source& source, const RowFacts& facts, const Mixture& mixture,
                      const std::vector<Index>& like, RngStream& rng) {
  const Index d = source.d, n = static_cast<Index>(like.size());
  std::vector<double> shares(mixture.weights.data(),
                             mixture.weights.data() + mixture.weights.size());
  shares.push_back(mixture.noise);
  const Categorical components(shares);
  std::vector<Eigen::MatrixXd> roots;
  for (const Eigen::MatrixXd& sigma : mixture.covariances) {
    Eigen::MatrixXd root;
    if (!cholesky(sigma, &root)) {
      throw NumericalError("The covariances of a mixture must be positive definite.");
    }
    roots.push_back(root);
  }
  Eigen::VectorXd low(d);
  for (Index j = 0; j < d && mixture.noise > 0.0; ++j) {
    low[j] = std::numeric_limits<double>::infinity();
    for (Index i = 0; i < source.n; ++i) {
      if (source(i, j) < low[j]) low[j] = source(i, j);
    }
  }
  Resample sample;
  sample.values.resize(static_cast<std::size_t>(n * d));
  sample.source = {nullptr, n, d, 1, n};
  Eigen::VectorXd row(d);
  for (Index i = 0; i < n; ++i) {
    const Index model = like[static_cast<std::size_t>(i)];
    const int label = facts.labels != nullptr ? facts.labels[model] : -1;
    const Index component = label >= 0 ? label : components.draw(rng);
    if (component < mixture.weights.size()) {
      for (Index j = 0; j < d; ++j) row[j] = rng.normal();
      row = multiply_lower(roots[static_cast<std::size_t>(component)], row);
      row += mixture.means.col(component);
    } else {
      for (Index j = 0; j < d; ++j) row[j] = low[j] + rng.uniform() * mixture.noise_range[j];
    }
    for (Index j = 0; j < d; ++j) {
      const double there = source(model, j);
      sample.values[static_cast<std::size_t>(j * n + i)] = std::isnan(there) ? there : row[j];
    }
    if (facts.labels != nullptr) sample.labels.push_back(label);
  }
  return sample;
}

}  // namespace

Resampling find_resampling(const std::string& name) {
  if (name == "nonparametric") return Resampling::nonparametric;
  if (name == "weighted") return Resampling::weighted;
  if (name == "jackknife") return Resampling::jackknife;
  ensure(name == "parametric", "There is no way to resample by the name '" + name + "'.");
  return Resampling::parametric;
}

RowFacts Resample::facts() const {
  RowFacts facts;
  if (!weights.empty()) facts.weights = weights.data();
  if (!labels.empty()) facts.labels = labels.data();
  return facts;
}

Resample Population::draw(Resampling kind, std::uint64_t seed, Index item) const {
  RngStream rng(seed, resample_purpose, 0, static_cast<std::uint64_t>(item));
  std::vector<double> given = weights_of(source, facts);
  const Categorical rows(given);
  const Index n_drawn = std::max<Index>(std::llround(rows.total()), 1);
  if (kind == Resampling::parametric) {
    std::vector<Index> like;
    for (Index i = 0; i < n_drawn; ++i) {
      like.push_back(facts.weights != nullptr ? rows.draw(rng) : i);
    }
    Resample sample = from_mixture(source, facts, *mixture, like, rng);
    sample.source.values = sample.values.data();
    return sample;
  }
  Resample sample = same_rows(source, facts);
  sample.weights.assign(given.size(), 0.0);
  switch (kind) {
  case Resampling::nonparametric: {
    const double each = rows.total() / static_cast<double>(n_drawn);
    for (Index i = 0; i < n_drawn; ++i) {
      sample.weights[static_cast<std::size_t>(rows.draw(rng))] += each;
    }
    break;
  }
  case Resampling::weighted: {
    double sum = 0.0;
    for (std::size_t i = 0; i < given.size(); ++i) {
      sample.weights[i] = draw_gamma(rng, given[i]);
      sum += sample.weights[i];
    }
    for (double& weight : sample.weights) weight *= rows.total() / sum;
    break;
  }
  default:
    sample.weights = given;
    sample.weights[static_cast<std::size_t>(item)] -=
        std::min(1.0, given[static_cast<std::size_t>(item)]);
  }
  return sample;
}

}  // namespace gmvae
