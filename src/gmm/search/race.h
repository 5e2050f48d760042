// Runs of EM against each other: which is better, which is not worth going on with, and how those
// that are go on.
#pragma once

#include <cstddef>
#include <vector>

#include "gmm/em/em.h"
#include "gmm/model/frame.h"

namespace gmvae {

// Whether run a is better than run b.  A solution is better than a run on few rows, which may have
// any objective.
bool better(const Run& a, const Run& b);

// Sorts the runs from `first` on, the best first; equal ones keep their order.
void sort_best_first(std::vector<Run>* runs, std::size_t first = 0);

// The run is more than `patience` times its gain of the last iterations below `best`.
bool hopeless(const Run& run, double best, double patience);

// The same mixture but for what more iterations would change: each component of one has one of the
// other nearby.
bool alike(const Parameters& a, const Parameters& b);

// On to convergence, unless the run seems to end below the known one, where not null, or in it.
void run_on(Em& em, Run& run, const Run* known, double patience);

// The same of several, the best first; sorts them.
void finish(Em& em, std::vector<Run>* runs, const Run* known);

}  // namespace gmvae
