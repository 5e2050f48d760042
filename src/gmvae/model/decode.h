// What a fitted model expects at points of the latent space.
#pragma once

#include <functional>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmvae/data/loader.h"
#include "gmvae/model/fitted_model.h"
#include "gmvae/model/output_head.h"

namespace gmvae {

// Expected values (genes asked for, numbered over all modalities, x n) at latent points (D x n) of
// cells of the given size and design, in the units of the data.
void decode(const FittedModel& model, ConstView<double> latent, const Covariates& covariates,
            const std::vector<Index>& genes, Workers& workers, Monitor& monitor,
            View<double> expected);

// What the decoder gives at the latent points of a block of cells, in each modality, without their
// counts, on which it doesn't depend.
using UseDecoded = std::function<void(const CellBlocks<float>& blocks,
                                      const std::vector<HeadCache<float>>& heads)>;

// use(blocks, heads) for all of the latent points (D x n), one block after the other.
void for_decoded(const FittedModel& model, ConstView<double> latent, const Covariates& covariates,
                 Workers& workers, const UseDecoded& use);

// Cells [begin, end) of the covariates without their counts.
void load_without_counts(const FittedModel& model, const Covariates& covariates, Index begin,
                         Index end, CellBlocks<float>& blocks);

}  // namespace gmvae
