// Rows of a design matrix, one for each cell: what is known of the cells besides their counts and
// is to be explained (batches and other covariates).  Kept by their non-zeros, so that the
// indicators of many batches cost one entry a cell.
#pragma once

#include <cstdint>
#include <vector>

#include "core/types.h"

namespace gmvae {

struct Design {
  Index n_columns = 0;               // 0: there is nothing to explain, and there are no rows
  std::vector<Index> start{0};       // n + 1: row i is entries start[i], ..., start[i + 1] - 1
  std::vector<std::int32_t> column;  // from 0
  std::vector<float> value;

  Index n_rows() const { return static_cast<Index>(start.size()) - 1; }
  bool empty() const { return n_columns == 0; }

  // fn(column, value) for each non-zero of a row.
  template <typename Fn>
  void for_row(Index row, Fn&& fn) const {
    const std::size_t i = static_cast<std::size_t>(row);
    for (std::size_t e = static_cast<std::size_t>(start[i]);
         e < static_cast<std::size_t>(start[i + 1]); ++e) {
      fn(static_cast<Index>(column[e]), value[e]);
    }
  }

  // No rows, of so many columns.
  void clear(Index n_columns_) {
    n_columns = n_columns_;
    start.assign(1, 0);
    column.clear();
    value.clear();
  }

  void add_row(const Design& from, Index row) {
    from.for_row(row, [&](Index c, float v) {
      column.push_back(static_cast<std::int32_t>(c));
      value.push_back(v);
    });
    start.push_back(static_cast<Index>(column.size()));
  }

  // These rows, in this order.
  Design rows(const std::vector<Index>& wanted) const {
    Design some;
    some.clear(n_columns);
    if (empty()) return some;
    for (Index row : wanted) some.add_row(*this, row);
    return some;
  }

  // For each column whether its non-zeros are ones, as for the labels of a factor.
  std::vector<bool> are_indicators() const {
    std::vector<bool> indicator(static_cast<std::size_t>(n_columns), true);
    for (std::size_t e = 0; e < value.size(); ++e) {
      if (value[e] != 1.0f) indicator[static_cast<std::size_t>(column[e])] = false;
    }
    return indicator;
  }

  // Each row is the label of one factor.
  bool is_one_hot() const {
    if (static_cast<Index>(value.size()) != n_rows()) return false;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] != 1.0f || start[i] != static_cast<Index>(i)) return false;
    }
    return true;
  }

  // The labels of factors alone, as columns numbered anew; no rows where there are none.
  Design factors() const {
    const std::vector<bool> wanted = are_indicators();
    std::vector<std::int32_t> number(wanted.size());
    Index n_wanted = 0;
    for (std::size_t c = 0; c < wanted.size(); ++c) {
      number[c] = static_cast<std::int32_t>(wanted[c] ? n_wanted++ : n_wanted);
    }
    Design some;
    some.clear(n_wanted);
    for (Index i = 0; n_wanted > 0 && i < n_rows(); ++i) {
      for_row(i, [&](Index c, float v) {
        if (!wanted[static_cast<std::size_t>(c)]) return;
        some.column.push_back(number[static_cast<std::size_t>(c)]);
        some.value.push_back(v);
      });
      some.start.push_back(static_cast<Index>(some.column.size()));
    }
    return some;
  }

  // These rows (or none, where they are of no columns) with one row of `other` added to each.
  Design with_row(const Design& other, Index row, Index n) const {
    Design sum;
    sum.clear(other.n_columns);
    for (Index i = 0; i < n; ++i) {
      const auto add = [&](Index c, float v) {
        sum.column.push_back(static_cast<std::int32_t>(c));
        sum.value.push_back(v);
      };
      other.for_row(row, add);
      if (!empty()) for_row(i, add);
      sum.start.push_back(static_cast<Index>(sum.column.size()));
    }
    return sum;
  }
};

// One row for each label (from 0): the indicator of its group.
inline Design indicators(const std::vector<std::int32_t>& label, Index n_groups) {
  Design design;
  design.clear(n_groups);
  for (std::int32_t group : label) {
    design.column.push_back(group);
    design.value.push_back(1.0f);
    design.start.push_back(static_cast<Index>(design.column.size()));
  }
  return design;
}

}  // namespace gmvae
