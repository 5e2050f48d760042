// Simulated counts, and the options of a short training.
#pragma once

#include <cmath>
#include <vector>

#include "gmvae/train/train.h"
#include "testing.h"

namespace testing {

using namespace gmvae;

struct Simulated {
  std::vector<int> start{0}, gene;
  std::vector<double> count, size;
  std::vector<Index> group;
  Index n_genes = 60, n_cells = 150;

  MatrixReader reader() const {
    return MatrixReader(start.data(), gene.data(), count.data(), n_genes, n_cells);
  }
};

// Three groups; a third of the genes is eight times as high in each.
inline Simulated simulate() {
  Simulated data;
  RngStream rng(3, testing::purpose);
  for (Index i = 0; i < data.n_cells; ++i) {
    data.group.push_back(i % 3);
    for (Index g = 0; g < data.n_genes; ++g) {
      const double mean = g % 3 == i % 3 ? 4.0 : 0.5;
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
  o.likelihood = "nb";
  o.covariance = "tied";
  o.k = o.most_k = 3;
  o.n_latent = 4;
  o.dispersion = VariesBy::gene;
  o.zero_inflation = VariesBy::gene_cell;
  o.hidden = {24, 16};
  o.size_reference = 100;
  o.epochs_pretrain = 10;
  o.epochs_warmup = 30;
  o.epochs_joint = 30;
  o.batch_size = 32;
  o.learning_rate = 3e-3;
  o.mask = 0.5;
  o.heldout = 0.1;
  o.patience = 100;
  o.damping = 0.05;
  o.n_init = 4;
  o.max_iter = 100;
  o.tol = 1e-6;
  o.seed = 11;
  return o;
}

inline TrainResult run(const TrainOptions& o, Index n_threads) {
  const Simulated data = simulate();
  Workers workers(n_threads);
  Monitor monitor;
  return train(data.reader(), data.size.data(), o, workers, monitor);
}

}  // namespace testing
