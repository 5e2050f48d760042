// Batches that nobody named, where the counts leave no doubt: a division of the cells both of whose
// sides hold the same kinds of cells, moved by one shift.
#pragma once

#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmvae/data/source.h"

namespace gmvae {

// Is the cell (n) of the second, smaller one of two batches?  All are of the first where none are
// found.  Looks at principal components of log(1 + x / size), size: n.  The division must
//   - be a gap: along the shift, kind by kind, the sides are `least_gap` standard deviations apart;
//   - hold all cells: every kind has cells on both sides;
//   - repeat itself: kinds that are found in each side alone lie alike (`least_likeness`);
//   - have something to repeat: three kinds or more, with gaps between them;
//   - be the only one: neither side is divided on these terms.  Kinds in several batches could as
//     well be batches of several kinds.
// Lineages are a gap, but what is within them differs; halves of a gradient, or of noise, are
// alike, but there is no gap.  Nothing is random but starts, whose seed is fixed; the result's bits
// don't depend on the number of threads.
std::vector<bool> find_batches(const CellSource& source, const double* size, Workers& workers,
                               Monitor& monitor);

}  // namespace gmvae
