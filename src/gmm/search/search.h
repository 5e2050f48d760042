// Mixtures of several models and numbers of components on the same data: every cell of the search
// from several starts, then from what other cells have found.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/data/noise.h"
#include "gmm/data/observations.h"
#include "gmm/em/em.h"
#include "gmm/em/mixture.h"
#include "gmm/model/family.h"

namespace gmvae {

struct Cell {
  const Family* family;
  Index k;
};

struct SearchOptions {
  EmOptions em;
  Index n_init = 10;  // starts of each cell
  std::uint64_t seed = 0;
  NoiseOptions noise;
  // Instead of random starts, for cells of one k: responsibilities or a partition ...
  Given start;
  const Mixture* start_mixture = nullptr;  // ... or parameters
};

struct CellFit {
  Cell cell;
  std::string reason;      // why there is no fit; empty where there is one
  Mixture mixture;         // in the units of the data, sorted
  double loglik = 0.0;     // natural log, per unit of each column
  double objective = 0.0;  // the same plus the penalty
  double entropy = 0.0;    // sum_i w_i log max_k r_ik
  Index n_parameters = 0;  // free ones
  bool converged = false;
  std::vector<double> history;  // the objective after each iteration
  std::vector<std::string> start_names;
  std::vector<double> starts;  // the objective that each reached; NaN where it collapsed
  Index best_start = 0;
};

struct SearchResult {
  std::vector<CellFit> cells;
  double log_noise_density;         // per unit of each column; NaN without noise
  std::vector<double> noise_range;  // d, or empty: lengths of the axes of its box
};

// The result's bits don't depend on the number of threads.
SearchResult search(const Observations& data, const std::vector<Cell>& cells,
                    const SearchOptions& options, Workers& workers, Monitor& monitor);

// One cell for the columns of x (d x n), also from what its neighbours, of one component less and
// one more, find: their components, split and joined, lead out of optima where one component covers
// two groups (Ueda et al. 2000, <doi:10.1162/089976600300015088>).  Throws NumericalError where
// every start collapsed.
CellFit fit_mixture(ConstView<double> x, const std::string& model, Index k,
                    const SearchOptions& options, Workers& workers, Monitor& monitor);

}  // namespace gmvae
