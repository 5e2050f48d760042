#include "gmvae/data/input_transform.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/numeric.h"
#include "gmvae/data/gene_scores.h"

namespace gmvae {

InputTransform fit_transform(const CellSource& source, const double* size,
                             const LikelihoodTraits& likelihood) {
  const std::size_t n_genes = static_cast<std::size_t>(source.n_genes());
  InputTransform transform{std::vector<double>(n_genes, 1.0), std::vector<double>(n_genes, 0.0)};
  if (likelihood.encoder_input == EncoderInput::standardised) {
    const FeatureMoments moments = feature_moments(source, size, false);
    transform.offset = moments.mean;
    for (std::size_t g = 0; g < n_genes; ++g) {
      if (moments.variance[g] > 0) transform.scale[g] = 1 / std::sqrt(moments.variance[g]);
    }
    return transform;
  }
  double square = 0;
  const bool log = likelihood.encoder_input == EncoderInput::log_counts;
  for_non_zeros(source, log ? size : nullptr, log,
                [&](Index, std::size_t, double value) { square += value * value; });
  const double entries = static_cast<double>(source.n_cells()) * static_cast<double>(n_genes);
  if (square > 0) {
    std::fill(transform.scale.begin(), transform.scale.end(), std::sqrt(entries / square));
  }
  return transform;
}

std::vector<double> gene_levels(const CellSource& source, const LikelihoodTraits& likelihood) {
  std::vector<double> level(static_cast<std::size_t>(source.n_genes()));
  for_non_zeros(source, nullptr, false,
                [&](Index, std::size_t gene, double value) { level[gene] += value; });
  const double n = static_cast<double>(source.n_cells());
  const double total = std::accumulate(level.begin(), level.end(), 0.0);
  for (double& t : level) t = likelihood.level({t, n, total});
  // The shares of a softmax add up to one.
  if (!likelihood.size_factors) return level;
  const double all = log_sum_exp(level.data(), static_cast<Index>(level.size()));
  for (double& t : level) t -= all;
  return level;
}

}  // namespace gmvae
