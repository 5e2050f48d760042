// What a search is asked for.
#pragma once

#include <cstdint>

#include "core/types.h"
#include "gmm/data/noise.h"
#include "gmm/em/em.h"
#include "gmm/em/mixture.h"
#include "gmm/em/statistics.h"

namespace gmvae {

struct SearchOptions {
  EmOptions em;
  Index n_init = 10;          // starts of each candidate
  bool more_if_cheap = true;  // more starts and longer runs of them where a pass takes no time
  // Of so many candidates that are best by BIC, AIC or ICL the mixture is returned: with many
  // columns covariances take memory.  0: of all.
  Index n_kept = 0;
  std::uint64_t seed = 0;
  NoiseOptions noise;
  // Instead of random starts, for candidates of one k: responsibilities or a partition ...
  Given start;
  const Mixture* start_mixture = nullptr;  // ... or parameters
};

}  // namespace gmvae
