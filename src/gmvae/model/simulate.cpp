#include "gmvae/model/simulate.h"

#include <limits>

#include "core/dense.h"
#include "core/draws.h"
#include "core/error.h"
#include "gmvae/model/decode.h"

namespace gmvae {

namespace {

constexpr Purpose latent_purpose{13};
constexpr Purpose counts_purpose{14};
constexpr std::size_t most_entries = std::numeric_limits<int>::max();

// What the likelihood draws for a gene of a cell.  mean: of what is drawn, without zero inflation;
// scale: inverse dispersion or variance, where the likelihood has one.
double draw_value(const LikelihoodTraits& likelihood, RngStream& rng, double mean, double scale) {
  if (likelihood.whole) {
    if (likelihood.has_scale) mean *= draw_gamma(rng, scale) / scale;
    return draw_poisson(rng, mean);
  }
  if (likelihood.has_scale) return mean + std::sqrt(scale) * rng.normal();
  return rng.uniform() < mean ? 1 : 0;
}

// Of one cell, the j-th of a decoded block, in one modality, in the units of the data.
void draw_cell(const ModalityInput& modality, const HeadCache<float>& head, Index j, Index first,
               RngStream& rng, std::vector<std::int32_t>& gene, std::vector<double>& value) {
  const LikelihoodTraits& likelihood = *modality.likelihood;
  const InputTransform& input = *modality.transform;
  const bool standardised = likelihood.encoder_input == EncoderInput::standardised;
  const std::size_t n_genes = static_cast<std::size_t>(modality.n_genes());
  const std::size_t from = static_cast<std::size_t>(j) * n_genes;
  const bool scale_by_cell = head.scale.size() > n_genes;
  for (std::size_t g = 0; g < n_genes; ++g) {
    double mean = static_cast<double>(head.mean[from + g]);
    if (likelihood.has_zero_inflation) {
      const double kept = sigmoid(-static_cast<double>(head.zero_inflation[from + g]));
      if (!(rng.uniform() < kept)) continue;
      mean /= kept;
    }
    const double scale =
        likelihood.has_scale ? static_cast<double>(head.scale[scale_by_cell ? from + g : g]) : 0;
    double x = draw_value(likelihood, rng, mean, scale);
    if (standardised) x = x / input.scale[g] + input.offset[g];
    if (x == 0) continue;
    gene.push_back(static_cast<std::int32_t>(first) + static_cast<std::int32_t>(g));
    value.push_back(x);
  }
}

}  // namespace

std::vector<double> simulate_latent(const Mixture& mixture, Index n, std::uint64_t seed,
                                    std::uint32_t sample) {
  const Index d = mixture.means.rows(), k = mixture.means.cols();
  std::vector<Eigen::MatrixXd> roots;
  for (const Eigen::MatrixXd& covariance : mixture.covariances) {
    roots.emplace_back();
    if (!cholesky(covariance, &roots.back())) {
      throw NumericalError("A covariance of the mixture is not positive definite.");
    }
  }
  std::vector<double> latent(static_cast<std::size_t>(d * n));
  for (Index i = 0; i < n; ++i) {
    RngStream rng(seed, latent_purpose, sample, static_cast<std::uint64_t>(i));
    double u = rng.uniform();
    Index c = 0;
    for (; c < k - 1 && u >= mixture.weights[c]; ++c) u -= mixture.weights[c];
    Eigen::VectorXd normal(d);
    for (Index l = 0; l < d; ++l) normal[l] = rng.normal();
    Eigen::Map<Eigen::VectorXd>(latent.data() + i * d, d) =
        mixture.means.col(c) + roots[static_cast<std::size_t>(c)] * normal;
  }
  return latent;
}

SimulatedCells simulate_counts(const FittedModel& model, ConstView<double> latent,
                               const Covariates& covariates, std::uint32_t sample,
                               Workers& workers) {
  SimulatedCells cells;
  cells.n_genes = model.shape.n_rows();
  const std::vector<ModalityInput> modalities = model.inputs();
  for_decoded(model, latent, covariates, workers,
              [&](const CellBlocks<float>& blocks, const std::vector<HeadCache<float>>& heads) {
    const CellBlock<float>& block = blocks.front();
    std::vector<std::vector<std::int32_t>> gene(block.cell.size());
    std::vector<std::vector<double>> value(gene.size());
    parallel_blocks(workers, block.n_cells(), 16, [&](Index, Index first, Index last) {
      for (Index j = first; j < last; ++j) {
        const std::size_t at = static_cast<std::size_t>(j);
        RngStream rng(model.seed, counts_purpose, sample,
                      static_cast<std::uint64_t>(block.cell[at]));
        Index first_gene = 0;
        for (std::size_t m = 0; m < modalities.size(); ++m) {
          draw_cell(modalities[m], heads[m], j, first_gene, rng, gene[at], value[at]);
          first_gene += modalities[m].n_genes();
        }
      }
    });
    for (std::size_t j = 0; j < gene.size(); ++j) {
      cells.gene.insert(cells.gene.end(), gene[j].begin(), gene[j].end());
      cells.value.insert(cells.value.end(), value[j].begin(), value[j].end());
      ensure(cells.gene.size() <= most_entries,
             "Simulated cells must have at most 2147483647 non-zero values: draw fewer cells.");
      cells.start.push_back(static_cast<int>(cells.gene.size()));
    }
  });
  return cells;
}

}  // namespace gmvae
