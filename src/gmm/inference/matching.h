// Which component of one mixture is which of another: maximum likelihood gives them no names.
#pragma once

#include <vector>

#include "core/eigen.h"
#include "core/types.h"
#include "gmm/em/mixture.h"

namespace gmvae {

// The assignment of columns to rows of a square matrix with the least sum of costs (Kuhn 1955,
// <doi:10.1002/nav.3800020109>; by shortest paths in O(n^3)): entry i is the column of row i.
std::vector<Index> least_cost_assignment(const Eigen::MatrixXd& cost);

// The mixture with its components in the order of those of `reference` that they are closest to, by
// the sum of Bhattacharyya's distances.  The first `fixed` keep their places.
Mixture matched_to(const Mixture& reference, const Mixture& mixture, Index fixed);

}  // namespace gmvae
