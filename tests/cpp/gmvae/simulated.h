// Counts of three groups of cells, and a small network trained on them.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "gmvae/train/trainer.h"
#include "testing.h"

namespace testing {

using namespace gmvae;

struct Simulated {
  std::vector<int> start{0}, gene;
  std::vector<double> count, size;
  std::vector<Index> group;
  Index n_genes = 60, n_cells = 150;

  MatrixSource source() const {
    return MatrixSource(start.data(), gene.data(), count.data(), n_genes, n_cells);
  }
};

// Three groups; a third of the genes is eight times as high in each.  sorted: the groups one after
// the other, or else in turn.
inline Simulated simulate(Index n_cells = 150, bool sorted = false) {
  Simulated data;
  data.n_cells = n_cells;
  RngStream rng(3, purpose);
  for (Index i = 0; i < data.n_cells; ++i) {
    const Index group = sorted ? 3 * i / data.n_cells : i % 3;
    data.group.push_back(group);
    for (Index g = 0; g < data.n_genes; ++g) {
      const double mean = g % 3 == group ? 4.0 : 0.5;
      // Poisson by its waiting times.
      int x = 0;
      for (double t = -std::log(rng.uniform()); t < mean; t -= std::log(rng.uniform())) ++x;
      if (x == 0) continue;
      data.gene.push_back(static_cast<int>(g));
      data.count.push_back(x);
    }
    data.start.push_back(static_cast<int>(data.gene.size()));
    data.size.push_back(1.0);
  }
  return data;
}

inline TrainOptions options() {
  TrainOptions o;
  o.shape.modalities[0].likelihood = "nb";
  o.shape.modalities[0].n_genes = 60;
  o.covariance = "tied";
  o.shape.k = o.most_k = 3;
  o.shape.n_latent = 4;
  o.shape.modalities[0].dispersion = VariesBy::gene;
  o.shape.modalities[0].zero_inflation = VariesBy::gene_cell;
  o.shape.hidden = {24, 16};
  o.shape.hidden_decoder = {16, 24};
  o.size_reference = {100};
  o.epochs_pretrain = 10;
  o.epochs_warmup = 30;
  o.epochs_joint = 30;
  o.batch_size = 32;
  o.learning_rate = 3e-3;
  o.mask = {{0.5, 0.5}};
  o.heldout = 0.1;
  o.patience = 100;
  o.damping = 0.05;
  o.n_init = 4;
  o.max_iter = 100;
  o.tol = 1e-6;
  o.seed = 11;
  return o;
}

inline TrainResult train(const CellSource& source, const Covariates& covariates,
                         const TrainOptions& options, Workers& workers, Monitor& monitor) {
  Trainer trainer(source, covariates, options, workers, monitor);
  trainer.run(recipe(options));
  return trainer.result();
}

// The data as a likelihood can have them.
inline Simulated simulate(const std::string& likelihood) {
  Simulated data = simulate();
  if (likelihood == "bernoulli") std::fill(data.count.begin(), data.count.end(), 1.0);
  return data;
}

inline TrainResult run(const TrainOptions& o, Index n_threads) {
  const Simulated data = simulate(o.shape.modalities[0].likelihood);
  Workers workers(n_threads);
  Monitor monitor;
  return train(data.source(), {data.size.data()}, o, workers, monitor);
}

// After few epochs.
inline FittedModel fitted(const std::string& likelihood) {
  TrainOptions o = options();
  o.shape.modalities[0].likelihood = likelihood;
  o.epochs_warmup = o.epochs_joint = 5;
  return run(o, 1).model;
}

// The share of pairs of cells on which clusters and groups agree.
inline double rand_index(const TrainResult& fit, const Simulated& data) {
  std::vector<Index> cluster;
  for (Index i = 0; i < data.n_cells; ++i) {
    const double* p = fit.cells.posterior.data() + 3 * i;
    cluster.push_back(std::max_element(p, p + 3) - p);
  }
  double agree = 0, pairs = 0;
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      agree += (cluster[i] == cluster[j]) == (data.group[i] == data.group[j]);
      ++pairs;
    }
  }
  return agree / pairs;
}

}  // namespace testing
