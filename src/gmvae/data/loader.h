// Blocks of cells as the trainer and the encoder want them: what the likelihood sees of each value
// and what the encoder sees of it.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "core/design.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "gmvae/data/input_transform.h"
#include "gmvae/data/mask_range.h"
#include "gmvae/data/source.h"
#include "nn/sparse_linear.h"

namespace gmvae {

constexpr Purpose mask_purpose{5};

// What is known of each cell besides its counts.
struct Covariates {
  const double* size;             // n, relative to a cell of the reference's counts
  const Design* design{nullptr};  // n rows; null or empty: nothing else is to be explained
  const int* label{nullptr};      // n: the known class, from 0, or -1; null: no class is known
  std::vector<const double*> size_beside = {};  // n each, of the modalities beside the first

  const double* size_of(std::size_t modality) const {
    return modality == 0 ? size : size_beside[modality - 1];
  }
};

// Covariates of some cells, with all that they point to but labels.
class SomeCovariates {
 public:
  SomeCovariates(const Covariates& all, const std::vector<Index>& cells)
      : design_(all.design ? all.design->rows(cells) : Design()),
        size_(all.size_beside.size() + 1) {
    for (std::size_t m = 0; m < size_.size(); ++m) {
      for (Index cell : cells) size_[m].push_back(all.size_of(m)[cell]);
    }
  }

  Covariates get() const {
    Covariates some{size_.front().data(), &design_};
    for (std::size_t m = 1; m < size_.size(); ++m) some.size_beside.push_back(size_[m].data());
    return some;
  }

 private:
  Design design_;
  std::vector<std::vector<double>> size_;
};

// How the loader reads the values of a modality; what this points to must outlive the loader.
struct ModalityInput {
  const LikelihoodTraits* likelihood;
  const InputTransform* transform;  // has the number of its genes
  double size_reference;            // counts of a cell of size 1

  Index n_genes() const { return static_cast<Index>(transform->scale.size()); }
};

// B cells in one modality.  `count` is what the likelihood sees, `input` what the encoder sees: of
// the same entries, or of those that the mask has left.
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

// The same B cells in each modality.
template <typename T>
using CellBlocks = std::vector<CellBlock<T>>;

// The n cells' rows of the design, which may be missing.
inline void load_design(const Covariates& covariates, const Index* cells, Index n, Design& design) {
  design.clear(covariates.design ? covariates.design->n_columns : 0);
  if (design.empty()) return;
  for (Index j = 0; j < n; ++j) design.add_row(*covariates.design, cells[j]);
}

// Reads blocks of cells and prepares both views of them.  The rows of the source are the genes of
// all modalities, one modality after the other.
template <typename T>
class CellLoader {
 public:
  CellLoader(const CellSource& source, const Covariates& covariates,
             const std::vector<ModalityInput>& modalities, Workers& workers)
      : source_(source), covariates_(covariates), modalities_(modalities), workers_(workers) {
    Index n_genes = 0;
    for (const ModalityInput& modality : modalities_) n_genes += modality.n_genes();
    ensure(n_genes == source.n_genes(), "The data must have a row for each gene of the model.");
    ensure(covariates_.size_beside.size() + 1 == modalities_.size(),
           "Cells must have a size in each modality.");
  }

  void load(const Index* cells, Index n, CellBlocks<T>& blocks) {
    source_.read(cells, n, workers_, entries_);
    blocks.resize(modalities_.size());
    if (modalities_.size() == 1) return load_modality(0, cells, n, entries_, blocks.front());
    Index first = 0;
    for (std::size_t m = 0; m < modalities_.size(); ++m) {
      take_rows(entries_, first, modalities_[m].n_genes(), part_);
      load_modality(m, cells, n, part_, blocks[m]);
      first += modalities_[m].n_genes();
    }
  }

  // Hides each input of a cell with a probability drawn from the range of its modality and scales
  // up the others, a stream for each cell; the likelihood still sees every count.
  void mask_inputs(const std::vector<MaskRange>& mask, std::uint64_t seed, Index epoch,
                   CellBlocks<T>& blocks) {
    for (std::size_t m = 0; m < blocks.size(); ++m) {
      if (mask[m].most > 0) mask_modality(m, mask[m], seed, epoch, blocks[m]);
    }
  }

