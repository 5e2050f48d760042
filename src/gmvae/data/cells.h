// Cells as the trainer asks for them: chosen ones, sparse, a block at a time.  Nothing beyond this
// file knows where the counts are kept.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "core/parallel.h"
#include "core/rng.h"
#include "core/types.h"
#include "nn/sparse_linear.h"
#include "simd/kernels.h"

namespace gmvae {

constexpr Purpose mask_purpose{5};

// Where counts come from.
class CellReader {
 public:
  virtual ~CellReader() = default;
  virtual Index n_cells() const = 0;
  virtual Index n_genes() const = 0;
  virtual Index n_entries(Index cell) const = 0;
  // The entries of one cell, its non-zeros: genes ascending.  Called by several threads at once.
  virtual void read(Index cell, std::int32_t* gene, double* count) const = 0;
};

// A compressed sparse matrix of genes x cells in memory (R's dgCMatrix), not copied.
class MatrixReader : public CellReader {
 public:
  MatrixReader(const int* start, const int* gene, const double* count, Index n_genes, Index n_cells)
      : start_(start), gene_(gene), count_(count), n_genes_(n_genes), n_cells_(n_cells) {}
  Index n_cells() const override { return n_cells_; }
  Index n_genes() const override { return n_genes_; }
  Index n_entries(Index cell) const override { return start_[cell + 1] - start_[cell]; }
  void read(Index cell, std::int32_t* gene, double* count) const override {
    std::copy(gene_ + start_[cell], gene_ + start_[cell + 1], gene);
    std::copy(count_ + start_[cell], count_ + start_[cell + 1], count);
  }

 private:
  const int* start_;
  const int* gene_;
  const double* count_;
  Index n_genes_, n_cells_;
};

// fn(place, gene, value) for every non-zero of `cells`, one by one; place: in cells.  The value is
// the count itself, x / size where `size` (n) is given, or log(1 + x / size) where `log`.
template <typename Cells, typename Fn>
void for_non_zeros_of(const Cells& cells, const CellReader& reader, const double* size, bool log,
                      Fn&& fn) {
  std::vector<std::int32_t> gene;
  std::vector<double> value;
  Index place = 0;
  for (Index cell : cells) {
    gene.resize(static_cast<std::size_t>(reader.n_entries(cell)));
    value.resize(gene.size());
    reader.read(cell, gene.data(), value.data());
    if (size) {
      for (double& x : value) x = x / size[cell] + (log ? 1 : 0);
    }
    if (log) kernels<double>().log(static_cast<Index>(value.size()), value.data(), value.data());
    for (std::size_t e = 0; e < gene.size(); ++e) {
      if (value[e] != 0) fn(place, static_cast<std::size_t>(gene[e]), value[e]);
    }
    ++place;
  }
}

// The same of all cells: place is the cell.
template <typename Fn>
void for_non_zeros(const CellReader& reader, const double* size, bool log, Fn&& fn) {
  std::vector<Index> all(static_cast<std::size_t>(reader.n_cells()));
  std::iota(all.begin(), all.end(), Index{0});
  for_non_zeros_of(all, reader, size, log, fn);
}

// What is known of each cell besides its counts.
struct Covariates {
  const double* size;         // n, relative to a cell of the reference's counts
  const std::int32_t* batch;  // n, from 0; or nothing

  Covariates(const double* size_, const std::int32_t* batch_ = nullptr)
      : size(size_), batch(batch_) {}
};

// How a count becomes an input of the encoder:
//   counts      scale log(1 + x / size)
//   bernoulli   scale x
//   gaussian    scale (x - offset), which is also what the likelihood sees; zeros are data too
struct InputTransform {
  std::vector<double> scale, offset;  // per gene
};

// log p(data) - log p(what the likelihood sees), per cell: standardised data have other units.
inline double log_unit_change(const InputTransform& transform, const std::string& likelihood) {
  double sum = 0;
  if (likelihood == "gaussian") {
    for (double scale : transform.scale) sum += std::log(scale);
  }
  return sum;
}

// B cells.  `count` is what the likelihood sees, `input` what the encoder sees: of the same
// entries, or of those that the mask has left.
template <typename T>
struct CellBlock {
  Index n_genes = 0;
  std::vector<Index> cell;   // B
  std::vector<Index> start;  // B + 1
  std::vector<std::int32_t> gene;
  std::vector<T> count, input;
  std::vector<T> size;              // B: expected counts of the cell
  std::vector<std::int32_t> batch;  // B, or empty
  std::vector<Index> input_end;     // B: the inputs of cell j are entries start[j], ... before it
  std::vector<std::int32_t> input_gene;

