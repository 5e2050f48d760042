// Blocks of cells as the trainer and the encoder want them: what the likelihood sees of each value
// and what the encoder sees of it.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "core/design.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "gmvae/data/input_transform.h"
#include "gmvae/data/source.h"
#include "nn/sparse_linear.h"

namespace gmvae {

constexpr Purpose mask_purpose{5};

// What is known of each cell besides its counts.
struct Covariates {
  const double* size;             // n, relative to a cell of the reference's counts
  const Design* design{nullptr};  // n rows; null or empty: nothing else is to be explained
  const int* label{nullptr};      // n: the known class, from 0, or -1; null: no class is known
};

// B cells.  `count` is what the likelihood sees, `input` what the encoder sees: of the same
// entries, or of those that the mask has left.
template <typename T>
struct CellBlock {
  Index n_genes = 0;
  std::vector<Index> cell;   // B
  std::vector<Index> start;  // B + 1
  std::vector<std::int32_t> gene;
  std::vector<T> count, input;
  std::vector<T> size;           // B: expected counts of the cell
  Design design;                 // B rows, or empty
  std::vector<int> label;        // B: known classes, -1 for none; or empty
  std::vector<Index> input_end;  // B: the inputs of cell j are entries start[j], ... before it
  std::vector<std::int32_t> input_gene;

  Index n_cells() const { return static_cast<Index>(cell.size()); }
  SparseView<T> inputs() const {
    return {start.data(), input_end.data(), input_gene.data(), input.data(), n_genes, n_cells()};
  }
  int label_of(Index j) const { return label.empty() ? -1 : label[static_cast<std::size_t>(j)]; }
  // Inputs at all entries.
  void unmask() {
    input_gene = gene;
    input_end.assign(start.begin() + 1, start.end());
  }
};

// The n cells' rows of the design, which may be missing.
inline void load_design(const Covariates& covariates, const Index* cells, Index n, Design& design) {
  design.clear(covariates.design ? covariates.design->n_columns : 0);
  if (design.empty()) return;
  for (Index j = 0; j < n; ++j) design.add_row(*covariates.design, cells[j]);
}

// Reads blocks of cells and prepares both views of them.
template <typename T>
class CellLoader {
 public:
  CellLoader(const CellSource& source, const Covariates& covariates, double size_reference,
             const InputTransform& transform, const LikelihoodTraits& likelihood, Workers& workers)
      : source_(source), covariates_(covariates), size_reference_(size_reference),
        transform_(transform), dense_(likelihood.dense),
        log_(likelihood.encoder_input == EncoderInput::log_counts),
        standardised_(likelihood.encoder_input == EncoderInput::standardised), workers_(workers) {}

  void load(const Index* cells, Index n, CellBlock<T>& block) {
    source_.read(cells, n, workers_, entries_);
    block.n_genes = source_.n_genes();
    block.cell.assign(cells, cells + n);
    block.start.assign(1, 0);
    block.size.clear();
    for (Index j = 0; j < n; ++j) {
      block.start.push_back(dense_ ? (j + 1) * block.n_genes
                                   : entries_.start[static_cast<std::size_t>(j) + 1]);
      block.size.push_back(static_cast<T>(covariates_.size[cells[j]] * size_reference_));
    }
    load_design(covariates_, cells, n, block.design);
    block.label.clear();
    for (Index j = 0; covariates_.label && j < n; ++j) {
      block.label.push_back(covariates_.label[cells[j]]);
    }
    const std::size_t n_entries = static_cast<std::size_t>(block.start.back());
    if (dense_) {
      spread(n);
    } else {
      block.gene.swap(entries_.gene);
    }
    block.gene.resize(n_entries);
    block.count.resize(n_entries);
    block.input.resize(n_entries);
    for_cells(block, [&](std::size_t j, std::size_t begin, std::size_t end) {
      const double per_count = 1 / covariates_.size[block.cell[j]];
      const double* value = values() + begin;
      std::int32_t* gene = block.gene.data();
      T* input = block.input.data();
      if (dense_) std::iota(gene + begin, gene + end, 0);
      for (std::size_t e = begin; e < end; ++e, ++value) {
        input[e] =
            static_cast<T>(log_ ? 1 + *value * per_count
                                : *value - transform_.offset[static_cast<std::size_t>(gene[e])]);
      }
      if (log_) {
        kernels<T>().log(static_cast<Index>(end - begin), input + begin, input + begin);
      }
      value = values() + begin;
      for (std::size_t e = begin; e < end; ++e, ++value) {
        input[e] *= static_cast<T>(transform_.scale[static_cast<std::size_t>(gene[e])]);
        block.count[e] = standardised_ ? input[e] : static_cast<T>(*value);
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

  const double* values() const { return dense_ ? spread_.data() : entries_.value.data(); }

  // Dense data: a zero is an observation like any other, so every gene gets an entry.
  void spread(Index n) {
    const Index n_genes = source_.n_genes();
    spread_.assign(static_cast<std::size_t>(n * n_genes), 0.0);
    for (Index j = 0; j < n; ++j) {
      const std::size_t from =
          static_cast<std::size_t>(entries_.start[static_cast<std::size_t>(j)]);
      const std::size_t to =
          static_cast<std::size_t>(entries_.start[static_cast<std::size_t>(j) + 1]);
      for (std::size_t e = from; e < to; ++e) {
        spread_[static_cast<std::size_t>(j * n_genes + entries_.gene[e])] = entries_.value[e];
      }
    }
  }

  const CellSource& source_;
  Covariates covariates_;
  double size_reference_;
  const InputTransform& transform_;
  bool dense_, log_, standardised_;
  Workers& workers_;
  Entries entries_;             // as they were read
  std::vector<double> spread_;  // the same with a place for every gene
};

}  // namespace gmvae
