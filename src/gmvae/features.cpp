#include "gmvae/features.h"

#include <algorithm>

namespace gmvae {

namespace {

// fn(gene, count / size) for every non-zero.
template <typename Fn>
void for_non_zeros(const CellReader& reader, const double* size, Fn&& fn) {
  std::vector<std::int32_t> gene;
  std::vector<double> count;
  for (Index i = 0; i < reader.n_cells(); ++i) {
    gene.clear();
    count.clear();
    reader.read(i, gene, count);
    for (std::size_t e = 0; e < gene.size(); ++e) {
      if (count[e] != 0) fn(static_cast<std::size_t>(gene[e]), count[e] / size[i]);
    }
  }
}

}  // namespace

FeatureMoments feature_moments(const CellReader& reader, const double* size) {
  const std::size_t n_genes = static_cast<std::size_t>(reader.n_genes());
  const double n = static_cast<double>(reader.n_cells());
  FeatureMoments moments{std::vector<double>(n_genes), std::vector<double>(n_genes),
                         std::vector<double>(n_genes)};
  for_non_zeros(reader, size, [&](std::size_t g, double x) {
    moments.mean[g] += x / n;
    moments.n_cells[g] += 1;
  });
  for_non_zeros(reader, size, [&](std::size_t g, double x) {
    moments.variance[g] += (x - moments.mean[g]) * (x - moments.mean[g]);
  });
  for (std::size_t g = 0; g < n_genes; ++g) {
    const double zeros = n - moments.n_cells[g];
    moments.variance[g] += zeros * moments.mean[g] * moments.mean[g];
    moments.variance[g] /= std::max(n - 1, 1.0);
  }
  return moments;
}

std::vector<double> clipped_variance(const CellReader& reader, const double* size,
                                     const std::vector<double>& mean,
                                     const std::vector<double>& sd, double limit) {
  const double n = static_cast<double>(reader.n_cells());
  std::vector<double> sum(mean.size()), n_cells(mean.size());
  for_non_zeros(reader, size, [&](std::size_t g, double x) {
    const double z = std::min(limit, (x - mean[g]) / sd[g]);
    sum[g] += z * z;
    n_cells[g] += 1;
  });
  for (std::size_t g = 0; g < sum.size(); ++g) {
    const double z = mean[g] / sd[g];
    sum[g] = (sum[g] + (n - n_cells[g]) * z * z) / std::max(n - 1, 1.0);
  }
  return sum;
}

}  // namespace gmvae
