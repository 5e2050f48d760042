// How a mixture of the latent means repeats itself: fitted to all of a sample of the cells and to
// disjoint halves of it, for several numbers of components at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/design.h"
#include "core/eigen.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/em/mixture.h"

namespace gmvae {

struct HalvesOptions {
  std::vector<Index> k;
  std::string covariance;
  Index most_cells = 2000;  // of more, a random sample is used
  Index n_halvings = 0;
  Index n_init = 3;
  Index max_iter;
  double tol;
  std::uint64_t seed;
  Design design;  // n rows: indicators of batches; empty: components need not hold all batches
  std::vector<int> label = {};  // n: known classes from 0, which come first, or -1; or empty
  Index n_classes = 0;
  bool whole = true;   // fit all of the sample too
  bool quick = false;  // no more starts for few cells and components than for many
};

// A mixture on some of the sampled cells, seen from all of them.
struct GroupsSeen {
  std::vector<int> component;  // of each sampled cell, from 0; empty where there is no mixture
  double log_density = 0.0;    // natural log, mean over the cells that it was not fitted to
  std::vector<double> cell_density;  // natural log, of each sampled cell
  std::vector<bool> fitted;          // whether the mixture was fitted to the sampled cell
};

struct WholeFit {
  bool found = false;
  double loglik = 0.0, entropy = 0.0;  // natural logs, sums over the sampled cells; entropy <= 0
  Index n_parameters = 0;
  std::vector<int> component;  // as above
  Mixture mixture;
};

// All indices by place in HalvesOptions::k.
struct Halves {
  std::vector<Index> cells;  // sampled, from 0, ascending
  std::vector<WholeFit> whole;
  std::vector<std::vector<GroupsSeen>> first, second;  // by halving, then by k
  // k x k, by halving, then by k: how many cells are in both a component of `first` and one of
  // `second`, as their probabilities expect; empty where there is no mixture.
  std::vector<std::vector<Eigen::MatrixXd>> both;
};

// Which of n cells are halved, ascending: at most options.most_cells.
std::vector<Index> sample_cells(Index n, const HalvesOptions& options);

// latent: D x n.  The result's bits don't depend on the number of threads.
Halves fit_halves(ConstView<double> latent, const HalvesOptions& options, Workers& workers,
                  Monitor& monitor);

// `more`: the same cells and halves, for other k, which come last.
void append(Halves& halves, Halves&& more);

}  // namespace gmvae
