// What training takes from the counts before its first step.
#pragma once

#include <string>
#include <vector>

#include "gmvae/data/cells.h"

namespace gmvae {

// Inputs of unit mean square over all cells and genes; real-valued data standardised gene by gene.
// size: n.
InputTransform fit_transform(const CellReader& reader, const double* size,
                             const std::string& likelihood);

// Where the decoder's bias starts (G): each gene's overall level in the decoder's coordinates.
std::vector<double> gene_levels(const CellReader& reader, const std::string& likelihood);

// By how much the mean cell of each batch differs from the mean of all, on the scale of
// gene_levels(): G x n_batches.  Next to nothing for genes with next to no counts.
std::vector<double> batch_levels(const CellReader& reader, const std::int32_t* batch,
                                 Index n_batches, const InputTransform& transform,
                                 const std::string& likelihood);

}  // namespace gmvae
