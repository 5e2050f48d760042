#include "gmm/em/expectation.h"

#include <cmath>

#include "core/dense.h"
#include "gmm/em/pass.h"

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

void expect_halves(const Observations& data, const Frame& frame, Workers& workers, Monitor& monitor,
                   Expectation* expectation) {
  const Index d = frame.n_dimensions();
  Eigen::MatrixXd axes(d, frame.n_components());
  for (Index k = 0; k < frame.n_components(); ++k) {
    axes.col(k) = symmetric_eigen(frame.parameters.covariances.matrix(k)).vectors.col(d - 1);
  }
  expectation->halves = to_moments(gather_halves(data, frame, axes, workers, monitor), frame);
}

Expectation split(const Expectation& whole, Index which) {
  const Moments &all = whole.moments, &half = whole.halves;
  const Index d = all.n_dimensions(), last = all.n_components();
  Expectation result{all, {}, whole.noise, whole.gap};
  Moments& moments = result.moments;
  moments.counts.conservativeResize(last + 1);
  moments.means.conservativeResize(d, last + 1);
  moments.scatter.conservativeResize(d, d * (last + 1));
  const double n = all.counts[which], n_half = half.counts[which], n_rest = n - n_half;
  moments.counts[which] = n_half;
  moments.counts[last] = n_rest;
  moments.means.col(which) = half.means.col(which);
  moments.means.col(last) = (n * all.means.col(which) - n_half * half.means.col(which)) / n_rest;
  const Eigen::VectorXd gap = moments.means.col(last) - moments.means.col(which);
  nth_block(moments.scatter, which) = nth_block(half.scatter, which);
  auto rest = nth_block(moments.scatter, last);
  rest = nth_block(all.scatter, which) - nth_block(half.scatter, which);
  add_outer_product(-(n_half * n_rest / n), gap, rest);
  return result;
}

Expectation merge(const Expectation& whole, Index a, Index b) {
  const Moments& all = whole.moments;
  const Index d = all.n_dimensions(), last = all.n_components() - 1;
  Expectation result{all, {}, whole.noise, whole.gap};
  Moments& moments = result.moments;
  const double n_a = all.counts[a], n_b = all.counts[b], n = n_a + n_b;
  const Eigen::VectorXd gap = all.means.col(b) - all.means.col(a);
  moments.counts[a] = n;
  moments.means.col(a) += n_b / n * gap;
  Eigen::MatrixXd scatter = nth_block(all.scatter, b);
  add_outer_product(n_a * n_b / n, gap, scatter);
  nth_block(moments.scatter, a) += scatter;
  for (Index k = b; k < last; ++k) {
    moments.counts[k] = all.counts[k + 1];
    moments.means.col(k) = all.means.col(k + 1);
    nth_block(moments.scatter, k) = nth_block(all.scatter, k + 1);
  }
  moments.counts.conservativeResize(last);
  moments.means.conservativeResize(d, last);
  moments.scatter.conservativeResize(d, d * last);
  return result;
}

double complete_loglik(const Expectation& expectation, const Frame& frame) {
  const Parameters& mixture = frame.parameters;
  const Moments& moments = expectation.moments;
  const Index d = moments.n_dimensions();
  double sum = 0.0;
  if (expectation.noise > 0.0) {
    sum += expectation.noise * (std::log(mixture.noise) + frame.noise.log_density);
  }
  Eigen::MatrixXd scatter(d, d), white(d, d);  // X and A X, of tr(A X A') = sum_ij (A X)_ij A_ij
  for (Index k = 0; k < moments.n_components(); ++k) {
    const double n = moments.counts[k];
    if (!(n > 0.0)) continue;
    const Eigen::VectorXd shift = moments.means.col(k) - mixture.means.col(k);
    scatter = nth_block(moments.scatter, k);
    add_outer_product(n, shift, scatter);
    double distance = 0.0;  // tr(Sigma_k^-1 scatter)
    switch (frame.form()) {
    case Form::own: {
      const auto whiten = frame.whiten.block(0, k * d, d, d);
      white = multiply(whiten, scatter);
      distance = white.cwiseProduct(whiten).sum();
      break;
    }
    case Form::common:
      white = multiply(frame.whiten, scatter);
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
