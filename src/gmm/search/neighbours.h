// Starts of a candidate from what its neighbours have found: other models with as many components,
// and the same model with one component more or less.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "core/types.h"
#include "gmm/em/em.h"
#include "gmm/em/expectation.h"
#include "gmm/model/frame.h"
#include "gmm/search/candidate.h"

namespace gmvae {

// A candidate's best run so far and, where it is news, what its mixture expects; null where there
// is none.
struct Neighbour {
  Candidate candidate;
  std::shared_ptr<const Run> best;
  std::shared_ptr<const Expectation> expectation;
};

// Whether one can begin from what the other has found.
bool are_neighbours(const Candidate& candidate, const Candidate& from);

// Whether the expectation of `from` needs its halves, for `candidate` to split its components.
bool splits(const Candidate& candidate, const Candidate& from);

// At most `most` starts of `candidate`, those first whose bound of the objective after one
// iteration is largest.  The first `n_labels` components are known by name and are not merged with
// each other.
std::vector<Run> starts_from_neighbours(Em& em, const Candidate& candidate,
                                        const std::vector<Neighbour>& neighbours, Index n_labels,
                                        std::size_t most);

// The `most` pairs of components whose union, with the moments of both, loses least of the
// classification likelihood; the later of a pair is not among the first `fixed`.
std::vector<std::pair<Index, Index>> closest_pairs(const Parameters& mixture, Index fixed,
                                                   std::size_t most);

}  // namespace gmvae
