// How values compare with what a fitted model expects of them, gene by gene: sums over groups of
// cells from which tests of the likelihood follow.
#pragma once

#include <cstdint>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmvae/data/loader.h"
#include "gmvae/model/fitted_model.h"

namespace gmvae {

// G x groups each, in the units of the data.  The scores are derivatives of log p(x) by the
// logarithms of the gene's mean and inverse dispersion, for likelihoods of counts without zero
// inflation; else zero.
struct FitSums {
  std::vector<double> observed, expected;              // x and E[x]
  std::vector<double> zeros, expected_zeros;           // 1{x = 0} and P(x = 0)
  std::vector<double> squares, variance;               // (x - E[x])^2 and Var[x]
  std::vector<double> score_mean, information_mean;    // and the expected information
  std::vector<double> score_scale, information_scale;  // and the score's square
  std::vector<double> zeros_by_mean, zeros_by_scale;   // covariance of 1{x = 0} with each score
};

// Cells with latent points (D x n), of n groups from 0.  The sums don't depend on the number of
// threads.
FitSums fit_sums(const FittedModel& model, const CellSource& source, ConstView<double> latent,
                 const Covariates& covariates, const std::vector<std::int32_t>& group,
                 Index n_groups, Workers& workers, Monitor& monitor);

}  // namespace gmvae
