// Training end to end on simulated counts, without R.
#include <cmath>
#include <stdexcept>

#include "gmvae/model/decode.h"
#include "gmvae/simulated.h"

using namespace gmvae;
using namespace testing;

TEST("trainer: finds the groups, with every covariance") {
  const Simulated data = simulate();
  for (const char* covariance : {"tied", "diag", "full", "spherical"}) {
    TrainOptions o = options();
    o.covariance = covariance;
    const TrainResult fit = run(o, 2);
    CHECK(rand_index(fit, data) > 0.97);
    CHECK_NEAR(fit.model.mixture.weights.sum(), 1.0, 1e-12);
    CHECK(fit.model.mixture.weights[0] >= fit.model.mixture.weights[2]);
    CHECK(fit.heldout_cells.size() == 15);
    CHECK(fit.history.size() == 70);
  }
}

TEST("trainer: with batches named, groups that batches would divide are found") {
  Simulated data = simulate();
  // Each of four batches has a quarter of the genes thirty times as high.
  std::vector<std::int32_t> batch;
  for (Index i = 0; i < data.n_cells; ++i) {
    const int b = static_cast<int>(i % 4);
    batch.push_back(b);
    for (int e = data.start[static_cast<std::size_t>(i)];
         e < data.start[static_cast<std::size_t>(i) + 1]; ++e) {
      const std::size_t entry = static_cast<std::size_t>(e);
      if (data.gene[entry] % 4 == b) data.count[entry] *= 30;
    }
  }
  const Design design = indicators(batch, 4);
  const auto fit = [&](Index n_design, Index n_threads) {
    TrainOptions o = options();
    o.shape.n_design = n_design;
    Workers workers(n_threads);
    Monitor monitor;
    return train(data.source(), {data.size.data(), &design}, o, workers, monitor);
  };
  CHECK(rand_index(fit(0, 2), data) < 0.7);
  const TrainResult named = fit(4, 2);
  CHECK(rand_index(named, data) > 0.97);
  CHECK(fit(4, 1).model.params == named.model.params);
  Workers workers(1);
  Monitor silent;
  const double point[] = {0, 0, 0, 0}, size[] = {1};
  double expected[] = {0};
  CHECK_THROWS(decode(named.model, ConstView<double>(point, 4, 1), {size}, {0}, workers, silent,
                      View<double>(expected, 1, 1)),
               std::exception);
}

TEST("trainer: the same bits for 1, 2 and 3 threads") {
  const TrainResult one = run(options(), 1);
  for (Index threads : {2, 3}) {
    const TrainResult other = run(options(), threads);
    CHECK(other.model.params == one.model.params);
    CHECK(other.cells.posterior == one.cells.posterior);
    CHECK(other.history.back().elbo == one.history.back().elbo);
  }
}

TEST("trainer: another seed is another fit") {
  TrainOptions o = options();
  const TrainResult one = run(o, 1);
  o.seed = 12;
  CHECK(run(o, 1).model.params != one.model.params);
}

TEST("trainer: early stopping returns to the best epoch") {
  TrainOptions o = options();
  o.epochs_joint = 200;
  o.patience = 3;
  const TrainResult fit = run(o, 2);
  CHECK(fit.history.size() < 240);
  CHECK(fit.converged);
  double best = -INFINITY;
  for (const EpochRecord& record : fit.history) {
    if (record.phase == "joint") best = std::max(best, record.elbo_heldout);
  }
  CHECK_NEAR(fit.heldout.reconstruction - fit.heldout.kl(), best, 1e-9);
}

TEST("trainer: a few epochs are not called converged") {
  TrainOptions o = options();
  o.epochs_joint = 2;
  CHECK(!run(o, 1).converged);
}

