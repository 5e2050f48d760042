// Settings of the training.  Defaults live in R (gmvae_control()).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gmvae/data/mask_range.h"
#include "gmvae/model/shape.h"

namespace gmvae {

struct TrainOptions {
  ModelShape shape;                    // of the network to begin with
  std::string covariance;              // of the mixture: a name of gmm/model/family.h
  std::vector<double> size_reference;  // of each modality: counts of a cell of size 1
  Index epochs_pretrain;               // reconstruction only
  Index epochs_warmup;                 // KL to N(0, I), its weight rising to 1
  Index epochs_joint;                  // KL to the mixture
  Index batch_size;
  double learning_rate;
  std::vector<MaskRange> mask;  // of each modality: inputs hidden from the encoder in each step
  Index n_pcs = 0;              // components that the encoder begins with, see component_weights.h
  double heldout;               // share of the cells kept for the ELBO ...
  Index most_k;                 // ... where that leaves two cells for each of so many components
  Index patience;               // epochs of the joint phase without a better held-out ELBO
  double damping;  // weight of one minibatch in the mixture's running moments, full data: 1
  Index n_init;    // EM starts on the latent means
  Index max_iter;  // EM iterations
  double tol;
  std::uint64_t seed;
  Index n_classes = 0;         // of the cells' labels: the first components
  Index most_single = 200000;  // training cells; more are shuffled by blocks, see cell_order.h
  double label_weight = 0;     // of the cross-entropy of a labelled cell, beside its ELBO
  Index epochs_before = 0;     // of other training that this one goes on from, so that no random
                               // number is used again
};

}  // namespace gmvae
