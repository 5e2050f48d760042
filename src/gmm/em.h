// Gaussian mixtures by expectation-maximisation (Dempster, Laird & Rubin 1977,
// <doi:10.1111/j.2517-6161.1977.tb01600.x>).  One column of the data is one observation.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"

namespace gmvae {

struct Mixture {
  Eigen::VectorXd weights;                   // K, decreasing, sum 1
  Eigen::MatrixXd means;                     // d x K
  std::vector<Eigen::MatrixXd> covariances;  // K of d x d; models with a common one repeat it
};

// The same mixture, components by decreasing weight; ties keep their order.
Mixture sorted_by_weight(const Mixture& mixture);

struct EmOptions {
  std::string model;  // code or alias of a family, see gmm/family.h
  Index k;            // components
  Index max_iter;     // M-steps of the start that wins
  double tol;         // stop when the gain still to come, per observation, is below
  Index n_init;       // k-means++ starts
  double ridge;       // added to each variance, in units of the column's total variance
  std::uint64_t seed;
  std::vector<Index> start;  // instead of random starts: component (0, ..., k - 1) of each column
};

struct EmFit {
  Mixture mixture;
  double loglik;                // natural log, of all observations
  std::vector<double> history;  // log-likelihood after each M-step; never falls
  Index n_iter;                 // M-steps, = history.size()
  bool converged;
  Index best_start;            // from 0
  Index n_parameters;          // free parameters: weights, means, covariances
  std::vector<double> starts;  // log-likelihood that each start reached; NaN where it collapsed
};

// Maximum likelihood from the best of several starts.  x: d x n, finite, n >= k.  Units don't
// matter: columns are centred and scaled inside.  The bits don't depend on the number of threads.
// Throws std::invalid_argument for an unknown model, NumericalError where every start collapsed.
EmFit fit_mixture(ConstView<double> x, const EmOptions& options, Workers& workers,
                  Monitor& monitor);

// Log-density (n) of the columns of x (d x n) under a mixture with positive definite covariances,
// and where `posterior` isn't null the probability (K x n) of each component.
void evaluate_mixture(const Mixture& mixture, ConstView<double> x, Workers& workers,
                      double* log_density, double* posterior);

}  // namespace gmvae
