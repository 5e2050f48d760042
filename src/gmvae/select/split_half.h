// How well half of the genes tells where a cell lies: the split-half reliability (Spearman 1910,
// <doi:10.1111/j.2044-8295.1910.tb00206.x>) of the cells' principal components.
#pragma once

#include <vector>

#include "core/monitor.h"
#include "gmvae/data/source.h"

namespace gmvae {

struct SplitHalf {
  double overall;                  // of the first ten components together
  std::vector<double> components;  // of each of the first thirty, or fewer
};

// The first principal components of one half of the cells give every other cell two points, one by
// a random half of the genes and one by the rest.  Of the points' variance, summed over the
// components, this is the share that both have in common:
//   sum_l cov(a_l, b_l) / sum_l (var a_l + var b_l) / 2,
// at most 1, and about 0 for noise; for one component, the sums have one term.  Both sums are also
// over both halves of the cells and several halvings of the genes; points are taken less the mean
// of their group.  A component along which the cells do not differ has 0.  NaN, and no components,
// for fewer than 20 cells, fewer than 2 genes, or equal cells.
// size, group: of each cell; group from 0.  The seed is fixed.
SplitHalf split_half_reliability(const CellSource& source, const double* size,
                                 const std::vector<int>& group, Monitor& monitor);

}  // namespace gmvae