  Index n_cells() const { return static_cast<Index>(cell.size()); }
  SparseView<T> inputs() const {
    return {start.data(), input_end.data(), input_gene.data(), input.data(), n_genes, n_cells()};
  }
  // Inputs at all entries.
  void unmask() {
    input_gene = gene;
    input_end.assign(start.begin() + 1, start.end());
  }
};

// Reads blocks of cells and prepares both views of them.
template <typename T>
class CellLoader {
 public:
  CellLoader(const CellReader& reader, const Covariates& covariates, double size_reference,
             const InputTransform& transform, const std::string& likelihood, Workers& workers)
      : reader_(reader), covariates_(covariates), size_reference_(size_reference),
        transform_(transform), dense_(likelihood == "gaussian"),
        log_(likelihood != "gaussian" && likelihood != "bernoulli"), workers_(workers) {}

  void load(const Index* cells, Index n, CellBlock<T>& block) {
    block.n_genes = reader_.n_genes();
    block.cell.assign(cells, cells + n);
    block.start.assign(1, 0);
    block.size.clear();
    block.batch.clear();
    for (Index j = 0; j < n; ++j) {
      block.start.push_back(block.start.back() +
                            (dense_ ? block.n_genes : reader_.n_entries(cells[j])));
      block.size.push_back(static_cast<T>(covariates_.size[cells[j]] * size_reference_));
      if (covariates_.batch) block.batch.push_back(covariates_.batch[cells[j]]);
    }
    const std::size_t n_entries = static_cast<std::size_t>(block.start.back());
    raw_.resize(n_entries);
    block.gene.resize(n_entries);
    block.count.resize(n_entries);
    block.input.resize(n_entries);
    for_cells(block, [&](std::size_t j, std::size_t begin, std::size_t end) {
      reader_.read(block.cell[j], block.gene.data() + begin, raw_.data() + begin);
      if (dense_) spread(block.cell[j], block.gene.data() + begin, raw_.data() + begin);
      const double per_count = 1 / covariates_.size[block.cell[j]];
      const std::int32_t* gene = block.gene.data();
      T* input = block.input.data();
      for (std::size_t e = begin; e < end; ++e) {
        input[e] =
            static_cast<T>(log_ ? 1 + raw_[e] * per_count
                                : raw_[e] - transform_.offset[static_cast<std::size_t>(gene[e])]);
      }
      if (log_) {
        kernels<T>().log(static_cast<Index>(end - begin), input + begin, input + begin);
      }
      for (std::size_t e = begin; e < end; ++e) {
        input[e] *= static_cast<T>(transform_.scale[static_cast<std::size_t>(gene[e])]);
        block.count[e] = dense_ ? input[e] : static_cast<T>(raw_[e]);
      }
    });
    block.unmask();
  }

  // Hides each input with probability `mask` and scales up the others, a stream for each cell;
  // the likelihood still sees every count.
  void mask_inputs(double mask, std::uint64_t seed, Index epoch, CellBlock<T>& block) {
    const double limit = mask * 4294967296.0;
    const T scale = static_cast<T>(1.0 / (1.0 - mask));
    for_cells(block, [&](std::size_t j, std::size_t begin, std::size_t end) {
      RngStream rng(seed, mask_purpose, static_cast<std::uint32_t>(epoch),
                    static_cast<std::uint64_t>(block.cell[j]));
      const std::int32_t* gene = block.gene.data();
      std::int32_t* input_gene = block.input_gene.data();
      T* input = block.input.data();
      std::size_t kept = begin;
      for (std::size_t e = begin; e < end; ++e) {
        // Written whether kept or not: half of all branches would be mispredicted.
        input_gene[kept] = gene[e];
        input[kept] = input[e] * scale;
        kept += static_cast<double>(rng.bits()) >= limit;
      }
      block.input_end[j] = static_cast<Index>(kept);
    });
  }

 private:
  // fn(cell, begin, end) with its entries, in parallel.
  template <typename Fn>
  void for_cells(const CellBlock<T>& block, Fn&& fn) {
    parallel_blocks(workers_, block.n_cells(), 16, [&](Index, Index begin, Index end) {
      for (std::size_t j = static_cast<std::size_t>(begin); j < static_cast<std::size_t>(end);
           ++j) {
        fn(j, static_cast<std::size_t>(block.start[j]),
           static_cast<std::size_t>(block.start[j + 1]));
      }
    });
  }

  // Real-valued data: a zero is an observation like any other, so every gene gets an entry.
  void spread(Index cell, std::int32_t* gene, double* count) const {
    std::vector<double> all(static_cast<std::size_t>(reader_.n_genes()));
    for (Index e = 0; e < reader_.n_entries(cell); ++e) {
      all[static_cast<std::size_t>(gene[e])] = count[e];
    }
    std::copy(all.begin(), all.end(), count);
    std::iota(gene, gene + all.size(), 0);
  }

  const CellReader& reader_;
  Covariates covariates_;
  double size_reference_;
  const InputTransform& transform_;
  bool dense_, log_;
  Workers& workers_;
  std::vector<double> raw_;  // the counts of a block as they were read
};

}  // namespace gmvae
