// Sizes of the model and settings of its training.  Defaults live in R (gmvae_control()).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/types.h"

namespace gmvae {

// What a parameter of the likelihood depends on.
enum class VariesBy { gene, gene_cell, gene_cluster, gene_batch };

inline VariesBy to_varies_by(const std::string& name) {
  if (name == "gene") return VariesBy::gene;
  if (name == "gene-cell") return VariesBy::gene_cell;
  if (name == "gene-cluster") return VariesBy::gene_cluster;
  if (name == "gene-batch") return VariesBy::gene_batch;
  throw std::invalid_argument("a parameter can't vary by '" + name + "'");
}

struct ModelShape {
  Index n_genes;
  Index n_latent;
  std::vector<Index> hidden;  // encoder, from the counts inwards; the decoder mirrors it
  Index k;                    // clusters
  VariesBy dispersion;        // inverse dispersion or variance
  VariesBy zero_inflation;
  Index n_batches = 0;  // 0: cells of one batch, or of batches that nobody named
};

struct TrainOptions {
  std::string likelihood;
  std::string covariance;  // a name of gmm/model/family.h
  Index k;
  Index n_latent;
  std::vector<Index> hidden;
  VariesBy dispersion, zero_inflation;
  Index n_batches = 0;
  double size_reference;  // counts of a cell of size 1
  Index epochs_pretrain;  // reconstruction only
  Index epochs_warmup;    // KL to N(0, I), its weight rising to 1
  Index epochs_joint;     // KL to the mixture
  Index batch_size;
  double learning_rate;
  double mask;     // share of the encoder's non-zero inputs hidden in each step
  double heldout;  // share of the cells kept for the ELBO ...
  Index most_k;    // ... where that leaves two cells for each of so many components
  Index patience;  // epochs of the joint phase without a better held-out ELBO
  double damping;  // weight of one minibatch in the mixture's running moments, full data: 1
  Index n_init;    // EM starts on the latent means
  Index max_iter;  // EM iterations
  double tol;
  std::uint64_t seed;
  // To go on from other training: its parameters, instead of random ones, and its epochs, so that
  // no random number is used again.
  std::vector<float> start_params;
  Index epochs_before = 0;
};

}  // namespace gmvae
