#include "gmvae/model/decode.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/denormals.h"
#include "gmvae/model/network.h"

namespace gmvae {

namespace {

constexpr Index cells_at_a_time = 256;

}  // namespace

void load_without_counts(const FittedModel& model, const Covariates& covariates, Index begin,
                         Index end, CellBlocks<float>& blocks) {
  const Index n = end - begin;
  blocks.resize(model.modalities.size());
  for (std::size_t m = 0; m < blocks.size(); ++m) {
    CellBlock<float>& block = blocks[m];
    const double* size = covariates.size_of(m);
    block.n_genes = model.shape.modalities[m].n_genes;
    block.cell.resize(static_cast<std::size_t>(n));
    std::iota(block.cell.begin(), block.cell.end(), begin);
    block.start.assign(static_cast<std::size_t>(n) + 1, 0);
    block.size.clear();
    for (Index cell : block.cell) {
      block.size.push_back(static_cast<float>(size[cell] * model.modalities[m].size_reference));
    }
    load_design(covariates, block.cell.data(), n, block.design);
    ensure(block.design.n_columns == model.shape.n_design,
           "The design of the cells must be given.");
  }
}

void for_decoded(const FittedModel& model, ConstView<double> latent, const Covariates& covariates,
                 Workers& workers, const UseDecoded& use) {
  const FlushDenormals flush;
  const Compute<float> compute{kernels<float>(), workers};
  const Network<float> network(model.shape);
  ensure(static_cast<Index>(model.params.size()) == network.layout().size(),
         "The parameters must be those of a network of these sizes.");
  const Index n = latent.cols, d = latent.rows;
  const MixturePrior prior = prior_of(model.mixture, model.covariance);
  Workspace<float> work;
  CellBlocks<float> blocks;
  std::vector<float> points;
  for (Index begin = 0; begin < n; begin += cells_at_a_time) {
    const Index end = std::min(begin + cells_at_a_time, n);
    points.assign(latent.col(begin), latent.data + end * d);
    load_without_counts(model, covariates, begin, end, blocks);
    network.decode(compute, model.params.data(), prior,
                   ConstView<float>(points.data(), d, end - begin), blocks, work);
    use(blocks, work.heads);
  }
}

void decode(const FittedModel& model, ConstView<double> latent, const Covariates& covariates,
            const std::vector<Index>& genes, Workers& workers, Monitor& monitor,
            View<double> expected) {
  for_decoded(model, latent, covariates, workers,
              [&](const CellBlocks<float>& blocks, const std::vector<HeadCache<float>>& heads) {
    const Index begin = blocks.front().cell.front(), n = blocks.front().n_cells();
    Index first = 0;
    for (std::size_t m = 0; m < blocks.size(); ++m) {
      const InputTransform& input = model.modalities[m].input;
      const bool standardised = model.likelihood(m).encoder_input == EncoderInput::standardised;
      const Index n_genes = blocks[m].n_genes;
      for (std::size_t g = 0; g < genes.size(); ++g) {
        if (genes[g] < first || genes[g] >= first + n_genes) continue;
        const std::size_t gene = static_cast<std::size_t>(genes[g] - first);
        for (Index j = 0; j < n; ++j) {
          double value = static_cast<double>(heads[m].mean.data()[j * n_genes + genes[g] - first]);
          if (standardised) value = value / input.scale[gene] + input.offset[gene];
          if (!std::isfinite(value)) throw NumericalError(not_finite);
          expected(static_cast<Index>(g), begin + j) = value;
        }
      }
      first += n_genes;
    }
    monitor.poll();
    monitor.report(
        {"Decoding cells", begin + n, latent.cols, std::numeric_limits<double>::quiet_NaN()});
  });
}

}  // namespace gmvae
