// Shifts of batches that training has not seen.
#include <cmath>
#include <vector>

#include "gmvae/model/encode.h"
#include "gmvae/simulated.h"
#include "gmvae/train/shifts.h"

using namespace gmvae;
using namespace testing;

namespace {

// A model of two batches, as training gives it, and its parameters with a third column.
struct Extended {
  Simulated data = simulate();
  Design design;
  FittedModel model;

  Extended() {
    std::vector<std::int32_t> batch(static_cast<std::size_t>(data.n_cells), 2);
    design = indicators(batch, 3);
    TrainOptions o = options();
    o.epochs_warmup = o.epochs_joint = 10;
    o.shape.n_design = 3;
    Workers workers(1);
    Monitor monitor;
    // No cell of training is of the third batch.
    std::vector<std::int32_t> seen;
    for (Index i = 0; i < data.n_cells; ++i) seen.push_back(static_cast<std::int32_t>(i % 2));
    const Design of_training = indicators(seen, 3);
    model = train(data.source(), {data.size.data(), &of_training}, o, workers, monitor).model;
  }
};

bool is_third_column(const ParamSlice& slice, Index i) {
  return slice.name.find(".design") != std::string::npos && i >= 2 * slice.rows;
}

}  // namespace

TEST("fit_shifts(): nothing but the new column moves, and the ELBO rises") {
  const Extended extended;
  const Simulated& data = extended.data;
  // The query has every fourth gene five times as high.
  std::vector<double> count = data.count;
  for (std::size_t e = 0; e < count.size(); ++e) {
    if (data.gene[e] % 4 == 0) count[e] *= 5;
  }
  const MatrixSource query(data.start.data(), data.gene.data(), count.data(), 60, data.n_cells);
  const Covariates covariates{data.size.data(), &extended.design};
  Workers one(1), three(3);
  Monitor silent;
  const ShiftOptions shift{2, 100, 32, 0.05, 1, 1};
  FittedModel model = extended.model;
  const auto elbo = [&] {
    double sum = 0;
    for (double e : encode(model, query, covariates, {2, false, {}}, one, silent).elbo) sum += e;
    return sum / static_cast<double>(data.n_cells);
  };
  const double before = elbo();
  const std::vector<float> params = fit_shifts(model, query, covariates, shift, one, silent);
  CHECK(params == fit_shifts(model, query, covariates, shift, three, silent));
  double high = 0, low = 0;
  const Network<float> network(model.shape);
  for (const ParamSlice& slice : network.layout().slices()) {
    for (Index i = 0; i < slice.rows * slice.cols; ++i) {
      const std::size_t at = static_cast<std::size_t>(slice.offset + i);
      if (!is_third_column(slice, i)) {
        CHECK(params[at] == model.params[at]);
      } else if (slice.name == "decoder.mean.design") {
        (i % slice.rows % 4 == 0 ? high : low) += static_cast<double>(params[at]);
      }
    }
  }
  // A quarter of the genes is five times as high as the others.
  CHECK_NEAR(high / 15 - low / 45, std::log(5.0), 0.3);
  model.params = params;
  CHECK(elbo() > before + 5);
}
