// Rows of a design matrix, one for each cell: what is known of the cells besides their counts and
// is to be explained (batches; in time other covariates).  Kept by their non-zeros, so that the
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
