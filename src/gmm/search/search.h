// Mixtures of several models and numbers of components on the same data: every candidate from
// several starts, then from what other candidates have found.
#pragma once

#include <string>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/data/observations.h"
#include "gmm/search/candidate.h"
#include "gmm/search/options.h"

namespace gmvae {

struct SearchResult {
  std::vector<CandidateFit> candidates;
  double log_noise_density;         // per unit of each column; NaN without noise
  std::vector<double> noise_range;  // d, or empty: lengths of the axes of its box
};

// The result's bits don't depend on the number of threads.
SearchResult search(const Observations& data, const std::vector<Candidate>& candidates,
                    const SearchOptions& options, Workers& workers, Monitor& monitor);

// One candidate for the columns of x (d x n), also from what its neighbours, of one component less
// and one more, find: their components, split and joined, lead out of optima where one component
// covers two groups (Ueda et al. 2000, <doi:10.1162/089976600300015088>).  Throws NumericalError
// where every start collapsed.
CandidateFit fit_mixture(ConstView<double> x, const std::string& model, Index k,
                         const SearchOptions& options, Workers& workers, Monitor& monitor);

}  // namespace gmvae
