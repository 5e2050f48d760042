// The number of clusters: how well mixtures of each size repeat themselves in halves of the cells,
// and which of them to take.
#pragma once

#include <vector>

#include "core/types.h"
#include "gmvae/select/halves.h"
#include "gmvae/select/split_test.h"

namespace gmvae {

// Agreement of two partitions (labels from 0) beyond chance (Hubert & Arabie 1985,
// <doi:10.1007/BF01908075>, eq 5): 1 where they are the same.
double adjusted_rand_index(const std::vector<int>& a, const std::vector<int>& b);

// One number of clusters, by the halves of the cells.  NaN where some half has no such mixture.
struct Stability {
  Index k;
  double mean, sd;     // over halvings, of the adjusted Rand index between both halves' partitions
  double error;        // standard error of that mean
  double log_density;  // natural log, mean over the cells of the other half
  double bic, icl;     // of the mixture of all cells; smaller is better
  double smallest;     // share of the cells in its smallest group
  double one_batch;    // share of the cells in groups of one batch; 0 without batches
  bool level;          // a candidate at least as stable as its neighbours, see mark_levels()
  bool stable;  // a level that repeats itself: `enough_stability` is at most a standard error away
  double p_unseen, p;  // of the tests that k is enough, see split_test.h; NaN where there are none
};

// batches: a row for each of the halves' cells, or empty.
std::vector<Stability> stabilities(const Halves& halves, const std::vector<Index>& k,
                                   const Design& batches = {});

// Marks the levels: the candidates that are at least as stable as the numbers beside them.  No
// candidates are
//   1, which always repeats itself, and 2, which often does whatever the data, where others are
//   k beyond the one that gives the cells of the other half the highest density: their groups are
//     of one half only
//   k for which most cells are in groups of one batch, where another mixes the batches
// A level is stable where its mean is at least `enough_stability`, or less than a standard error
// below: halvings of the same cells must not decide between a few clusters and many.
constexpr double enough_stability = 0.875;
void mark_levels(std::vector<Stability>& path);

// The finest stable level, or the most stable level where none is.
Index choose_k(const std::vector<Stability>& path);

// The same among the numbers up to the first that a test finds to be enough.  The path, with new
// levels, has what the tests gave.
Index choose_k(std::vector<Stability>& path, const std::vector<SplitTest>& tests, double alpha);

// Adjusted Rand index of clusters (n labels from 0) and the partition that a mixture of half the
// cells gives, mean over these mixtures; NaN where some half has none.  `halves`: for one k alone.
double agreement_with(const Halves& halves, const std::vector<int>& cluster);

// For each of k clusters (n labels from 0) the Jaccard index with the most similar group that a
// mixture of half the cells gives, mean over these mixtures (Hennig 2007,
// <doi:10.1016/j.csda.2006.11.025>); NaN for clusters without a cell in the sample.  `halves`: for
// this k alone.
std::vector<double> cluster_stabilities(const Halves& halves, const std::vector<int>& cluster,
                                        Index k);

}  // namespace gmvae
