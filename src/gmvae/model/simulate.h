// Cells that a fitted model makes up, for likelihoods of counts.
#pragma once

#include <cstdint>
#include <vector>

#include "core/parallel.h"
#include "gmvae/data/loader.h"
#include "gmvae/model/fitted_model.h"

namespace gmvae {

// A compressed sparse matrix of genes x cells.
struct SimulatedCells {
  Index n_genes = 0;
  std::vector<int> start{0}, gene;
  std::vector<double> value;

  MatrixSource source() const {
    return MatrixSource(start.data(), gene.data(), value.data(), n_genes,
                        static_cast<Index>(start.size()) - 1);
  }
};

// Latent points (D x n) drawn from a mixture; `sample` names the draw.
std::vector<double> simulate_latent(const Mixture& mixture, Index n, std::uint64_t seed,
                                    std::uint32_t sample);

// Counts drawn at latent points (D x n), of cells of the given size and design.  The bits don't
// depend on the number of threads.
SimulatedCells simulate_counts(const FittedModel& model, ConstView<double> latent,
                               const Covariates& covariates, std::uint32_t sample,
                               Workers& workers);

}  // namespace gmvae
