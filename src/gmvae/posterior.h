// Cluster probabilities: p(c | z) averaged over q(z | x), by the same antithetic draws for every
// cell, so that a cell's probabilities don't depend on the cells beside it.
#pragma once

#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "gmm/mixture.h"
#include "simd/kernels.h"

namespace gmvae {

// mean, sd: D x n.  Returns K x n, each column summing to 1.
inline std::vector<double> posterior_probabilities(const Mixture& mixture, std::uint64_t seed,
                                                   const std::vector<double>& mean,
                                                   const std::vector<double>& sd, Workers& workers,
                                                   Monitor& monitor) {
  constexpr Index n_pairs = 16;
  const Index d = mixture.means.rows(), k = mixture.means.cols();
  const Index n = static_cast<Index>(mean.size()) / d;
  std::vector<double> total(static_cast<std::size_t>(k * n)), part(total.size());
  std::vector<double> points(mean.size()), log_density(static_cast<std::size_t>(n));
  std::vector<double> noise(static_cast<std::size_t>(d));
  for (Index pair = 0; pair < n_pairs; ++pair) {
    RngStream rng(seed, Purpose::posterior, 0, static_cast<std::uint64_t>(pair));
    for (double& e : noise) e = rng.normal();
    for (double sign : {1.0, -1.0}) {
      parallel_blocks(workers, n, 1024, [&](Index, Index begin, Index end) {
        for (std::size_t j = static_cast<std::size_t>(begin); j < static_cast<std::size_t>(end);
             ++j) {
          for (std::size_t l = 0, i = j * noise.size(); l < noise.size(); ++l, ++i) {
            points[i] = mean[i] + sign * sd[i] * noise[l];
          }
        }
      });
      monitor.poll();
      evaluate_mixture(mixture, ConstView<double>(points.data(), d, n), workers, log_density.data(),
                       part.data());
      parallel_blocks(workers, n, 1024, [&](Index, Index begin, Index end) {
        kernels<double>().axpy((end - begin) * k, 1 / (2.0 * n_pairs), part.data() + begin * k,
                               total.data() + begin * k);
      });
    }
  }
  return total;
}

}  // namespace gmvae