 private:
  void load_modality(std::size_t m, const Index* cells, Index n, Entries& entries,
                     CellBlock<T>& block) {
    const ModalityInput& modality = modalities_[m];
    const InputTransform& transform = *modality.transform;
    const double* size = covariates_.size_of(m);
    const bool dense = modality.likelihood->dense;
    const bool log = modality.likelihood->encoder_input == EncoderInput::log_counts;
    const bool standardised = modality.likelihood->encoder_input == EncoderInput::standardised;
    block.n_genes = modality.n_genes();
    block.cell.assign(cells, cells + n);
    block.start.assign(1, 0);
    block.size.clear();
    for (Index j = 0; j < n; ++j) {
      block.start.push_back(dense ? (j + 1) * block.n_genes
                                  : entries.start[static_cast<std::size_t>(j) + 1]);
      block.size.push_back(static_cast<T>(size[cells[j]] * modality.size_reference));
    }
    load_design(covariates_, cells, n, block.design);
    block.label.clear();
    for (Index j = 0; covariates_.label && j < n; ++j) {
      block.label.push_back(covariates_.label[cells[j]]);
    }
    const std::size_t n_entries = static_cast<std::size_t>(block.start.back());
    if (dense) {
      spread(entries, n, block.n_genes);
    } else {
      block.gene.swap(entries.gene);
    }
    block.gene.resize(n_entries);
    block.count.resize(n_entries);
    block.input.resize(n_entries);
    const double* values = dense ? spread_.data() : entries.value.data();
    for_cells(block, [&](std::size_t j, std::size_t begin, std::size_t end) {
      const double per_count = 1 / size[block.cell[j]];
      const double* value = values + begin;
      std::int32_t* gene = block.gene.data();
      T* input = block.input.data();
      if (dense) std::iota(gene + begin, gene + end, 0);
      for (std::size_t e = begin; e < end; ++e, ++value) {
        input[e] =
            static_cast<T>(log ? 1 + *value * per_count
                               : *value - transform.offset[static_cast<std::size_t>(gene[e])]);
      }
      if (log) {
        kernels<T>().log(static_cast<Index>(end - begin), input + begin, input + begin);
      }
      value = values + begin;
      for (std::size_t e = begin; e < end; ++e, ++value) {
        input[e] *= static_cast<T>(transform.scale[static_cast<std::size_t>(gene[e])]);
        block.count[e] = standardised ? input[e] : static_cast<T>(*value);
      }
    });
    block.unmask();
  }

  void mask_modality(std::size_t m, const MaskRange& mask, std::uint64_t seed, Index epoch,
                     CellBlock<T>& block) {
    const std::uint64_t first_item = static_cast<std::uint64_t>(m) << 48;
    for_cells(block, [&](std::size_t j, std::size_t begin, std::size_t end) {
      RngStream rng(seed, mask_purpose, static_cast<std::uint32_t>(epoch),
                    first_item + static_cast<std::uint64_t>(block.cell[j]));
      const double share = mask.draw(rng);
      const double limit = share * 4294967296.0;
      const T scale = static_cast<T>(1.0 / (1.0 - share));
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

  // Dense data: a zero is an observation like any other, so every gene gets an entry.
  void spread(const Entries& entries, Index n, Index n_genes) {
    spread_.assign(static_cast<std::size_t>(n * n_genes), 0.0);
    for (Index j = 0; j < n; ++j) {
      const std::size_t from = static_cast<std::size_t>(entries.start[static_cast<std::size_t>(j)]);
      const std::size_t to =
          static_cast<std::size_t>(entries.start[static_cast<std::size_t>(j) + 1]);
      for (std::size_t e = from; e < to; ++e) {
        spread_[static_cast<std::size_t>(j * n_genes + entries.gene[e])] = entries.value[e];
      }
    }
  }

  const CellSource& source_;
  Covariates covariates_;
  std::vector<ModalityInput> modalities_;
  Workers& workers_;
  Entries entries_;             // as they were read
  Entries part_;                // those of one modality
  std::vector<double> spread_;  // the same with a place for every gene
};

}  // namespace gmvae
