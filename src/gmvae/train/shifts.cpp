#include "gmvae/train/shifts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/denormals.h"
#include "core/numeric.h"
#include "gmvae/model/network.h"
#include "nn/adam.h"

namespace gmvae {

namespace {

constexpr Purpose order_of_query_purpose{15};
constexpr Purpose noise_of_query_purpose{16};

bool is_shift(const ParamSlice& slice) {
  const std::string end = ".design";
  return slice.name.size() > end.size() &&
         slice.name.compare(slice.name.size() - end.size(), end.size(), end) == 0;
}

// Places of the parameters of columns from `first_column` on.
std::vector<std::size_t> places_of_columns(const ParamLayout& layout, Index first_column) {
  std::vector<std::size_t> places;
  for (const ParamSlice& slice : layout.slices()) {
    if (!is_shift(slice)) continue;
    for (Index i = slice.rows * first_column; i < slice.rows * slice.cols; ++i) {
      places.push_back(static_cast<std::size_t>(slice.offset + i));
    }
  }
  return places;
}

}  // namespace

std::vector<float> fit_shifts(const FittedModel& model, const CellSource& source,
                              const Covariates& covariates, const ShiftOptions& options,
                              Workers& workers, Monitor& monitor) {
  const FlushDenormals flush;
  const Compute<float> compute{kernels<float>(), workers};
  const Network<float> network(model.shape);
  const MixturePrior prior = prior_of(model.mixture, model.covariance);
  ensure(options.first_column < model.shape.n_design && options.batch_size > 0,
         "There must be shifts to fit.");
  CellLoader<float> loader(source, covariates, model.inputs(), workers);
  const std::vector<std::size_t> places = places_of_columns(network.layout(), options.first_column);
  std::vector<float> params = model.params, d_params(params.size(), 0.0f);
  std::vector<float> shifts(places.size()), start(places.size()), gradient(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) shifts[i] = start[i] = params[places[i]];
  AdamState<float> adam(static_cast<Index>(places.size()));
  const float penalty = static_cast<float>(options.penalty / static_cast<double>(source.n_cells()));
  std::vector<Index> order;
  std::size_t next = 0;
  Index epoch = 0;
  CellBlocks<float> blocks;
  Workspace<float> work;
  for (Index step = 0; step < options.n_steps; ++step) {
    monitor.poll();
    if (next == order.size()) {
      order = all_cells(source);
      RngStream(options.seed, order_of_query_purpose, static_cast<std::uint32_t>(epoch++))
          .shuffle(order);
      next = 0;
    }
    const std::size_t n =
        std::min(static_cast<std::size_t>(options.batch_size), order.size() - next);
    loader.load(order.data() + next, static_cast<Index>(n), blocks);
    next += n;
    const StepSettings settings{1.0, options.seed, noise_of_query_purpose, step};
    network.forward(compute, params.data(), blocks, prior, settings, work);
    network.backward(compute, params.data(), blocks, prior, settings, work, d_params.data());
    for (std::size_t i = 0; i < places.size(); ++i) {
      gradient[i] = d_params[places[i]] + penalty * (shifts[i] - start[i]);
      if (!std::isfinite(gradient[i])) throw NumericalError(not_finite);
    }
    std::fill(d_params.begin(), d_params.end(), 0.0f);
    const double t = static_cast<double>(step) / static_cast<double>(options.n_steps);
    adam_step(compute, AdamSettings(), options.learning_rate * 0.5 * (1 + std::cos(pi * t)),
              gradient, adam, shifts);
    for (std::size_t i = 0; i < places.size(); ++i) params[places[i]] = shifts[i];
    monitor.report(
        {"Fitting shifts", step + 1, options.n_steps, std::numeric_limits<double>::quiet_NaN()});
  }
  return params;
}

}  // namespace gmvae
