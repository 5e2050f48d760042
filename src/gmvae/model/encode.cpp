#include "gmvae/model/encode.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/denormals.h"
#include "gmvae/model/network.h"
#include "gmvae/model/posterior.h"

namespace gmvae {

namespace {

constexpr Index cells_at_a_time = 256;

}  // namespace

Encoding encode(const FittedModel& model, const CellSource& source, const Covariates& covariates,
                const EncodeOptions& options, Workers& workers, Monitor& monitor) {
  const FlushDenormals flush;
  const Compute<float> compute{kernels<float>(), workers};
  const Network<float> network(model.shape);
  ensure(static_cast<Index>(model.params.size()) == network.layout().size(),
         "The parameters must be those of a network of these sizes.");
  const Index n = source.n_cells(), d = model.shape.n_latent;
  const Index n_alternatives = std::max<Index>(options.alternatives.n_rows(), 1);
  const bool with_elbo = options.n_draws > 0;
  Encoding encoding;
  encoding.mean.resize(static_cast<std::size_t>(n * d));
  encoding.sd.resize(encoding.mean.size());
  if (with_elbo) {
    encoding.elbo.assign(static_cast<std::size_t>(n * n_alternatives),
                         log_units(model.modalities, model.shape));
  }
  const MixturePrior prior = prior_of(model.mixture, model.covariance);
  CellLoader<float> loader(source, covariates, model.inputs(), workers);
  CellBlocks<float> blocks;
  Workspace<float> work;
  const std::vector<Index> cells = all_cells(source);

  Design own_design;
  const auto add_elbo = [&](Index begin, Index alternative) {
    if (!options.alternatives.empty()) {
      const Design design =
          own_design.with_row(options.alternatives, alternative, blocks.front().n_cells());
      for (CellBlock<float>& block : blocks) block.design = design;
    }
    ensure(blocks.front().design.n_columns == model.shape.n_design,
           "The design of the cells must be given.");
    for (Index draw = 0; draw < options.n_draws; ++draw) {
      const double sign = draw % 2 == 0 ? 1.0 : -1.0;
      network.elbo(compute, model.params.data(), blocks, prior,
                   {1.0, model.seed, posterior_purpose, draw / 2 + 1, sign, false}, work);
      for (Index j = 0; j < blocks.front().n_cells(); ++j) {
        const std::size_t jj = static_cast<std::size_t>(j);
        encoding.elbo[static_cast<std::size_t>((begin + j) * n_alternatives + alternative)] +=
            (work.log_prob[jj] - work.kl[jj].kl_z - work.kl[jj].kl_c) /
            static_cast<double>(options.n_draws);
      }
    }
  };

  for (Index begin = 0; begin < n; begin += cells_at_a_time) {
    const Index end = std::min(begin + cells_at_a_time, n);
    loader.load(cells.data() + begin, end - begin, blocks);
    network.encode(compute, model.params.data(), blocks, work);
    for (std::size_t i = 0; i < static_cast<std::size_t>((end - begin) * d); ++i) {
      const std::size_t place = static_cast<std::size_t>(begin * d) + i;
      encoding.mean[place] = static_cast<double>(work.mean[i]);
      encoding.sd[place] = std::exp(0.5 * static_cast<double>(work.log_variance[i]));
      if (!std::isfinite(encoding.mean[place]) || !std::isfinite(encoding.sd[place])) {
        throw NumericalError(not_finite);
      }
    }
    // The same draws for every cell: its ELBO doesn't depend on the cells beside it.
    std::vector<Index>& cell = blocks.front().cell;
    std::fill(cell.begin(), cell.end(), Index{0});
    own_design = blocks.front().design;
    for (Index a = 0; with_elbo && a < n_alternatives; ++a) add_elbo(begin, a);
    for (std::size_t i = static_cast<std::size_t>(begin * n_alternatives);
         with_elbo && i < static_cast<std::size_t>(end * n_alternatives); ++i) {
      if (!std::isfinite(encoding.elbo[i])) throw NumericalError(not_finite);
    }
    monitor.poll();
    monitor.report({"Encoding cells", end, n, std::numeric_limits<double>::quiet_NaN()});
  }
  if (options.posterior) {
    encoding.posterior = posterior_probabilities(model.mixture, model.seed, encoding.mean,
                                                 encoding.sd, workers, monitor);
  }
  return encoding;
}

}  // namespace gmvae
