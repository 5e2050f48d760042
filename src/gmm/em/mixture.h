// A fitted mixture in the units of the data: what users keep, and what new data are evaluated with.
#pragma once

#include <vector>

#include "core/eigen.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/data/observations.h"
#include "gmm/em/pass.h"
#include "gmm/model/frame.h"

namespace gmvae {

struct Mixture {
  Eigen::VectorXd weights;                   // K; with `noise` they sum to 1
  Eigen::MatrixXd means;                     // d x K
  std::vector<Eigen::MatrixXd> covariances;  // K of d x d; models with a common one repeat it
  bool noise_on = false;                     // there is a noise component
  double noise = 0.0;                        // its share, which may be 0
  double log_noise_density = 0.0;            // of complete rows, per unit of each column
  Eigen::VectorXd noise_range;               // d: length of each axis of its box
};

// Components by decreasing weight, ties in their order; the first `fixed` keep their places.
std::vector<Index> order_by_weight(const Mixture& mixture, Index fixed = 0);

// The same mixture in that order.
Mixture sorted_by_weight(const Mixture& mixture, Index fixed = 0);

// Between the units of a source and the standard ones of its observations.
Mixture to_mixture(const Parameters& parameters, const NoiseDensity& noise,
                   const Observations& data);
Parameters to_parameters(const Mixture& mixture, const Observations& data);
NoiseDensity to_noise_density(const Mixture& mixture, const Observations& data);

// New data under a mixture.  Throws NumericalError where a covariance is not positive definite.
void evaluate_mixture(const Mixture& mixture, const Source& source, const Evaluation& wanted,
                      Workers& workers, Monitor& monitor);

// The same for the columns of x (d x n): log-density (n) and posterior (K x n).
void evaluate_mixture(const Mixture& mixture, ConstView<double> x, Workers& workers,
                      double* log_density, double* posterior);

// The columns of x as rows of a source.
inline Source columns_of(ConstView<double> x) { return {x.data, x.cols, x.rows, x.rows, 1}; }

}  // namespace gmvae
