// Random numbers of the starts.  The epoch of a stream says what for:
//   0  random partitions        2  leaves of the trees        4  the sample of large data
//   1  reference points of noise   3  k-means
#pragma once

#include "core/rng.h"

namespace gmvae {

constexpr Purpose mixture_start{1};

}  // namespace gmvae
