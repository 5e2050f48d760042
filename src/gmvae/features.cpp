#include "gmvae/features.h"

#include <algorithm>
#include <cmath>

namespace gmvae {

namespace {

// fn(gene, value) for every non-zero.
template <typename Fn>
void for_non_zeros(const CellReader& reader, const double* size, bool log, Fn&& fn) {
  std::vector<std::int32_t> gene;
  std::vector<double> count;
  for (Index i = 0; i < reader.n_cells(); ++i) {
    gene.clear();
    count.clear();
    reader.read(i, gene, count);
    for (std::size_t e = 0; e < gene.size(); ++e) {
      if (count[e] == 0) continue;
      const double x = count[e] / size[i];
      fn(static_cast<std::size_t>(gene[e]), log ? std::log1p(x) : x);
    }
  }
}

}  // namespace

FeatureMoments feature_moments(const CellReader& reader, const double* size, bool log) {
  const std::size_t n_genes = static_cast<std::size_t>(reader.n_genes());
  const double n = static_cast<double>(reader.n_cells());
  FeatureMoments moments{std::vector<double>(n_genes), std::vector<double>(n_genes),
                         std::vector<double>(n_genes)};
  for_non_zeros(reader, size, log, [&](std::size_t g, double x) {
    moments.mean[g] += x / n;
    moments.n_cells[g] += 1;
  });
  for_non_zeros(reader, size, log, [&](std::size_t g, double x) {
    moments.variance[g] += (x - moments.mean[g]) * (x - moments.mean[g]);
  });
  for (std::size_t g = 0; g < n_genes; ++g) {
    const double zeros = n - moments.n_cells[g];
    moments.variance[g] += zeros * moments.mean[g] * moments.mean[g];
    moments.variance[g] /= std::max(n - 1, 1.0);
  }
  return moments;
}

}  // namespace gmvae
