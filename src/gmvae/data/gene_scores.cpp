#include "gmvae/data/gene_scores.h"

#include <algorithm>
#include <cmath>

namespace gmvae {

FeatureMoments feature_moments(const CellSource& source, const double* size, bool log,
                               Monitor* monitor) {
  const std::size_t n_genes = static_cast<std::size_t>(source.n_genes());
  const double n = static_cast<double>(source.n_cells());
  FeatureMoments moments{std::vector<double>(n_genes), std::vector<double>(n_genes),
                         std::vector<double>(n_genes)};
  for_non_zeros(
      source, size, log,
      [&](Index, std::size_t g, double value) {
    moments.mean[g] += value / n;
    moments.n_cells[g] += 1;
      },
      monitor);
  for_non_zeros(
      source, size, log,
      [&](Index, std::size_t g, double value) {
    moments.variance[g] += (value - moments.mean[g]) * (value - moments.mean[g]);
      },
      monitor);
  for (std::size_t g = 0; g < n_genes; ++g) {
    const double zeros = n - moments.n_cells[g];
    moments.variance[g] += zeros * moments.mean[g] * moments.mean[g];
    moments.variance[g] /= std::max(n - 1, 1.0);
  }
  return moments;
}

std::vector<double> feature_deviance(const CellSource& source, const double* total,
                                     Monitor* monitor) {
  const std::size_t n_genes = static_cast<std::size_t>(source.n_genes());
  std::vector<double> deviance(n_genes), sum(n_genes), log_rate;
  double all = 0;
  for_cells_of(
      all_cells(source), source,
      [&](Index cell, Index n, const std::int32_t* gene, const double* count) {
    log_rate.resize(static_cast<std::size_t>(n));
    for (Index e = 0; e < n; ++e) log_rate[static_cast<std::size_t>(e)] = count[e] / total[cell];
    kernels<double>().log(n, log_rate.data(), log_rate.data());
    for (Index e = 0; e < n; ++e) {
      if (count[e] == 0) continue;
      const std::size_t g = static_cast<std::size_t>(gene[e]);
      deviance[g] += count[e] * log_rate[static_cast<std::size_t>(e)];
      sum[g] += count[e];
    }
    all += total[cell];
      },
      monitor);
  const double n = static_cast<double>(source.n_cells());
  for (std::size_t g = 0; g < n_genes; ++g) {
    if (sum[g] > 0) deviance[g] -= sum[g] * std::log(sum[g] / all);
    deviance[g] = 2 * std::max(deviance[g], 0.0) / n;
  }
  return deviance;
}

}  // namespace gmvae
