// A parameter of the likelihood besides the mean (log scale, dropout logit) of every gene: the same
// for all cells; or of each cell, from the decoder's last hidden layer; or of each cluster, and
// then a cell's is the mean over its clusters by gamma.
#pragma once

#include <string>

#include "gmvae/options.h"
#include "nn/linear.h"

namespace gmvae {

// What parameters that vary are computed from, a column per cell.
template <typename T>
struct HeadInput {
  ConstView<T> hidden;   // hidden x B
  ConstView<T> cluster;  // K x B: gamma, zero while there are no clusters; may be empty
};

struct GeneParameter {
  VariesBy by;
  Linear layer;  // in: hidden, K or none

  GeneParameter(ParamLayout& layout, const std::string& name, VariesBy by_, Index hidden, Index k,
                Index n_genes)
      : by(by_), layer(layout, name, n_inputs(by_, hidden, k), n_genes) {}

  bool per_cell() const { return by != VariesBy::gene; }

  template <typename T>
  ConstView<T> input(const HeadInput<T>& from) const {
    return by == VariesBy::gene_cluster ? from.cluster : from.hidden;
  }

 private:
  static Index n_inputs(VariesBy by, Index hidden, Index k) {
    return by == VariesBy::gene ? 0 : by == VariesBy::gene_cell ? hidden : k;
  }
};

}  // namespace gmvae
