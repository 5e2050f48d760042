// Where the decoder's shifts for batches and covariates start.
#pragma once

#include <vector>

#include "core/design.h"
#include "gmvae/data/input_transform.h"
#include "gmvae/data/source.h"
#include "likelihood/traits.h"

namespace gmvae {

// Shifts (G x columns of the design) in the decoder's coordinates.
//
// For the labels of one factor: by how much the mean of a label's cells differs from the mean of
// all, next to nothing for genes with next to no counts.  For a measurement, that difference
// between its positive and its negative cells, weighted by its values, per unit.  Where columns go
// together, as two factors may, they share the difference: the effects solve the normal equations
// whose right side it is.  With logarithms of shares these steps are repeated, each from what the
// shifts until then leave unexplained, and `level` (G, see gene_levels()) follows, as the mean of
// exponentials is not the exponential of the mean.
std::vector<double> design_levels(const CellSource& source, const Design& design,
                                  const InputTransform& transform,
                                  const LikelihoodTraits& likelihood, std::vector<double>& level);

}  // namespace gmvae
