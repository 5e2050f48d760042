#include "gmm/em/overall.h"

#include "gmm/em/pass.h"
#include "gmm/model/diagonal.h"

namespace gmvae {

Parameters overall_parameters(const Observations& data, Scatter kind, Workers& workers,
                              Monitor& monitor) {
  const Index d = data.n_dimensions();
  Parameters parameters;
  parameters.weights.setOnes(1);
  parameters.means.setZero(d, 1);
  if (kind == Scatter::diagonal) {
    parameters.covariances = diagonal_covariances(Eigen::MatrixXd::Ones(d, 1));
  } else {
    parameters.covariances.matrices.setIdentity(d, d);
  }
  const int steps = data.patterns().empty() ? 1 : 20;
  for (int step = 0; step < steps; ++step) {
    Frame frame;
    if (!make_frame(parameters, {}, &frame, &monitor)) break;
    const Moments moments = to_moments(gather(data, frame, kind, nullptr, workers, monitor), frame);
    parameters.means = moments.means;
    const Eigen::MatrixXd covariance = moments.scatter / moments.counts[0];
    (kind == Scatter::diagonal ? parameters.covariances.variances
                               : parameters.covariances.matrices) = covariance;
  }
  return parameters;
}

Scatter overall_scatter(const Observations& data, bool diagonal, bool noise) {
  const bool enough =
      diagonal && data.n_dimensions() > few_columns && data.patterns().empty() && !noise;
  return enough ? Scatter::diagonal : Scatter::full;
}

}  // namespace gmvae
