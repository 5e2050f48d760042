// Weights with which an encoder begins at principal components.
//
// Random weights meet every gene's noise.  Where half of a cell's genes don't tell its place, small
// groups then take more steps to find than there are.  Principal components see them at once.
#pragma once

#include "core/design.h"
#include "core/rng.h"
#include "gmvae/data/principal_components.h"

namespace gmvae {

// H x G, of `n_units` units: random directions in the space of the components.  A unit's weights
// have the expected length of random ones before a rectifier, sum w^2 = 2 (He et al. 2015,
// arXiv:1502.01852, eq. 10).
//
// unwanted: G x any number.  The weights are orthogonal to its columns: to those of
// design_covariances(), as the latent space would learn the batches first, and keep them.
Eigen::MatrixXd component_weights(const PrincipalComponents& components,
                                  const Eigen::MatrixXd& unwanted, Index n_units, RngStream rng);

// G x columns of the design: the covariance of log(1 + x / size) of each gene with each column,
// over `cells`.  size: n, of all cells.  The design has a row for each cell, or no columns.
Eigen::MatrixXd design_covariances(const CellSource& source, const double* size,
                                   const Design& design, const std::vector<Index>& cells,
                                   Monitor& monitor);

}  // namespace gmvae
