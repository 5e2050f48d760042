// The rows of a fit behind one door: blocks of centred and scaled values, read where the user's
// data lie, so that no copy of them is made.
#pragma once

#include <cmath>
#include <mutex>
#include <vector>

#include "core/eigen.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/data/source.h"

namespace gmvae {

// What may come with the rows of a source; null where it doesn't.
struct RowFacts {
  const double* weights = nullptr;  // n, at least 0; a row of weight 0 is not there
  const int* labels = nullptr;      // n, the known component from 0, or -1
};

// Rows with values in the same columns.
struct Pattern {
  std::vector<Index> observed, missing;  // columns
  std::vector<Index> rows;               // of the source
};

class Elsewhere;

class Observations {
 public:
  // All rows of positive weight, in units of each column's standard deviation from its mean.
  Observations(const Source& source, const RowFacts& facts, Workers& workers);

  // The same in given units.
  Observations(const Source& source, const RowFacts& facts, const Eigen::VectorXd& centre,
               const Eigen::VectorXd& scale);

  // The rows of `other` with other weights (of the source's n rows), in its units.
  Observations(const Observations& other, const double* weights);

  // A copy of some rows, in increasing order and in the units of `other`; they are numbered anew.
  Observations(const Observations& other, const std::vector<Index>& rows);

  // Other processes with the same rows add up sums of passes (em/elsewhere.h); null: nobody does.
  void set_elsewhere(Elsewhere* elsewhere) { elsewhere_ = elsewhere; }
  Elsewhere* elsewhere() const { return elsewhere_; }

  // The number of partial sums of a pass; 0: what suits the data, see em/pass.cpp.
  void set_n_shards(Index n) { n_shards_ = n; }
  Index n_shards() const { return n_shards_; }

  Index n_dimensions() const { return source_.d; }
  Index n_source_rows() const { return source_.n; }
  Index n_rows() const { return n_rows_; }  // of positive weight
  double total_weight() const { return total_weight_; }
  Index n_complete() const { return n_complete_; }  // rows without a missing entry
  Index complete_row(Index i) const { return complete_.empty() ? i : complete_[to_size(i)]; }
  const std::vector<Pattern>& patterns() const { return patterns_; }  // of the other rows
  std::vector<Index> rows() const;                                    // all of them
  double n_values() const;                                            // that are not missing

  // fn(row) for each of the rows, in increasing order.
  template <typename Fn>
  void for_rows(Fn&& fn) const {
    for (Index row = 0; row < source_.n; ++row) {
      if (weight(row) > 0.0) fn(row);
    }
  }

  const Eigen::VectorXd& centre() const { return centre_; }  // d, in the units of the source
  const Eigen::VectorXd& scale() const { return scale_; }    // d

  double weight(Index row) const { return facts_.weights ? facts_.weights[row] : 1.0; }
  bool has_weights() const { return facts_.weights != nullptr; }
  int label(Index row) const { return facts_.labels ? facts_.labels[row] : -1; }
  bool has_labels() const { return facts_.labels != nullptr; }

  // The i-th to (i + count - 1)-th complete row: column j begins at block + j * ld.
  void read(Index i, Index count, double* block, Index ld) const;

  // Value j of a row of the source; NaN where it is missing.
  double value(Index row, Index j) const { return (source_(row, j) - centre_[j]) / scale_[j]; }

  // After so many values were looked at here and there.
  void used_scattered(Index n_values) const { source_.used_scattered(n_values); }

  // What turns a log-density of a row into one per unit of the source: minus this, the sum of
  // log(scale) over the entries that the row has.
  double log_units(Index row) const {
    if (n_complete_ == n_rows_) return log_scale_;
    double sum = 0.0;
    for (Index j = 0; j < source_.d; ++j) {
      if (!std::isnan(source_(row, j))) sum += std::log(scale_[j]);
    }
    return sum;
  }
  double total_log_units() const;  // of all rows, by weight

  // The smallest difference between two values of each column (d, standard units) that is more than
  // rounding.  Sorts the columns when it is first called.
  const Eigen::VectorXd& smallest_gaps() const;

  // d x rows, missing entries at the column's mean.
  Eigen::MatrixXd points(const std::vector<Index>& rows) const;

 private:
  static std::size_t to_size(Index i) { return static_cast<std::size_t>(i); }
  void sort_rows();
  void add_complete(Index row);
  void measure(Index j);
  double smallest_gap(Index j) const;

  Source source_;
  RowFacts facts_;
  std::vector<double> values_, weights_;  // of a copy
  std::vector<int> labels_;
  Elsewhere* elsewhere_ = nullptr;
  Index n_shards_ = 0;
  Index n_rows_ = 0, n_complete_ = 0;
  double total_weight_ = 0.0;
  std::vector<Index> complete_;  // empty where the complete rows are the first ones of the source
  std::vector<Pattern> patterns_;
  Eigen::VectorXd centre_, scale_;
  double log_scale_ = 0.0;  // sum of log(scale)
  mutable std::once_flag gaps_known_;
  mutable Eigen::VectorXd gaps_;
};

}  // namespace gmvae
