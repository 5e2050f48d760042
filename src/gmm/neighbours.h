// Mixtures of one component less, to start EM from; of one more: split() in expectation.h.
#pragma once

#include <vector>

#include "core/types.h"
#include "gmm/frame.h"

namespace gmvae {

// Two components become one, with the moments of both: each of the `most` pairs whose union loses
// least of the classification likelihood.  The later of a pair is not among the first `fixed`.
std::vector<Parameters> merge_closest(const Parameters& mixture, Index fixed, std::size_t most);

}  // namespace gmvae
