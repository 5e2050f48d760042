#include "gmvae/model/fit_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numeric.h"
#include "gmvae/model/decode.h"

namespace gmvae {

namespace {

constexpr Index genes_at_a_time = 64;

// What the model says of one value, in the likelihood's units: mean includes zero inflation, theta
// is the inverse dispersion (infinite for Poisson) or the variance.
struct Expectation {
  double mean, variance, zero;
};

Expectation expectation(const LikelihoodTraits& likelihood, double mean, double theta,
                        double kept) {
  if (!likelihood.whole) {
    return likelihood.has_scale ? Expectation{mean, theta, 0}
                                : Expectation{mean, mean * (1 - mean), 1 - mean};
  }
  const double rate = mean / kept;
  if (!likelihood.has_scale) return {mean, mean, std::exp(-mean)};
  const double zero = std::exp(-theta * std::log1p(rate / theta));
  return {mean, kept * (rate + rate * rate / theta) + kept * (1 - kept) * rate * rate,
          (1 - kept) + kept * zero};
}

}  // namespace

FitSums fit_sums(const FittedModel& model, const CellSource& source, ConstView<double> latent,
                 const Covariates& covariates, const std::vector<std::int32_t>& group,
                 Index n_groups, Workers& workers, Monitor& monitor) {
  const LikelihoodTraits& likelihood = model.likelihood();
  const InputTransform& input = model.modalities.front().input;
  const bool standardised = likelihood.encoder_input == EncoderInput::standardised;
  const bool scored = likelihood.whole && !likelihood.has_zero_inflation;
  const Index n = source.n_cells(), n_genes = source.n_genes();
  ensure(n_genes == model.shape.modalities.front().n_genes,
         "There must be values of each gene of the first modality.");
  ensure(latent.cols == n && static_cast<Index>(group.size()) == n,
         "Each cell must have a latent point and a group.");
  FitSums sums;
  for (std::vector<double>* part :
       {&sums.observed, &sums.expected, &sums.zeros, &sums.expected_zeros, &sums.squares,
        &sums.variance, &sums.score_mean, &sums.information_mean, &sums.score_scale,
        &sums.information_scale, &sums.zeros_by_mean, &sums.zeros_by_scale}) {
    part->assign(static_cast<std::size_t>(n_genes * n_groups), 0.0);
  }

  // x of gene g, whose sums are at `at`.
  const auto add = [&](const HeadCache<float>& head, std::size_t place, std::size_t g, double x,
                       std::size_t at) {
    const bool scale_by_cell = head.scale.size() > static_cast<std::size_t>(n_genes);
    double theta = likelihood.has_scale ? static_cast<double>(head.scale[scale_by_cell ? place : g])
                                        : std::numeric_limits<double>::infinity();
    double mean = static_cast<double>(head.mean[place]);
    const double kept = likelihood.has_zero_inflation
                            ? sigmoid(-static_cast<double>(head.zero_inflation[place]))
                            : 1;
    if (standardised) {
      mean = mean / input.scale[g] + input.offset[g];
      theta /= input.scale[g] * input.scale[g];
    }
    const Expectation expected = expectation(likelihood, mean, theta, kept);
    sums.observed[at] += x;
    sums.expected[at] += expected.mean;
    sums.zeros[at] += x == 0;
    sums.expected_zeros[at] += expected.zero;
    sums.squares[at] += (x - expected.mean) * (x - expected.mean);
    sums.variance[at] += expected.variance;
    if (!scored) return;
    const double share = likelihood.has_scale ? theta / (theta + mean) : 1;
    sums.score_mean[at] += (x - mean) * share;
    sums.information_mean[at] += mean * share;
    sums.zeros_by_mean[at] -= expected.zero * mean * share;
    if (!likelihood.has_scale) return;
    const double at_zero = theta * (1 - share - std::log1p(mean / theta));
    double score = at_zero;
    if (x > 0) {
      score += theta * (digamma(x + theta) - digamma(theta) - x / (theta + mean));
    }
    sums.score_scale[at] += score;
    sums.information_scale[at] += score * score;
    sums.zeros_by_scale[at] += expected.zero * at_zero;
  };

  Entries entries;
  std::vector<double> values;
  for_decoded(model, latent, covariates, workers,
              [&](const CellBlocks<float>& blocks, const std::vector<HeadCache<float>>& heads) {
    const CellBlock<float>& block = blocks.front();
    const HeadCache<float>& head = heads.front();
    const Index begin = block.cell.front(), n_cells = block.n_cells();
    source.read(block.cell.data(), n_cells, workers, entries);
    values.assign(static_cast<std::size_t>(n_cells * n_genes), 0.0);
    for (Index j = 0; j < n_cells; ++j) {
      for (Index e = entries.start[static_cast<std::size_t>(j)];
           e < entries.start[static_cast<std::size_t>(j) + 1]; ++e) {
        const std::size_t ee = static_cast<std::size_t>(e);
        values[static_cast<std::size_t>(j * n_genes + entries.gene[ee])] = entries.value[ee];
      }
    }
    parallel_blocks(workers, n_genes, genes_at_a_time, [&](Index, Index first, Index last) {
      for (Index j = 0; j < n_cells; ++j) {
        const Index of_group = group[static_cast<std::size_t>(begin + j)] * n_genes;
        for (Index g = first; g < last; ++g) {
          const std::size_t place = static_cast<std::size_t>(j * n_genes + g);
          add(head, place, static_cast<std::size_t>(g), values[place],
              static_cast<std::size_t>(of_group + g));
        }
      }
    });
    monitor.poll();
    monitor.report(
        {"Comparing cells", begin + n_cells, n, std::numeric_limits<double>::quiet_NaN()});
  });
  for (double sum : sums.squares) {
    if (!std::isfinite(sum)) throw NumericalError(not_finite);
  }
  return sums;
}

}  // namespace gmvae
