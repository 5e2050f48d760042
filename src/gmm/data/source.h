// Where the rows of a fit lie: in somebody's memory, or in a file that looks like memory.
#pragma once

#include <algorithm>

#include "core/types.h"

namespace gmvae {

// Told how many values were read of rows that are no memory of their own, so that it can give the
// memory behind them back.  Called from any thread.
struct Pages {
  virtual ~Pages() = default;
  virtual void used(Index n_values) const = 0;
};

// Somebody else's n x d values, in any layout: (i, j) is values[i * row_step + j * column_step].
// NaN is a missing entry.
struct Source {
  const double* values;
  Index n, d;
  Index row_step, column_step;
  const Pages* pages = nullptr;  // null: the values are in memory anyhow

  double operator()(Index i, Index j) const { return values[i * row_step + j * column_step]; }

  // After values next to each other were read, or single ones here and there.
  void used(Index n_values) const {
    if (pages != nullptr) pages->used(n_values);
  }
  void used_scattered(Index n_values) const { used(n_values * values_per_fault); }

  static constexpr Index values_per_fault = 8192;  // that a single one brings along: 64 KB
};

// fn(begin, end) for stretches of the rows in turn, of which `n_columns` columns are read.
template <typename Fn>
void for_stretches(const Source& source, Index n_columns, Fn&& fn) {
  constexpr Index stretch = 1 << 16;
  for (Index begin = 0; begin < source.n; begin += stretch) {
    const Index end = std::min(begin + stretch, source.n);
    fn(begin, end);
    source.used((end - begin) * n_columns);
  }
}

}  // namespace gmvae
