#include "gmm/em/overall.h"

#include "gmm/em/pass.h"

namespace gmvae {

Parameters overall_parameters(const Observations& data, Workers& workers, Monitor& monitor) {
  const Index d = data.n_dimensions();
  Parameters parameters;
  parameters.weights.setOnes(1);
  parameters.means.setZero(d, 1);
  parameters.covariances.matrices.setIdentity(d, d);
  const int steps = data.patterns().empty() ? 1 : 20;
  for (int step = 0; step < steps; ++step) {
    Frame frame;
    if (!make_frame(parameters, {}, &frame, &monitor)) break;
    const Moments moments =
        to_moments(gather(data, frame, Scatter::full, nullptr, workers, monitor), frame);
    parameters.means = moments.means;
    parameters.covariances.matrices = moments.scatter / moments.counts[0];
  }
  return parameters;
}

}  // namespace gmvae
