// Encoding and decoding with a fitted model.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/denormals.h"
#include "gmm/model/family.h"
#include "gmvae/model/posterior.h"
#include "gmvae/train/train.h"
#include "likelihood/dispatch.h"

namespace gmvae {

namespace {

constexpr Index cells_at_a_time = 256;

const char* const batches_needed = "The batches of the cells must be given.";

bool has_batches(const FittedModel& model, const Covariates& covariates) {
  return model.shape.n_batches == 0 || covariates.batch;
}

// Cells [begin, end) in blocks; fn(block of cells, first cell).
template <typename Fn>
void for_cell_blocks(const FittedModel& model, const CellReader& reader,
                     const Covariates& covariates, const char* phase, Workers& workers,
                     Monitor& monitor, Fn&& fn) {
  CellLoader<float> loader(reader, covariates, model.size_reference, model.input, model.likelihood,
                           workers);
  CellBlock<float> block;
  std::vector<Index> cells;
  for (Index begin = 0; begin < reader.n_cells(); begin += cells_at_a_time) {
    const Index end = std::min(begin + cells_at_a_time, reader.n_cells());
    cells.clear();
    for (Index i = begin; i < end; ++i) cells.push_back(i);
    loader.load(cells.data(), end - begin, block);
    fn(block, begin);
    monitor.poll();
    monitor.report({phase, end, reader.n_cells(), std::numeric_limits<double>::quiet_NaN()});
  }
}

}  // namespace

Encoding encode(const FittedModel& model, const CellReader& reader, const Covariates& covariates,
                Index n_draws, bool posterior, Workers& workers, Monitor& monitor) {
  const FlushDenormals flush;
  const Compute<float> compute{kernels<float>(), workers};
  const Index n = reader.n_cells(), d = model.shape.n_latent;
  Encoding encoding;
  encoding.mean.resize(static_cast<std::size_t>(n * d));
  encoding.sd.resize(encoding.mean.size());
  if (n_draws > 0) {
    encoding.elbo.assign(static_cast<std::size_t>(n),
                         log_unit_change(model.input, model.likelihood));
  }
  const MixturePrior prior(model.mixture, find_family(model.covariance).one_covariance);
  with_likelihood(model.likelihood, [&](auto likelihood) {
    const Network<decltype(likelihood)> network(model.shape);
    ensure(static_cast<Index>(model.params.size()) == network.layout().size(),
           "The parameters must be those of a network of these sizes.");
    ensure(n_draws == 0 || has_batches(model, covariates), batches_needed);
    Workspace<float> work;
    for_cell_blocks(model, reader, covariates, "Encoding cells", workers, monitor,
                    [&](CellBlock<float>& block, Index begin) {
      network.encode(compute, model.params.data(), block, work);
      for (std::size_t i = 0; i < static_cast<std::size_t>(block.n_cells() * d); ++i) {
        const std::size_t place = static_cast<std::size_t>(begin * d) + i;
        encoding.mean[place] = static_cast<double>(work.mean[i]);
        encoding.sd[place] = std::exp(0.5 * static_cast<double>(work.log_variance[i]));
      }
      // The same antithetic draws for every cell: its ELBO doesn't depend on the cells beside it.
      std::fill(block.cell.begin(), block.cell.end(), Index{0});
      for (Index draw = 0; draw < n_draws; ++draw) {
        const double sign = draw % 2 == 0 ? 1.0 : -1.0;
        network.elbo(compute, model.params.data(), block, prior,
                     {1.0, model.seed, posterior_purpose, draw / 2 + 1, sign, false}, work);
        for (std::size_t j = 0; j < static_cast<std::size_t>(block.n_cells()); ++j) {
          encoding.elbo[static_cast<std::size_t>(begin) + j] +=
              (work.log_prob[j] - work.kl[j].kl_z - work.kl[j].kl_c) / static_cast<double>(n_draws);
        }
      }
    });
  });
  if (posterior) {
    encoding.posterior = posterior_probabilities(model.mixture, model.seed, encoding.mean,
                                                 encoding.sd, workers, monitor);
  }
  return encoding;
}

std::vector<double> decode(const FittedModel& model, ConstView<double> latent,
                           const Covariates& covariates, const std::vector<Index>& genes,
                           Workers& workers) {
  const FlushDenormals flush;
  const Compute<float> compute{kernels<float>(), workers};
  const Index n = latent.cols, d = latent.rows;
  std::vector<double> expected(genes.size() * static_cast<std::size_t>(n));
  with_likelihood(model.likelihood, [&](auto likelihood) {
    const Network<decltype(likelihood)> network(model.shape);
    ensure(has_batches(model, covariates), batches_needed);
    const MixturePrior prior(model.mixture, find_family(model.covariance).one_covariance);
    Workspace<float> work;
    CellBlock<float> block;
    std::vector<float> points;
    for (Index begin = 0; begin < n; begin += cells_at_a_time) {
      const Index end = std::min(begin + cells_at_a_time, n);
      const std::size_t n_cells = static_cast<std::size_t>(end - begin);
      points.assign(latent.col(begin), latent.data + end * d);
      block.n_genes = model.shape.n_genes;
      block.cell.assign(n_cells, 0);
      block.start.assign(n_cells + 1, 0);  // no counts: expected values don't depend on them
      block.size.clear();
      block.batch.clear();
      for (Index j = begin; j < end; ++j) {
        block.size.push_back(static_cast<float>(covariates.size[j] * model.size_reference));
        if (covariates.batch) block.batch.push_back(covariates.batch[j]);
      }
      network.decode(compute, model.params.data(), prior,
                     ConstView<float>(points.data(), d, end - begin), block, work);
      for (std::size_t j = 0; j < n_cells; ++j) {
        const float* mean = work.head.mean.data() + j * static_cast<std::size_t>(block.n_genes);
        for (std::size_t g = 0; g < genes.size(); ++g) {
          const std::size_t gene = static_cast<std::size_t>(genes[g]);
          double value = static_cast<double>(mean[gene]);
          if (model.likelihood == "gaussian") {
            value = value / model.input.scale[gene] + model.input.offset[gene];
          }
          expected[(static_cast<std::size_t>(begin) + j) * genes.size() + g] = value;
        }
      }
    }
  });
  return expected;
}

}  // namespace gmvae
