#include "gmm/data/observations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace gmvae {

namespace {

constexpr double rounding = 1e-13;  // relative: values that close differ by how they were computed

}  // namespace

Observations::Observations(const Source& source, const RowFacts& facts, Workers& workers)
    : source_(source), facts_(facts), centre_(source.d), scale_(source.d) {
  sort_rows(rows_there());
  workers.run(source.d, [this](Index j) { measure(j); });
  log_scale_ = scale_.array().log().sum();
}

Observations::Observations(const Source& source, const RowFacts& facts,
                           const Eigen::VectorXd& centre, const Eigen::VectorXd& scale)
    : source_(source), facts_(facts), centre_(centre), scale_(scale),
      log_scale_(scale.array().log().sum()) {
  sort_rows(rows_there());
}

Observations::Observations(const Observations& other, const double* weights)
    : source_(other.source_), facts_{weights, other.facts_.labels}, centre_(other.centre_),
      scale_(other.scale_), log_scale_(other.log_scale_) {
  const auto take = [this](Index row, std::vector<Index>* rows) {
    if (!(weight(row) > 0.0)) return;
    total_weight_ += weight(row);
    rows->push_back(row);
  };
  complete_.reserve(to_size(other.n_complete_));
  for (Index i = 0; i < other.n_complete_; ++i) take(other.complete_row(i), &complete_);
  n_rows_ = n_complete_ = static_cast<Index>(complete_.size());
  if (n_complete_ == source_.n) complete_.clear();
  for (const Pattern& pattern : other.patterns_) {
    Pattern own{pattern.observed, pattern.missing, {}};
    for (const Index row : pattern.rows) take(row, &own.rows);
    if (own.rows.empty()) continue;
    n_rows_ += static_cast<Index>(own.rows.size());
    patterns_.push_back(std::move(own));
  }
}

Observations::Observations(const Observations& other, const std::vector<Index>& rows)
    : source_(other.source_), facts_(other.facts_), centre_(other.centre_), scale_(other.scale_),
      log_scale_(other.log_scale_) {
  sort_rows(rows);
}

// Rows of positive weight.
std::vector<Index> Observations::rows_there() const {
  std::vector<Index> rows;
  rows.reserve(to_size(source_.n));
  for (Index i = 0; i < source_.n; ++i) {
    if (weight(i) > 0.0) rows.push_back(i);
  }
  return rows;
}

// Complete rows first, the others by pattern; each in the order given.
void Observations::sort_rows(const std::vector<Index>& rows) {
  n_rows_ = static_cast<Index>(rows.size());
  std::map<std::vector<bool>, Pattern> patterns;
  std::vector<bool> there(to_size(source_.d));
  complete_.reserve(rows.size());
  for (const Index row : rows) {
    total_weight_ += weight(row);
    bool complete = true;
    for (Index j = 0; j < source_.d; ++j) {
      complete = complete && !std::isnan(source_(row, j));
    }
    if (complete) {
      complete_.push_back(row);
      continue;
    }
    for (Index j = 0; j < source_.d; ++j) there[to_size(j)] = !std::isnan(source_(row, j));
    patterns[there].rows.push_back(row);
  }
  n_complete_ = static_cast<Index>(complete_.size());
  if (n_complete_ == source_.n) complete_ = {};
  for (auto& [key, pattern] : patterns) {
    for (Index j = 0; j < source_.d; ++j) {
      (key[to_size(j)] ? pattern.observed : pattern.missing).push_back(j);
    }
    patterns_.push_back(std::move(pattern));
  }
}

// Mean and standard deviation of a column, in two passes.
void Observations::measure(Index j) {
  const auto sum = [&](auto&& term) {
    double total = 0.0, weights = 0.0;
    for (Index i = 0; i < source_.n; ++i) {
      const double x = source_(i, j), w = weight(i);
      if (!(w > 0.0) || std::isnan(x)) continue;
      total += w * term(x);
      weights += w;
    }
    return weights > 0.0 ? total / weights : 0.0;
  };
  centre_[j] = sum([](double x) { return x; });
  centre_[j] += sum([&](double x) { return x - centre_[j]; });  // what rounding left
  const double sd = std::sqrt(sum([&](double x) { return (x - centre_[j]) * (x - centre_[j]); }));
  scale_[j] = sd > 0.0 ? sd : 1.0;
}

const Eigen::VectorXd& Observations::smallest_gaps() const {
  std::call_once(gaps_known_, [this] {
    gaps_.resize(source_.d);
    for (Index j = 0; j < source_.d; ++j) gaps_[j] = smallest_gap(j);
  });
  return gaps_;
}

double Observations::smallest_gap(Index j) const {
  std::vector<double> values;
  double largest = 0.0;
  for (const Index row : rows()) {
    const double x = source_(row, j);
    if (std::isnan(x)) continue;
    values.push_back(x);
    largest = std::max(largest, std::abs(x));
  }
  std::sort(values.begin(), values.end());
  double gap = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double step = values[i] - values[i - 1];
    if (step > rounding * largest) gap = std::min(gap, step);
  }
  return std::isfinite(gap) ? gap / scale_[j] : 0.0;
}

double Observations::total_log_units() const {
  double sum = total_weight_ * log_scale_;
  for (const Pattern& pattern : patterns_) {
    for (const Index row : pattern.rows) sum += weight(row) * (log_units(row) - log_scale_);
  }
  return sum;
}

double Observations::n_values() const {
  double n = static_cast<double>(n_complete_) * static_cast<double>(source_.d);
  for (const Pattern& pattern : patterns_) {
    n += static_cast<double>(pattern.rows.size()) * static_cast<double>(pattern.observed.size());
  }
  return n;
}

std::vector<Index> Observations::rows() const {
  std::vector<Index> all;
  all.reserve(to_size(n_rows_));
  for (Index i = 0; i < n_complete_; ++i) all.push_back(complete_row(i));
  for (const Pattern& pattern : patterns_) {
    all.insert(all.end(), pattern.rows.begin(), pattern.rows.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

void Observations::read(Index i, Index count, double* block, Index ld) const {
  for (Index j = 0; j < source_.d; ++j) {
    const double centre = centre_[j], inverse = 1.0 / scale_[j];
    double* column = block + j * ld;
    if (complete_.empty() && source_.row_step == 1) {
      const double* from = source_.values + j * source_.column_step + i;
      Eigen::Map<Eigen::ArrayXd>(column, count) =
          (Eigen::Map<const Eigen::ArrayXd>(from, count) - centre) * inverse;
    } else {
      for (Index row = 0; row < count; ++row) {
        column[row] = (source_(complete_row(i + row), j) - centre) * inverse;
      }
    }
  }
}

Eigen::MatrixXd Observations::points(const std::vector<Index>& rows) const {
  Eigen::MatrixXd result(source_.d, static_cast<Index>(rows.size()));
  for (Index i = 0; i < result.cols(); ++i) {
    for (Index j = 0; j < source_.d; ++j) {
      const double x = value(rows[to_size(i)], j);
      result(j, i) = std::isnan(x) ? 0.0 : x;
    }
  }
  return result;
}

}  // namespace gmvae
