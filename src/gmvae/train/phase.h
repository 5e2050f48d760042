// The recipe of training as values (sources in the vignette "How gmvae works").
//
// To add a phase: make its value in recipe(), and give its length a name in TrainOptions.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/numeric.h"
#include "gmvae/train/options.h"

namespace gmvae {

struct Phase {
  const char* name;
  Index epochs;
  // Of t, the share of the phase that is done, from 0 to 1.  A KL weight of 0: the latent mean is
  // decoded, without noise or prior.  The learning rate is a multiple of the user's.
  double (*kl_weight)(double t);
  double (*learning_rate)(double t);
  bool moves_mixture;  // the prior is the mixture, fitted to the latent means before the phase
  bool stops_early;    // where the held-out ELBO stops rising; the best epoch's parameters stay
};

inline std::vector<Phase> recipe(const TrainOptions& options) {
  const auto none = [](double) { return 0.0; };
  const auto all = [](double) { return 1.0; };
  const auto rising = [](double t) { return std::max(t, 1e-3); };
  const auto falling_late = [](double t) {
    return t > 0.5 ? 0.5 * (1 + std::cos(pi * (2 * t - 1))) : 1.0;
  };
  return {{"pretrain", options.epochs_pretrain, none, all, false, false},
          {"warmup", options.epochs_warmup, rising, all, false, false},
          {"joint", options.epochs_joint, all, falling_late, true, true}};
}

}  // namespace gmvae
