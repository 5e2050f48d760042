// One kind of measurement of the cells (their RNA, say), in one place: what a fit keeps of it, and
// the two ends of the network that belong to it.
//
// The first modality is RNA, or whatever a fit is of; others stand beside it, such as proteins.
//   1  ModelShape and FittedModel hold a vector of them: each has a likelihood and a transform of
//      its values.  The rows of a CellSource are the genes of all, one modality after the other.
//   2  CellLoader makes a CellBlock for each.
//   3  Network::encode() adds up the first layers of all before the first normalisation, and
//      Network::elbo() the log-probabilities of all heads; backward() hands both the same gradient.
//   4  The rest of the model knows the latent space alone.
// To give one to users, R/proteins.R reads, checks and transforms its values.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gmvae/data/loader.h"
#include "gmvae/model/output_head.h"
#include "gmvae/model/shape.h"
#include "nn/sparse_linear.h"

namespace gmvae {

// Besides its shape, which ModelShape holds.
struct FittedModality {
  InputTransform input;
  double size_reference;  // counts of a cell of size 1
};

// For a CellLoader; points into `modalities`.
inline std::vector<ModalityInput> inputs_of(const std::vector<FittedModality>& modalities,
                                            const ModelShape& shape) {
  std::vector<ModalityInput> inputs;
  for (std::size_t m = 0; m < modalities.size(); ++m) {
    inputs.push_back({&find_likelihood(shape.modalities[m].likelihood), &modalities[m].input,
                      modalities[m].size_reference});
  }
  return inputs;
}

// By how much log p of a cell, as the ELBO has it, is higher for its values than for what the
// likelihoods see.
inline double log_units(const std::vector<FittedModality>& modalities, const ModelShape& shape) {
  double sum = 0;
  for (std::size_t m = 0; m < modalities.size(); ++m) {
    const LikelihoodTraits& likelihood = find_likelihood(shape.modalities[m].likelihood);
    sum += shape.modalities[m].weight * likelihood.log_units(modalities[m].input.scale);
  }
  return sum;
}

template <typename T>
struct ModalityLayers {
  SparseLinear first;             // from the values to the first hidden layer
  std::unique_ptr<Head<T>> head;  // from the last hidden layer to log p(x)
};

// Before the names of a modality's parts in the layout of the parameters.
inline std::string layer_prefix(std::size_t modality) {
  return modality == 0 ? "" : "modality" + std::to_string(modality + 1) + ".";
}

}  // namespace gmvae
