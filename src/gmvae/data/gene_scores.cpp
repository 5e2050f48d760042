#include "gmvae/data/gene_scores.h"

#include <algorithm>
#include <cmath>

namespace gmvae {

FeatureMoments feature_moments(const CellReader& reader, const double* size, bool log) {
  const std::size_t n_genes = static_cast<std::size_t>(reader.n_genes());
  const double n = static_cast<double>(reader.n_cells());
  FeatureMoments moments{std::vector<double>(n_genes), std::vector<double>(n_genes),
                         std::vector<double>(n_genes)};
  for_non_zeros(reader, size, log, [&](Index, std::size_t g, double value) {
    moments.mean[g] += value / n;
    moments.n_cells[g] += 1;
  });
  for_non_zeros(reader, size, log, [&](Index, std::size_t g, double value) {
    moments.variance[g] += (value - moments.mean[g]) * (value - moments.mean[g]);
  });
  for (std::size_t g = 0; g < n_genes; ++g) {
    const double zeros = n - moments.n_cells[g];
    moments.variance[g] += zeros * moments.mean[g] * moments.mean[g];
    moments.variance[g] /= std::max(n - 1, 1.0);
  }
  return moments;
}

std::vector<double> feature_deviance(const CellReader& reader, const double* total) {
  const std::size_t n_genes = static_cast<std::size_t>(reader.n_genes());
  std::vector<double> deviance(n_genes), sum(n_genes), count, log_rate;
  std::vector<std::int32_t> gene;
  double all = 0;
  for (Index cell = 0; cell < reader.n_cells(); ++cell) {
    gene.resize(static_cast<std::size_t>(reader.n_entries(cell)));
    count.resize(gene.size());
    log_rate.resize(gene.size());
    reader.read(cell, gene.data(), count.data());
    for (std::size_t e = 0; e < gene.size(); ++e) log_rate[e] = count[e] / total[cell];
    kernels<double>().log(static_cast<Index>(gene.size()), log_rate.data(), log_rate.data());
    for (std::size_t e = 0; e < gene.size(); ++e) {
      if (count[e] == 0) continue;
      deviance[static_cast<std::size_t>(gene[e])] += count[e] * log_rate[e];
      sum[static_cast<std::size_t>(gene[e])] += count[e];
    }
    all += total[cell];
  }
  const double n = static_cast<double>(reader.n_cells());
  for (std::size_t g = 0; g < n_genes; ++g) {
    if (sum[g] > 0) deviance[g] -= sum[g] * std::log(sum[g] / all);
    deviance[g] = 2 * std::max(deviance[g], 0.0) / n;
  }
  return deviance;
}

}  // namespace gmvae
