// Fits to many samples: of a mixture to what its estimates vary by, and of two hypotheses to what
// a test statistic is where the first is true.
#pragma once

#include <string>
#include <vector>

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "gmm/inference/resample.h"
#include "gmm/search/candidate.h"
#include "gmm/search/options.h"

namespace gmvae {

// Samples number `first` to `first + n - 1` under a seed.
struct Replicates {
  Index first, n;
  std::uint64_t seed;
};

struct Refits {
  Eigen::MatrixXd estimates;  // weights (K), that of noise, means, lower triangles of covariances,
                              // in the units of the data; a column for each sample, NaN: no fit
  std::vector<std::string> reasons;  // why there is none, or empty
};

// EM on each sample from the population's mixture, whose order of components the results have.
Refits refit(const Population& population, const Candidate& candidate, Resampling kind,
             const SearchOptions& options, const Replicates& replicates, Workers& workers,
             Monitor& monitor);

// Each candidate fitted to each parametric sample from its own starts: log-likelihoods (candidates
// x samples), NaN where there is no fit.
Eigen::MatrixXd null_logliks(const Population& population, const std::vector<Candidate>& candidates,
                             const SearchOptions& options, const Replicates& replicates,
                             Workers& workers, Monitor& monitor);

}  // namespace gmvae
