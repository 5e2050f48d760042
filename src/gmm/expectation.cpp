#include "gmm/expectation.h"

#include <cmath>

#include "gmm/pass.h"

namespace gmvae {

Expectation expect(const Observations& data, const Frame& frame, Workers& workers,
                   Monitor& monitor) {
  const Statistics statistics = gather(data, frame, Scatter::full, nullptr, workers, monitor);
  Expectation expectation;
  expectation.moments = to_moments(statistics, frame);
  expectation.noise = statistics.noise;
  expectation.gap = statistics.loglik - complete_loglik(expectation, frame);
  return expectation;
}

double complete_loglik(const Expectation& expectation, const Frame& frame) {
  const Parameters& mixture = frame.parameters;
  const Moments& moments = expectation.moments;
  const Index d = moments.n_dimensions();
  double sum = 0.0;
  if (expectation.noise > 0.0) {
    sum += expectation.noise * (std::log(mixture.noise) + frame.noise.log_density);
  }
  Eigen::MatrixXd scatter(d, d), white(d, d);
  for (Index k = 0; k < moments.n_components(); ++k) {
    const double n = moments.counts[k];
    if (!(n > 0.0)) continue;
    const Eigen::VectorXd shift = moments.means.col(k) - mixture.means.col(k);
    scatter = nth_block(moments.scatter, k) + n * shift * shift.transpose();
    double distance = 0.0;  // tr(Sigma_k^-1 scatter)
    switch (frame.form()) {
    case Form::own: {
      const auto whiten = frame.whiten.block(0, k * d, d, d);
      white.noalias() = whiten * scatter;
      distance = white.cwiseProduct(whiten).sum();
      break;
    }
    case Form::common:
      white.noalias() = frame.whiten * scatter;
      distance = white.cwiseProduct(frame.whiten).rowwise().sum().dot(frame.precisions.col(k));
      break;
    case Form::diagonal:
      distance = scatter.diagonal().dot(frame.precisions.col(k));
      break;
    }
    sum += n * (std::log(mixture.weights[k]) + frame.log_constant[k]) - 0.5 * distance;
  }
  return sum;
}

}  // namespace gmvae
