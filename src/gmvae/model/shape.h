// Sizes of the model: what a network is built from.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "core/types.h"

namespace gmvae {

// What a parameter of the likelihood depends on besides the gene.
enum class VariesBy { gene, gene_cell, gene_cluster, gene_design };

inline VariesBy to_varies_by(const std::string& name) {
  if (name == "gene") return VariesBy::gene;
  if (name == "gene-cell") return VariesBy::gene_cell;
  if (name == "gene-cluster") return VariesBy::gene_cluster;
  if (name == "gene-batch") return VariesBy::gene_design;
  throw std::invalid_argument("a parameter can't vary by '" + name + "'");
}

// One kind of measurement of the cells, such as their RNA.
struct ModalityShape {
  std::string likelihood;
  Index n_genes = 0;
  VariesBy dispersion = VariesBy::gene;  // inverse dispersion or variance
  VariesBy zero_inflation = VariesBy::gene;
  double weight = 1;  // of its log p(x) in the ELBO; that of the first modality is 1
};

struct ModelShape {
  std::vector<ModalityShape> modalities{1};
  Index n_latent = 0;
  std::vector<Index> hidden;          // encoder, from the counts inwards
  std::vector<Index> hidden_decoder;  // from the latent space outwards; none: a linear decoder
  Index k = 0;                        // clusters
  Index n_design = 0;                 // columns of the cells' design matrix; 0: nothing to explain

  // Genes of all modalities: the rows of the data.
  Index n_rows() const {
    Index n = 0;
    for (const ModalityShape& modality : modalities) n += modality.n_genes;
    return n;
  }

  // Units that the decoder's last layer is computed from.
  Index n_decoded() const { return hidden_decoder.empty() ? n_latent : hidden_decoder.back(); }
};

}  // namespace gmvae
