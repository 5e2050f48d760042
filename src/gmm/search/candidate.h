// What a search looks for, and what it finds.
#pragma once

#include <string>
#include <vector>

#include "core/types.h"
#include "gmm/em/mixture.h"
#include "gmm/model/family.h"

namespace gmvae {

// A model with a number of components.
struct Candidate {
  const Family* family;
  Index k;
};

struct CandidateFit {
  Candidate candidate;
  std::string reason;      // why there is no fit; empty where there is one
  Index tied_column = -1;  // of whose equal values is the reason; -1: it is another
  Mixture mixture;         // in the units of the data, sorted; empty where it is not kept
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

}  // namespace gmvae
