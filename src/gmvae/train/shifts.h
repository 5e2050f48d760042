// What a decoder needs to explain cells of groups that training has not seen: its shifts of new
// columns of the design, with everything else as it is.
#pragma once

#include <cstdint>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmvae/data/loader.h"
#include "gmvae/model/fitted_model.h"

namespace gmvae {

struct ShiftOptions {
  Index first_column;    // of the design: this one and those after it are fitted
  Index n_steps;         // of Adam, at a rate that falls to zero
  Index batch_size;      // cells of a step
  double learning_rate;  // of the first step
  double penalty;        // on half of a squared shift, as many as so many cells weigh
  std::uint64_t seed;
};

// The model's parameters with the shifts of those columns fitted to the cells by the ELBO.  The
// model's design has the new columns already, which start as they are.
std::vector<float> fit_shifts(const FittedModel& model, const CellSource& source,
                              const Covariates& covariates, const ShiftOptions& options,
                              Workers& workers, Monitor& monitor);

}  // namespace gmvae
