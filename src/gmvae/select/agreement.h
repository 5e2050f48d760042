// How well divisions of the cells agree with each other and with those of their halves.
#pragma once

#include <vector>

#include "core/eigen.h"
#include "core/types.h"
#include "gmvae/select/halves.h"

namespace gmvae {

// Sum in extended precision, as R's mean() has it.
double mean_of(const std::vector<double>& x);

// Agreement of two partitions (labels from 0) beyond chance (Hubert & Arabie 1985,
// <doi:10.1007/BF01908075>, eq 5): 1 where they are the same.
double adjusted_rand_index(const std::vector<int>& a, const std::vector<int>& b);

// Adjusted Rand index of clusters (n labels from 0) and the partition that a mixture of half the
// cells gives, mean over these mixtures; NaN where some half has none.  `halves`: for one k alone,
// whose groups may first be joined where most of their cells are in one cluster.
enum class Joined { no, by_majority };
double agreement_with(const Halves& halves, const std::vector<int>& cluster,
                      Joined joined = Joined::no);

// For each of k clusters (n labels from 0) the Jaccard index with the most similar group that a
// mixture of half the cells gives, mean over these mixtures (Hennig 2007,
// <doi:10.1016/j.csda.2006.11.025>); NaN for clusters without a cell in the sample.  `halves`: for
// this k alone.
std::vector<double> cluster_stabilities(const Halves& halves, const std::vector<int>& cluster,
                                        Index k);

// K x K: the cluster that a cell is in where its cluster c is found again: from c to the groups
// that the mixture of half the cells gives its cells, and from these to the clusters of theirs,
// mean over these mixtures.
//   P(b | c) = sum_g P(b | g) P(g | c)
// Rows sum to 1; of clusters without a cell in the sample, and where no half has a mixture, they
// are those of the identity.  posterior: K x n.  `halves`: for this k alone.
Eigen::MatrixXd cluster_confusion(const Halves& halves, const std::vector<double>& posterior,
                                  Index k);

}  // namespace gmvae
