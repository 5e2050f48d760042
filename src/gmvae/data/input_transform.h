// How a value becomes an input of the encoder, and where the decoder starts: what training takes
// from the data before its first step.
#pragma once

#include <vector>

#include "core/design.h"
#include "gmvae/data/source.h"
#include "likelihood/traits.h"

namespace gmvae {

// Per gene: the input is scale times log(1 + x / size), x, or x - offset, by the likelihood's
// EncoderInput.
struct InputTransform {
  std::vector<double> scale, offset;
};

// Inputs of unit mean square over all cells and genes; standardised ones gene by gene.  size: n.
InputTransform fit_transform(const CellSource& source, const double* size,
                             const LikelihoodTraits& likelihood);

// Where the decoder's bias starts (G): each gene's overall level in the decoder's coordinates.
std::vector<double> gene_levels(const CellSource& source, const LikelihoodTraits& likelihood);

// Where the decoder's shifts start (G x columns of the design): for an indicator, by how much the
// mean of its cells differs from the mean of all, on the scale of gene_levels(), next to nothing
// for genes with next to no counts; for another column, that difference between its positive and
// its negative cells, weighted by its values, per unit.  Where columns go together, as two factors
// may, they share the difference: the effects solve the normal equations whose right side it is.
std::vector<double> design_levels(const CellSource& source, const Design& design,
                                  const InputTransform& transform,
                                  const LikelihoodTraits& likelihood);

}  // namespace gmvae
