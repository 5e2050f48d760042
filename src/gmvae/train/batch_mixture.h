// Mixtures of latent points whose components hold cells of every batch: what is left of a batch in
// the latent space is not to divide a group.  EM with, for cell i of batch b,
//   gamma_ic  ~  pi_c N(z_i; mu_c, Sigma_c) (pi_c / pi_c|b)^theta
// where pi_c|b, the component's share of the batch, is drawn by a tenth towards pi_c: at most
// theta log 11 for a component without cells of the batch, so that kinds of cells that a batch
// lacks stay apart from others.  The idea is Harmony's (Korsunsky et al. 2019,
// <doi:10.1038/s41592-019-0619-0>, there with a k-means and, as here, theta = 2).
#pragma once

#include <cstdint>
#include <string>

#include "core/design.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/em/mixture.h"

namespace gmvae {

struct BatchedPoints {
  ConstView<double> points;  // D x n
  Design design;             // n rows: indicators of the batches
};

// From `plain`, a mixture found without regard to batches, and n_init k-means, that of the largest
//   log-likelihood - theta n I(c; b),   I the mutual information of component and batch.
// `plain` itself where all others break down.  Of many points a sample is used.
Mixture fit_across_batches(const BatchedPoints& all, const Mixture& plain,
                           const std::string& covariance, Index n_init, std::uint64_t seed,
                           Workers& workers, Monitor& monitor);

}  // namespace gmvae
