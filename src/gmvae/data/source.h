// Where the values of cells come from.
//
// To add a source of cells (a file, a database, a function of the user's):
//   1  derive from CellSource and read chosen cells, a block at a time, in the order asked for;
//      genes ascend within a cell, and values of zero are left out
//   2  threads: the trainer calls read() from one thread at a time, always the thread that called
//      the core, so read() may call into R; it may share its own work out to `workers`, which must
//      not call R
//   3  the values must have been checked against the likelihood's traits before the first read()
//      (R/counts.R does it), and read() must return the same values each time
//   4  let R/counts.R, the one place where an input of the user becomes a source, make it
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "core/types.h"
#include "simd/kernels.h"

namespace gmvae {

// The non-zeros of some cells: those of the j-th are entries start[j], ..., start[j + 1] - 1.
struct Entries {
  std::vector<Index> start;        // n + 1
  std::vector<std::int32_t> gene;  // from 0
  std::vector<double> value;
};

class CellSource {
 public:
  virtual ~CellSource() = default;
  virtual Index n_cells() const = 0;
  virtual Index n_genes() const = 0;

  // Overwrites `entries` with those of n cells (numbers from 0, in any order).
  virtual void read(const Index* cells, Index n, Workers& workers, Entries& entries) const = 0;

  // Calls of read() for these n cells will come soon, in any order.
  virtual void will_read(const Index*, Index) const {}
};

// Overwrites `part` with those of n genes from `first` on, numbered from 0.
inline void take_rows(const Entries& entries, Index first, Index n, Entries& part) {
  part.start.assign(1, 0);
  part.gene.clear();
  part.value.clear();
  for (std::size_t j = 0; j + 1 < entries.start.size(); ++j) {
    const auto begin = entries.gene.begin() + entries.start[j];
    const auto end = entries.gene.begin() + entries.start[j + 1];
    const auto from = std::lower_bound(begin, end, first);
    const auto to = std::lower_bound(from, end, first + n);
    for (auto gene = from; gene != to; ++gene) {
      part.gene.push_back(static_cast<std::int32_t>(*gene - first));
      part.value.push_back(entries.value[static_cast<std::size_t>(gene - entries.gene.begin())]);
    }
    part.start.push_back(static_cast<Index>(part.gene.size()));
  }
}

// Some genes of another source, which must outlive this one.
class RowsSource : public CellSource {
 public:
  RowsSource(const CellSource& all, Index first, Index n) : all_(all), first_(first), n_(n) {
    ensure(first >= 0 && n >= 0 && first + n <= all.n_genes(), "The rows must be in the data.");
  }
  Index n_cells() const override { return all_.n_cells(); }
  Index n_genes() const override { return n_; }

  void read(const Index* cells, Index n, Workers& workers, Entries& entries) const override {
    if (n_ == all_.n_genes()) return all_.read(cells, n, workers, entries);
    Entries read;
    all_.read(cells, n, workers, read);
    take_rows(read, first_, n_, entries);
  }
  void will_read(const Index* cells, Index n) const override { all_.will_read(cells, n); }

 private:
  const CellSource& all_;
  Index first_, n_;
};

// A compressed sparse matrix of genes x cells in memory (R's dgCMatrix), not copied.
class MatrixSource : public CellSource {
 public:
  MatrixSource(const int* start, const int* gene, const double* value, Index n_genes, Index n_cells)
      : start_(start), gene_(gene), value_(value), n_genes_(n_genes), n_cells_(n_cells) {}
  Index n_cells() const override { return n_cells_; }
  Index n_genes() const override { return n_genes_; }

  void read(const Index* cells, Index n, Workers& workers, Entries& entries) const override {
    entries.start.assign(1, 0);
    for (Index j = 0; j < n; ++j) {
      entries.start.push_back(entries.start.back() + start_[cells[j] + 1] - start_[cells[j]]);
    }
    entries.gene.resize(static_cast<std::size_t>(entries.start.back()));
    entries.value.resize(entries.gene.size());
    parallel_blocks(workers, n, 16, [&](Index, Index begin, Index end) {
      for (Index j = begin; j < end; ++j) {
        const Index from = start_[cells[j]], to = start_[cells[j] + 1];
        const Index at = entries.start[static_cast<std::size_t>(j)];
        std::copy(gene_ + from, gene_ + to, entries.gene.data() + at);
        std::copy(value_ + from, value_ + to, entries.value.data() + at);
      }
    });
  }

 private:
  const int* start_;
  const int* gene_;
  const double* value_;
  Index n_genes_, n_cells_;
};

// fn(place, n, gene, value) for each of `cells`, one by one: place is that in `cells`, gene and
// value (n) are its non-zeros, and fn may write over the values.  `monitor`, if there is one, can
// stop the work.
template <typename Fn>
void for_cells_of(const std::vector<Index>& cells, const CellSource& source, Fn&& fn,
                  Monitor* monitor = nullptr) {
  constexpr Index at_a_time = 256;
  Workers alone(1, monitor);
  Entries entries;
  const Index n = static_cast<Index>(cells.size());
  for (Index begin = 0; begin < n; begin += at_a_time) {
    const Index n_read = std::min(at_a_time, n - begin);
    source.read(cells.data() + begin, n_read, alone, entries);
    for (Index j = 0; j < n_read; ++j) {
      const Index from = entries.start[static_cast<std::size_t>(j)];
      const Index to = entries.start[static_cast<std::size_t>(j) + 1];
      fn(begin + j, to - from, entries.gene.data() + from, entries.value.data() + from);
    }
  }
}

// fn(place, gene, value) for every non-zero of `cells`.  The value is as it is, or x / size where
// `size` (one for each cell of the source) is given, or log(1 + x / size) where `log` is true.
template <typename Fn>
void for_non_zeros_of(const std::vector<Index>& cells, const CellSource& source, const double* size,
                      bool log, Fn&& fn, Monitor* monitor = nullptr) {
  for_cells_of(
      cells, source,
      [&](Index place, Index n, const std::int32_t* gene, double* value) {
    if (size) {
      const double s = size[cells[static_cast<std::size_t>(place)]];
      for (Index e = 0; e < n; ++e) value[e] = value[e] / s + (log ? 1 : 0);
    }
    if (log) kernels<double>().log(n, value, value);
    for (Index e = 0; e < n; ++e) {
      if (value[e] != 0) fn(place, static_cast<std::size_t>(gene[e]), value[e]);
    }
      },
      monitor);
}

inline std::vector<Index> all_cells(const CellSource& source) {
  std::vector<Index> all(static_cast<std::size_t>(source.n_cells()));
  std::iota(all.begin(), all.end(), Index{0});
  return all;
}

// `most` of n cells, or all if they are fewer: ascending and evenly spread.
inline std::vector<Index> evenly_spread(Index n, Index most) {
  const Index m = std::min(n, most);
  std::vector<Index> cells;
  for (Index j = 0; j < m; ++j) cells.push_back(j * n / m);
  return cells;
}

// The same for every cell: place is the cell.
template <typename Fn>
void for_non_zeros(const CellSource& source, const double* size, bool log, Fn&& fn,
                   Monitor* monitor = nullptr) {
  for_non_zeros_of(all_cells(source), source, size, log, fn, monitor);
}

}  // namespace gmvae
