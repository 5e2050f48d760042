// A parameter of the likelihood besides the mean (log scale, zero-inflation logit) of every gene:
// the same for all cells; or of each cell, from the decoder's last hidden layer; or shifted by the
// cell's row of the design (of each batch); or of each cluster, and then a cell's is the mean over
// its clusters by gamma.
#pragma once

#include <string>

#include "gmvae/model/shape.h"
#include "nn/design_shift.h"
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
  DesignShift shift;  // of the design's columns, or of none
  Linear layer;       // in: hidden, K or none

  GeneParameter(ParamLayout& layout, const std::string& name, const ModelShape& shape, VariesBy by_,
                Index n_genes)
      : by(by_),
        shift(layout, name + ".design", n_genes, by_ == VariesBy::gene_design ? shape.n_design : 0),
        layer(layout, name, n_inputs(by_, shape), n_genes) {}

  bool per_cell() const { return by != VariesBy::gene; }

  template <typename T>
  ConstView<T> input(const HeadInput<T>& from) const {
    return by == VariesBy::gene_cluster ? from.cluster : from.hidden;
  }

 private:
  static Index n_inputs(VariesBy by, const ModelShape& shape) {
    if (by == VariesBy::gene_cell) return shape.n_decoded();
    return by == VariesBy::gene_cluster ? shape.k : 0;
  }
};

}  // namespace gmvae
