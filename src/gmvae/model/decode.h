// What a fitted model expects at points of the latent space.
#pragma once

#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmvae/data/loader.h"
#include "gmvae/model/fitted_model.h"

namespace gmvae {

// Expected values (genes asked for x n) at latent points (D x n) of cells of the given size and
// design, in the units of the data.
void decode(const FittedModel& model, ConstView<double> latent, const Covariates& covariates,
            const std::vector<Index>& genes, Workers& workers, Monitor& monitor,
            View<double> expected);

// Cells [begin, end) of the covariates without their counts, as what the decoder gives doesn't
// depend on them.
void load_without_counts(const FittedModel& model, const Covariates& covariates, Index begin,
                         Index end, CellBlock<float>& block);

}  // namespace gmvae
