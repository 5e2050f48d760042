// How a value becomes an input of the encoder, and where the decoder starts: what training takes
// from the data before its first step.
#pragma once

#include <vector>

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

}  // namespace gmvae
