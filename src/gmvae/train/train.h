// Training: from counts to networks, mixture and latent positions.
#pragma once

#include <string>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmm/em/mixture.h"
#include "gmvae/data/cells.h"
#include "gmvae/model/network.h"
#include "gmvae/model/options.h"
#include "nn/params.h"

namespace gmvae {

// One row of the history; per cell, natural logarithms.
struct EpochRecord {
  std::string phase;  // "pretrain", "warmup", "joint"
  double elbo, elbo_heldout, reconstruction, kl, learning_rate, seconds;
};

// All that prediction needs.
struct FittedModel {
  std::string likelihood, covariance;
  ModelShape shape;
  std::vector<float> params;
  InputTransform input;
  Mixture mixture;
  double size_reference;
  std::uint64_t seed;
};

// Positions of n cells.
struct Encoding {
  std::vector<double> mean, sd;   // D x n
  std::vector<double> posterior;  // K x n: p(c | z) averaged over q(z | x)
  std::vector<double> elbo;       // n, where asked for
};

struct TrainResult {
  FittedModel model;
  std::vector<ParamSlice> layout;
  Encoding cells;
  std::vector<EpochRecord> history;
  ElboTerms train, heldout;          // per cell; heldout is NaN without held-out cells
  std::vector<Index> heldout_cells;  // from 0, ascending
  Index n_rollbacks;                 // epochs taken back because a number was not finite
  bool converged;                    // the ELBO had all but stopped rising
};

// Throws NumericalError where even small steps don't stay finite.
TrainResult train(const CellReader& reader, const Covariates& covariates,
                  const TrainOptions& options, Workers& workers, Monitor& monitor);

// n_draws > 0: also the ELBO of each cell, averaged over that many antithetic draws of
// the latent point.  Without `posterior` those probabilities stay empty.
Encoding encode(const FittedModel& model, const CellReader& reader, const Covariates& covariates,
                Index n_draws, bool posterior, Workers& workers, Monitor& monitor);

// Expected values (genes asked for x n) at latent points (D x n) of cells of the given size.
std::vector<double> decode(const FittedModel& model, ConstView<double> latent,
                           const Covariates& covariates, const std::vector<Index>& genes,
                           Workers& workers);

}  // namespace gmvae
