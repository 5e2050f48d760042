#include "gmm/data/observations.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "gmm/data/smallest_step.h"

namespace gmvae {

namespace {

constexpr double rounding = 1e-13;  // relative: values that close differ by how they were computed

}  // namespace

Observations::Observations(const Source& source, const RowFacts& facts, Workers& workers)
    : source_(source), facts_(facts), centre_(source.d), scale_(source.d) {
  sort_rows();
  workers.run(source.d, [this](Index j) { measure(j); });
  log_scale_ = scale_.array().log().sum();
}

Observations::Observations(const Source& source, const RowFacts& facts,
                           const Eigen::VectorXd& centre, const Eigen::VectorXd& scale)
    : source_(source), facts_(facts), centre_(centre), scale_(scale),
      log_scale_(scale.array().log().sum()) {
  sort_rows();
}

Observations::Observations(const Observations& other, const double* weights)
    : source_(other.source_), facts_{weights, other.facts_.labels}, centre_(other.centre_),
      scale_(other.scale_), log_scale_(other.log_scale_) {
  const auto is_there = [this](Index row) {
    if (!(weight(row) > 0.0)) return false;
    total_weight_ += weight(row);
    ++n_rows_;
    return true;
  };
  for (Index i = 0; i < other.n_complete_; ++i) {
    if (is_there(other.complete_row(i))) add_complete(other.complete_row(i));
  }
  for (const Pattern& pattern : other.patterns_) {
    Pattern own{pattern.observed, pattern.missing, {}};
    std::copy_if(pattern.rows.begin(), pattern.rows.end(), std::back_inserter(own.rows), is_there);
    if (!own.rows.empty()) patterns_.push_back(std::move(own));
  }
}

Observations::Observations(const Observations& other, const std::vector<Index>& rows)
    : centre_(other.centre_), scale_(other.scale_), log_scale_(other.log_scale_) {
  const Index n = static_cast<Index>(rows.size()), d = other.n_dimensions();
  for (Index j = 0; j < d; ++j) {
    for (const Index row : rows) values_.push_back(other.source_(row, j));
    other.used_scattered(n);
  }
  for (const Index row : rows) {
    if (other.has_weights()) weights_.push_back(other.weight(row));
    if (other.has_labels()) labels_.push_back(other.label(row));
  }
  source_ = {values_.data(), n, d, 1, n};
  if (other.has_weights()) facts_.weights = weights_.data();
  if (other.has_labels()) facts_.labels = labels_.data();
  sort_rows();
}

// Rows of positive weight: complete ones first, the others by pattern, each in their order.
void Observations::sort_rows() {
  std::map<std::vector<bool>, Pattern> patterns;
  std::vector<bool> there(to_size(source_.d));
  for_stretches(source_, source_.d, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row) {
      if (!(weight(row) > 0.0)) continue;
      ++n_rows_;
      total_weight_ += weight(row);
      bool complete = true;
      for (Index j = 0; j < source_.d; ++j) {
        complete = complete && !std::isnan(source_(row, j));
      }
      if (complete) {
        add_complete(row);
        continue;
      }
      for (Index j = 0; j < source_.d; ++j) there[to_size(j)] = !std::isnan(source_(row, j));
      patterns[there].rows.push_back(row);
    }
  });
  for (auto& [key, pattern] : patterns) {
    for (Index j = 0; j < source_.d; ++j) {
      (key[to_size(j)] ? pattern.observed : pattern.missing).push_back(j);
    }
    patterns_.push_back(std::move(pattern));
  }
}

// Numbers are stored from where they are no longer those of the first rows.
void Observations::add_complete(Index row) {
  if (complete_.empty() && row > n_complete_) {
    complete_.reserve(to_size(source_.n - row + n_complete_));
    for (Index i = 0; i < n_complete_; ++i) complete_.push_back(i);
    complete_.push_back(row);
  } else if (!complete_.empty()) {
    complete_.push_back(row);
  }
  ++n_complete_;
}

// Mean and standard deviation of a column, in two passes.
void Observations::measure(Index j) {
  const auto sum = [&](auto&& term) {
    double total = 0.0, weights = 0.0;
    for_stretches(source_, 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const double x = source_(i, j), w = weight(i);
        if (!(w > 0.0) || std::isnan(x)) continue;
        total += w * term(x);
        weights += w;
      }
    });
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
  const auto for_values = [&](auto&& fn) {
    for_stretches(source_, 1, [&](Index begin, Index end) {
      for (Index row = begin; row < end; ++row) {
        const double x = source_(row, j);
        if (weight(row) > 0.0 && !std::isnan(x)) fn(x);
      }
    });
  };
  const double gap = smallest_step(for_values, rounding);
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
  source_.used(count * source_.d);
}

Eigen::MatrixXd Observations::points(const std::vector<Index>& rows) const {
  Eigen::MatrixXd result(source_.d, static_cast<Index>(rows.size()));
  for (Index i = 0; i < result.cols(); ++i) {
    for (Index j = 0; j < source_.d; ++j) {
      const double x = value(rows[to_size(i)], j);
      result(j, i) = std::isnan(x) ? 0.0 : x;
    }
    used_scattered(source_.d);
  }
  return result;
}

}  // namespace gmvae
