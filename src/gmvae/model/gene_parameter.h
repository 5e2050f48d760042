// A parameter of the likelihood besides the mean (log scale, zero_inflation logit) of every gene:
// the same for all cells; or of each cell, from the decoder's last hidden layer; or of each batch;
// or of each cluster, and then a cell's is the mean over its clusters by gamma.
#pragma once

#include <string>

#include "gmvae/model/options.h"
#include "nn/linear.h"

namespace gmvae {

// What parameters that vary are computed from, a column per cell.
template <typename T>
struct HeadInput {
  ConstView<T> hidden;   // hidden x B
  ConstView<T> cluster;  // K x B: gamma, zero while there are no clusters; may be empty
  ConstView<T> batch{};  // n_batches x B: one for the batch of the cell
};

struct GeneParameter {
  VariesBy by;
  Linear layer;  // in: hidden, K, n_batches or none

  GeneParameter(ParamLayout& layout, const std::string& name, const ModelShape& shape, VariesBy by_,
                Index n_genes)
      : by(by_), layer(layout, name, n_inputs(by_, shape), n_genes) {}

  bool per_cell() const { return by != VariesBy::gene; }

  template <typename T>
  ConstView<T> input(const HeadInput<T>& from) const {
    return by == VariesBy::gene_cluster ? from.cluster
           : by == VariesBy::gene_batch ? from.batch
                                        : from.hidden;
  }

 private:
  static Index n_inputs(VariesBy by, const ModelShape& shape) {
    switch (by) {
    case VariesBy::gene_cell:
      return shape.hidden.front();
    case VariesBy::gene_cluster:
      return shape.k;
    case VariesBy::gene_batch:
      return shape.n_batches;
    default:
      return 0;
    }
  }
};

}  // namespace gmvae
