#include "gmvae/inputs.h"

#include <algorithm>
#include <cmath>

#include "core/numeric.h"
#include "gmvae/features.h"

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
                [&](std::size_t, double value) { square += value * value; });
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
                [&](std::size_t gene, double count) { level[gene] += count; });
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

}  // namespace gmvae
