// The number of clusters: how well mixtures of each size repeat themselves in halves of the cells,
// and which of them to take.
#pragma once

#include <vector>

#include "core/types.h"
#include "gmvae/select/halves.h"

namespace gmvae {

// Agreement of two partitions (labels from 0) beyond chance (Hubert & Arabie 1985,
// <doi:10.1007/BF01908075>, eq 5): 1 where they are the same.
double adjusted_rand_index(const std::vector<int>& a, const std::vector<int>& b);

// One number of clusters, by the halves of the cells.  NaN where some half has no such mixture.
struct Stability {
  Index k;
  double mean, sd;     // over halvings, of the adjusted Rand index between both halves' partitions
  double log_density;  // natural log, mean over the cells of the other half
  double bic, icl;     // of the mixture of all cells; smaller is better
  double smallest;     // share of the cells in its smallest group
  bool level;          // a candidate at least as stable as its neighbours, see mark_levels()
  bool stable;         // a level that repeats itself: `mean` is at least `enough_stability`
};

std::vector<Stability> stabilities(const Halves& halves, const std::vector<Index>& k);

// Marks the levels: the candidates that are at least as stable as the numbers beside them.  Two
// groups often repeat themselves whatever the data, so they are candidates only where nothing else
// is; and beyond the k that gives the cells of the other half the highest density, groups are of
// one half only.
constexpr double enough_stability = 0.875;
void mark_levels(std::vector<Stability>& path);

// The finest stable level, or the most stable level where none is.
Index choose_k(const std::vector<Stability>& path);

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
