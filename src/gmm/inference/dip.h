// How far values are from one mode: the dip of their distribution function, and how often samples
// with one mode dip as much (Hartigan & Hartigan 1985, <doi:10.1214/aos/1176346577>).
#pragma once

#include <cstdint>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"

namespace gmvae {

// The dip: the least distance, in the supremum norm, between the empirical distribution function of
// values with weights and any distribution function with one mode.  Values ascend; weights are
// above 0.
double dip(const std::vector<double>& values, const std::vector<double>& weights);

struct DipTest {
  double dip;
  double
      p_value;  // share of samples of a uniform distribution, of as many values, that dip as much
};

// `n_samples` of them; beyond `most_values` values samples have that many, and the dips are
// compared times the square root of the number of values, in which they hardly change any more.
DipTest dip_test(std::vector<double> values, std::vector<double> weights, Index n_samples,
                 std::uint64_t seed, Workers& workers, Monitor& monitor);

constexpr Index most_values = 1000;

}  // namespace gmvae
