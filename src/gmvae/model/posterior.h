// Cluster probabilities: p(c | z) averaged over q(z | x), by the same antithetic draws for every
// cell, so that a cell's probabilities don't depend on the cells beside it.
#pragma once

#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "gmm/em/mixture.h"

namespace gmvae {

constexpr Purpose posterior_purpose{8};

// mean, sd: D x n.  Returns K x n, each column summing to 1.
std::vector<double> posterior_probabilities(const Mixture& mixture, std::uint64_t seed,
                                            const std::vector<double>& mean,
                                            const std::vector<double>& sd, Workers& workers,
                                            Monitor& monitor);

}  // namespace gmvae
