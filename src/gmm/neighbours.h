// Mixtures with one component more or less, to start EM from.
#pragma once

#include <vector>

#include "core/types.h"
#include "gmm/frame.h"

namespace gmvae {

// Component `which` in two halves along its longest axis (Ueda, Nakano, Ghahramani & Hinton 2000,
// <doi:10.1162/089976600300015088>, split so that mean and covariance of the two together stay).
Parameters split(const Parameters& mixture, Index which);

// Two components become one, with the moments of both: each of the `most` pairs whose union loses
// least of the classification likelihood.  The later of a pair is not among the first `fixed`.
std::vector<Parameters> merge_closest(const Parameters& mixture, Index fixed, std::size_t most);

}  // namespace gmvae
