// Clusters that hold points of every batch, as a start for EM.  Where batches lie apart by as much
// as groups do, k-means of all points divides them by batch.  Here k-means finds the clusters of
// each batch by itself, and each cluster of another batch is joined to one of the largest batch:
// the pairs with the least sum of squared distances between their centres, each less the mean of
// its batch.
#pragma once

#include <cstdint>
#include <vector>

#include "core/design.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"

namespace gmvae {

// n numbers from 0 to k - 1; empty where no batch has more than k points.  points: D x n; design: n
// rows, of which equal ones are of one batch.  Points of a batch that has at most k go to the
// nearest centre.  attempt: another draw of the seeds of k-means.
std::vector<Index> matched_clusters(ConstView<double> points, const Design& design, Index k,
                                    std::uint64_t seed, Index attempt, Workers& workers,
                                    Monitor& monitor);

}  // namespace gmvae
