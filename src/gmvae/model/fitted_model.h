// All that encoding and decoding need of a fit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gmm/em/mixture.h"
#include "gmm/model/family.h"
#include "gmvae/model/modality.h"
#include "gmvae/model/prior.h"
#include "gmvae/model/shape.h"

namespace gmvae {

struct FittedModel {
  ModelShape shape;
  std::string covariance;  // of the mixture: a name of gmm/model/family.h
  std::vector<float> params;
  std::vector<FittedModality> modalities;  // as shape.modalities
  Mixture mixture;
  std::uint64_t seed;

  const LikelihoodTraits& likelihood(std::size_t modality = 0) const {
    return find_likelihood(shape.modalities[modality].likelihood);
  }

  // For a CellLoader; points to what the model holds.
  std::vector<ModalityInput> inputs() const { return inputs_of(modalities, shape); }
};

// What encoding and decoding throw where numbers of the cells overflow.
constexpr const char* not_finite =
    "The networks of the fit give values that are not finite for these cells: their counts, or the "
    "fit's `parameters`, are too large.";

// The mixture as the prior of the latent.
inline MixturePrior prior_of(const Mixture& mixture, const std::string& covariance) {
  return MixturePrior(mixture, find_family(covariance).one_covariance);
}

}  // namespace gmvae
