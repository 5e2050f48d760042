#include "gmvae/data/inputs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/numeric.h"
#include "gmvae/data/gene_scores.h"

namespace gmvae {

InputTransform fit_transform(const CellReader& reader, const double* size,
                             const std::string& likelihood) {
  const std::size_t n_genes = static_cast<std::size_t>(reader.n_genes());
  InputTransform transform{std::vector<double>(n_genes, 1.0), std::vector<double>(n_genes, 0.0)};
  if (likelihood == "gaussian") {
    const FeatureMoments moments = feature_moments(reader, size, false);
    transform.offset = moments.mean;
    for (std::size_t g = 0; g < n_genes; ++g) {
      if (moments.variance[g] > 0) transform.scale[g] = 1 / std::sqrt(moments.variance[g]);
    }
    return transform;
  }
  double square = 0;
  const bool log = likelihood != "bernoulli";
  for_non_zeros(reader, log ? size : nullptr, log,
                [&](Index, std::size_t, double value) { square += value * value; });
  const double entries = static_cast<double>(reader.n_cells()) * static_cast<double>(n_genes);
  if (square > 0) {
    std::fill(transform.scale.begin(), transform.scale.end(), std::sqrt(entries / square));
  }
  return transform;
}

std::vector<double> gene_levels(const CellReader& reader, const std::string& likelihood) {
  std::vector<double> level(static_cast<std::size_t>(reader.n_genes()));
  if (likelihood == "gaussian") return level;  // standardised
  for_non_zeros(reader, nullptr, false,
                [&](Index, std::size_t gene, double count) { level[gene] += count; });
  const double n = static_cast<double>(reader.n_cells());
  if (likelihood == "bernoulli") {
    for (double& t : level) t = std::log((t + 0.5) / (n - t + 0.5));
    return level;
  }
  for (double& t : level) t = std::log(t + 0.5);
  const double all = log_sum_exp(level.data(), static_cast<Index>(level.size()));
  for (double& t : level) t -= all;
  return level;
}

std::vector<double> batch_levels(const CellReader& reader, const std::int32_t* batch,
                                 Index n_batches, const InputTransform& transform,
                                 const std::string& likelihood) {
  if (n_batches == 0) return {};
  const std::size_t n_genes = static_cast<std::size_t>(reader.n_genes());
  const std::size_t n_groups = static_cast<std::size_t>(n_batches);
  std::vector<double> sum(n_genes * n_groups), total(n_groups), n_cells(n_groups), all(n_genes);
  for (Index cell = 0; cell < reader.n_cells(); ++cell) {
    n_cells[static_cast<std::size_t>(batch[cell])] += 1;
  }
  for_non_zeros(reader, nullptr, false, [&](Index cell, std::size_t gene, double value) {
    const std::size_t b = static_cast<std::size_t>(batch[cell]);
    sum[b * n_genes + gene] += value;
    total[b] += value;
    all[gene] += value;
  });
  const double n = static_cast<double>(reader.n_cells());
  const double grand_total = std::accumulate(total.begin(), total.end(), 0.0);
  const auto logit = [](double ones, double cells) {
    return std::log((ones + 1) / (cells - ones + 1));
  };
  std::vector<double> level(sum.size());
  for (std::size_t b = 0; b < n_groups; ++b) {
    for (std::size_t g = 0; g < n_genes; ++g) {
      const double x = sum[b * n_genes + g];
      double& difference = level[b * n_genes + g];
      if (likelihood == "gaussian") {
        difference = (x / n_cells[b] - transform.offset[g]) * transform.scale[g];
      } else if (likelihood == "bernoulli") {
        difference = logit(x, n_cells[b]) - logit(all[g], n);
      } else {
        const double expected = total[b] * all[g] / grand_total;
        difference = std::log((x + 1) / (expected + 1));
      }
    }
  }
  return level;
}

}  // namespace gmvae
