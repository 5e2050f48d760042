// One kind of measurement of the cells (their RNA, say), in one place: what a fit keeps of it, and
// the two ends of the network that belong to it.
//
// A network has one modality today.  To add a second (proteins beside RNA):
//   1  ModelShape and FittedModel hold a vector of them; each has a likelihood, a transform of its
//      values and a source of its own
//   2  Network::encode() adds up the first layers of all before the first normalisation, and
//      Network::elbo() the log-probabilities of all heads; backward() hands both the same gradient
//   3  CellLoader makes a CellBlock for each
#pragma once

#include <memory>

#include "gmvae/data/input_transform.h"
#include "gmvae/model/output_head.h"
#include "gmvae/model/shape.h"
#include "nn/sparse_linear.h"

namespace gmvae {

// Besides its shape, which ModelShape holds.
struct FittedModality {
  InputTransform input;
  double size_reference;  // counts of a cell of size 1
};

template <typename T>
struct ModalityLayers {
  SparseLinear first;             // from the values to the first hidden layer
  std::unique_ptr<Head<T>> head;  // from the last hidden layer to log p(x)
};

}  // namespace gmvae
