// Batches that nobody named, where the counts show them beyond doubt: a division of the cells both
// of whose sides hold the same kinds of cells, moved by one shift.
#pragma once

#include <cstdint>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmvae/cells.h"

namespace gmvae {

struct HiddenBatches {
  std::vector<std::int32_t> batch;  // n, from 0, the largest first
  Index n_batches = 1;
};

// Of log(1 + x / size), size: n.  A division must
//   - be a gap: along the shift the sides are `least_gap` standard deviations apart, kind by kind;
//   - hold all cells: every kind has cells on both sides;
//   - repeat itself: kinds that are found in each side alone lie alike;
//   - have something to repeat: three kinds or more that are groups of their own.
// Lineages, say, are a gap, but what is within them differs; a gradient or noise divided in halves
// is alike on both sides, but there is no gap.  Sides are divided again on the same terms.
// Nothing is random but the starts of k-means, whose seed is fixed; the result's bits don't depend
// on the number of threads.
HiddenBatches find_batches(const CellReader& reader, const double* size, Workers& workers,
                           Monitor& monitor);

}  // namespace gmvae
