// Which components of a mixture are close to each other.
#pragma once

#include <utility>
#include <vector>

#include "core/types.h"
#include "gmm/model/frame.h"

namespace gmvae {

// The `most` pairs whose union, with the moments of both, loses least of the classification
// likelihood; the later of a pair is not among the first `fixed`.
std::vector<std::pair<Index, Index>> closest_pairs(const Parameters& mixture, Index fixed,
                                                   std::size_t most);

}  // namespace gmvae
