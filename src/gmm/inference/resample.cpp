#include "gmm/inference/resample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/dense.h"
#include "core/draws.h"
#include "core/error.h"

namespace gmvae {

namespace {

constexpr Purpose resample_purpose{20};

std::vector<double> weights_of(const Source& source, const RowFacts& facts) {
  if (facts.weights == nullptr) return std::vector<double>(static_cast<std::size_t>(source.n), 1.0);
  return std::vector<double>(facts.weights, facts.weights + source.n);
}

std::vector<double> shares_of(const Mixture& mixture) {
  std::vector<double> shares(mixture.weights.data(),
                             mixture.weights.data() + mixture.weights.size());
  shares.push_back(mixture.noise);
  return shares;
}

std::vector<Eigen::MatrixXd> roots_of(const Mixture& mixture) {
  std::vector<Eigen::MatrixXd> roots(mixture.covariances.size());
  for (std::size_t k = 0; k < roots.size(); ++k) {
    if (!cholesky(mixture.covariances[k], &roots[k])) return {};
  }
  return roots;
}

Eigen::VectorXd least_values(const Source& source) {
  Eigen::VectorXd low(source.d);
  for (Index j = 0; j < source.d; ++j) {
    low[j] = std::numeric_limits<double>::infinity();
    for (Index i = 0; i < source.n; ++i) {
      if (source(i, j) < low[j]) low[j] = source(i, j);
    }
  }
  return low;
}

}  // namespace

Categorical::Categorical(const std::vector<double>& weights) : sums_(weights) {
  for (std::size_t i = 1; i < sums_.size(); ++i) sums_[i] += sums_[i - 1];
  all_one_ = std::all_of(weights.begin(), weights.end(), [](double w) { return w == 1.0; });
}

Index Categorical::draw(RngStream& rng) const {
  const double u = rng.uniform() * total();
  // The sums of ones are their own numbers.
  if (all_one_) return std::min(static_cast<Index>(u), last());
  const auto at = std::upper_bound(sums_.begin(), sums_.end(), u);
  return std::min<Index>(at - sums_.begin(), last());
}

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
  facts.labels = labels.empty() ? same_labels : labels.data();
  return facts;
}

Population::Population(const Source& source, const RowFacts& facts, const Mixture& mixture)
    : source_(source), facts_(facts), mixture_(mixture), weights_(weights_of(source, facts)),
      rows_(weights_), n_drawn_(std::max<Index>(std::llround(rows_.total()), 1)),
      components_(shares_of(mixture)), roots_(roots_of(mixture)) {
  if (mixture.noise > 0.0) low_ = least_values(source);
}

Resample Population::draw(Resampling kind, std::uint64_t seed, Index item) const {
  RngStream rng(seed, resample_purpose, 0, static_cast<std::uint64_t>(item));
  switch (kind) {
  case Resampling::nonparametric:
    return draw_rows(rng);
  case Resampling::weighted:
    return draw_weights(rng);
  case Resampling::jackknife:
    return leave_out(item);
  case Resampling::parametric:
    return draw_from_mixture(rng);
  }
  return {};
}

Resample Population::with_weights(std::vector<double> weights) const {
  Resample sample;
  sample.source = source_;
  sample.weights = std::move(weights);
  sample.same_labels = facts_.labels;
  return sample;
}

// A row that is drawn twice counts twice: the likelihood of a copy.
Resample Population::draw_rows(RngStream& rng) const {
  std::vector<double> weights(weights_.size(), 0.0);
  const double each = rows_.total() / static_cast<double>(n_drawn_);
  for (Index i = 0; i < n_drawn_; ++i) weights[static_cast<std::size_t>(rows_.draw(rng))] += each;
  return with_weights(std::move(weights));
}

Resample Population::draw_weights(RngStream& rng) const {
  std::vector<double> weights(weights_.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = draw_gamma(rng, weights_[i]);
    sum += weights[i];
  }
  for (double& weight : weights) weight *= rows_.total() / sum;
  return with_weights(std::move(weights));
}

Resample Population::leave_out(Index row) const {
  std::vector<double> weights = weights_;
  double& weight = weights[static_cast<std::size_t>(row)];
  weight -= std::min(1.0, weight);
  return with_weights(std::move(weights));
}

// Without weights each row of the source lends its gaps and label to one new row.
Resample Population::draw_from_mixture(RngStream& rng) const {
  if (roots_.empty()) {
    throw NumericalError("The covariances of a mixture must be positive definite.");
  }
  const Index d = source_.d, n = n_drawn_;
  std::vector<Index> like(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) {
    like[static_cast<std::size_t>(i)] = facts_.weights != nullptr ? rows_.draw(rng) : i;
  }
  Resample sample;
  sample.values.resize(static_cast<std::size_t>(n * d));
  sample.source = {sample.values.data(), n, d, 1, n};
  Eigen::VectorXd row(d);
  for (Index i = 0; i < n; ++i) {
    const Index model = like[static_cast<std::size_t>(i)];
    const int label = facts_.labels != nullptr ? facts_.labels[model] : -1;
    const Index component = label >= 0 ? label : components_.draw(rng);
    if (component < mixture_.weights.size()) {
      for (Index j = 0; j < d; ++j) row[j] = rng.normal();
      row = multiply_lower(roots_[static_cast<std::size_t>(component)], row);
      row += mixture_.means.col(component);
    } else {
      for (Index j = 0; j < d; ++j) row[j] = low_[j] + rng.uniform() * mixture_.noise_range[j];
    }
    for (Index j = 0; j < d; ++j) {
      const double there = source_(model, j);
      sample.values[static_cast<std::size_t>(j * n + i)] = std::isnan(there) ? there : row[j];
    }
    if (facts_.labels != nullptr) sample.labels.push_back(label);
  }
  return sample;
}

}  // namespace gmvae
