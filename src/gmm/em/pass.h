// Passes over the data: the E-step, fused with the sums that the next M-step needs, block by block.
// Responsibilities are never stored.
#pragma once

#include <functional>
#include <vector>

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/data/observations.h"
#include "gmm/em/elsewhere.h"
#include "gmm/em/row_group.h"
#include "gmm/em/statistics.h"
#include "gmm/model/frame.h"

namespace gmvae {

// One pass.  The result's bits don't depend on the number of threads.
Statistics gather(const Observations& data, const Frame& frame, Scatter kind, const Given* given,
                  Workers& workers, Monitor& monitor);

// The same of half of each component, beyond its mean along its axis (d x K).
Statistics gather_halves(const Observations& data, const Frame& frame, const Eigen::MatrixXd& axes,
                         Scatter kind, Workers& workers, Monitor& monitor);

// What another process adds up of a task: the sums of shards first, ..., end - 1 (from 0), one
// after the other.  A shard is a slot of a pass.
std::vector<double> shard_sums(const Observations& data, const PassTask& task, Index first,
                               Index end, Workers& workers, Monitor& monitor);

// Calls visit(slot, group) for each group of rows, with responsibilities.  The groups of a slot
// come in order and one at a time, so that sums of each of so many slots have the same bits
// whatever the threads.  `size`: numbers of such a sum.
Index count_slots(const Observations& data, Index size);
void visit_groups(const Observations& data, const Frame& frame, Index n_slots, Workers& workers,
                  Monitor& monitor, const std::function<void(Index, const RowGroup&)>& visit);

// What evaluate() fills for each row of the source that is observed; null: not wanted.
struct Evaluation {
  double* log_density = nullptr;  // n
  double* posterior = nullptr;    // n x K (K + 1 with noise, the last column), column-major
  double* components = nullptr;   // n x K: log-densities of the components, without weights
  int* cluster = nullptr;  // n: most probable component from 1, the first of equals; 0: noise
  double* uncertainty = nullptr;  // n: 1 - the largest probability
  double* imputed = nullptr;      // n x d: missing entries become conditional means, in the units
                                  // of the source; others are left alone
  Index n = 0;
};

// Returns sum_i w_i log max_k r_ik, the term of ICL (Biernacki, Celeux & Govaert 2000).
double evaluate(const Observations& data, const Frame& frame, const Evaluation& wanted,
                Workers& workers, Monitor& monitor);

}  // namespace gmvae