TEST("trainer: a group of one cell, whether held out or not") {
  // Five kinds of cells, four of them once.
  Simulated data = simulate();
  std::vector<int> start{0}, gene;
  std::vector<double> count;
  for (Index i = 0; i < 64; ++i) {
    const std::size_t from = i < 60 ? 0 : static_cast<std::size_t>(i - 59);
    gene.insert(gene.end(), data.gene.begin() + data.start[from],
                data.gene.begin() + data.start[from + 1]);
    count.insert(count.end(), data.count.begin() + data.start[from],
                 data.count.begin() + data.start[from + 1]);
    start.push_back(static_cast<int>(gene.size()));
  }
  const MatrixSource source(start.data(), gene.data(), count.data(), data.n_genes, 64);
  TrainOptions o = options();
  o.shape.k = o.most_k = 5;
  o.epochs_warmup = 2;
  o.epochs_joint = 2;
  Workers workers(2);
  Monitor monitor;
  for (const char* covariance : {"tied", "full"}) {
    o.covariance = covariance;
    for (o.seed = 1; o.seed <= 5; ++o.seed) {
      const TrainResult fit = train(source, {data.size.data()}, o, workers, monitor);
      for (double p : fit.cells.posterior) CHECK(std::isfinite(p));
    }
  }
}

TEST("gaussian: the ELBO is in the units of the data, in training and for new cells") {
  Simulated data = simulate();
  TrainOptions o = options();
  o.shape.modalities[0].likelihood = "gaussian";
  o.size_reference = {1};
  Workers workers(2);
  Monitor monitor;
  double elbo[2];
  for (int scaled = 0; scaled < 2; ++scaled) {
    if (scaled) {
      for (double& x : data.count) x *= 1024;  // exact: the fit is the same
    }
    const TrainResult fit = train(data.source(), {data.size.data()}, o, workers, monitor);
    const Encoding cells =
        encode(fit.model, data.source(), {data.size.data()}, {8, true, {}}, workers, monitor);
    double mean = 0;
    for (double b : cells.elbo) mean += b / static_cast<double>(data.n_cells);
    elbo[scaled] = fit.train.reconstruction - fit.train.kl();
    CHECK(std::abs(mean - elbo[scaled]) < 5);
  }
  CHECK_NEAR(elbo[1], elbo[0] - 60 * std::log(1024.0), 1e-5);
}

TEST("trainer: a step that is not finite is taken back with a smaller learning rate") {
  TrainOptions o = options();
  o.learning_rate = 1e30;
  bool gave_up = false;
  Index rollbacks = 0;
  try {
    const TrainResult fit = run(o, 1);
    rollbacks = fit.n_rollbacks;
    for (float p : fit.model.params) CHECK(std::isfinite(p));
  } catch (const NumericalError&) {
    gave_up = true;
  }
  CHECK(gave_up || rollbacks > 0);
}

TEST("trainer: as many clusters as cells leaves no cell to hold out") {
  Simulated data = simulate();
  data.n_cells = 12;
  TrainOptions o = options();
  o.shape.k = o.most_k = 12;
  o.heldout = 0.5;
  Workers workers(1);
  Monitor monitor;
  const TrainResult fit = train(data.source(), {data.size.data()}, o, workers, monitor);
  CHECK(fit.heldout_cells.empty());
}

TEST("trainer: no cell held out") {
  TrainOptions o = options();
  o.heldout = 0;
  const TrainResult fit = run(o, 2);
  CHECK(fit.heldout_cells.empty());
  CHECK(std::isnan(fit.heldout.reconstruction));
  CHECK(std::isfinite(fit.train.reconstruction));
}

TEST("trainer: an interrupt passes through and leaves no thread behind") {
  struct Impatient : Monitor {
    int calls = 0;
    void poll() override {
      if (++calls == 20) throw std::runtime_error("stop");
    }
  };
  const Simulated data = simulate();
  Impatient monitor;
  Workers workers(3);
  const TrainOptions o = options();
  CHECK_THROWS(train(data.source(), {data.size.data()}, o, workers, monitor), std::runtime_error);
  CHECK(monitor.calls == 20);
}
