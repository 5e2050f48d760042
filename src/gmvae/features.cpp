#include "gmvae/features.h"

#include <algorithm>

namespace gmvae {

FeatureMoments feature_moments(const CellReader& reader, const double* size, bool log) {
  const std::size_t n_genes = static_cast<std::size_t>(reader.n_genes());
  const double n = static_cast<double>(reader.n_cells());
  FeatureMoments moments{std::vector<double>(n_genes), std::vector<double>(n_genes),
                         std::vector<double>(n_genes)};
  for_non_zeros(reader, size, log, [&](std::size_t g, double value) {
    moments.mean[g] += value / n;
    moments.n_cells[g] += 1;
  });
  for_non_zeros(reader, size, log, [&](std::size_t g, double value) {
    moments.variance[g] += (value - moments.mean[g]) * (value - moments.mean[g]);
  });
  for (std::size_t g = 0; g < n_genes; ++g) {
    const double zeros = n - moments.n_cells[g];
    moments.variance[g] += zeros * moments.mean[g] * moments.mean[g];
    moments.variance[g] /= std::max(n - 1, 1.0);
  }
  return moments;
}

}  // namespace gmvae
