#pragma once

#include "core/rng.h"

namespace gmvae {

// Shares of the non-zero inputs to hide, from `least` to `most`, all equally probable.
struct MaskRange {
  double least, most;

  double draw(RngStream& rng) const {
    return least < most ? least + (most - least) * rng.uniform() : most;
  }
};

}  // namespace gmvae
