// The starts of a search's candidates, made from all rows or, of large data, from a sample.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/data/observations.h"
#include "gmm/em/em.h"
#include "gmm/search/candidate.h"
#include "gmm/search/options.h"
#include "gmm/start/starts.h"

namespace gmvae {

class CandidateStarts {
 public:
  // For each number of components among the candidates n_starts are made.
  CandidateStarts(const Observations& data, const std::vector<Candidate>& candidates,
                  const SearchOptions& options, Index n_starts, Workers& workers, Monitor& monitor);

  // The rows that runs begin with; null: all of them.
  const Observations* sample() const { return sample_.get(); }

  // The runs that a candidate begins.  Where many models have as many components and `share_out`
  // is set, each begins every second start but the first two, one model the even and the next the
  // odd ones: what it finds the others look at.
  std::vector<Run> begin(Em& em, const Candidate& candidate, const Parameters& overall,
                         bool share_out, Workers& workers) const;

 private:
  const std::vector<Candidate>& candidates_;
  Index n_rows_;  // that runs begin with, and others of their source
  std::unique_ptr<Observations> sample_;
  std::vector<Index> rows_;                     // that starts are made of: without initial noise
  std::map<Index, std::vector<Start>> starts_;  // by number of components
};

}  // namespace gmvae
