// Cells under a fitted model: where they lie, and how likely they are.
#pragma once

#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmvae/data/loader.h"
#include "gmvae/model/fitted_model.h"

namespace gmvae {

// Positions of n cells.
struct Encoding {
  std::vector<double> mean, sd;   // D x n
  std::vector<double> posterior;  // K x n: p(c | z) averaged over q(z | x)
  std::vector<double> elbo;       // n, or (rows of `alternatives`) x n, where asked for
};

struct EncodeOptions {
  Index n_draws = 0;         // > 0: also the ELBO, averaged over so many antithetic draws
  bool posterior = true;     // also the probabilities of the clusters
  Design alternatives = {};  // rows to add to each cell's own row of the design, one ELBO for each;
                             // the encoder sees no design, so that cells are encoded once
};

Encoding encode(const FittedModel& model, const CellSource& source, const Covariates& covariates,
                const EncodeOptions& options, Workers& workers, Monitor& monitor);

}  // namespace gmvae
