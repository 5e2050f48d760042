#include "gmm/em/expectation.h"

#include <cmath>

#include "core/dense.h"
#include "gmm/em/pass.h"

namespace gmvae {

namespace {

// The scatter of component k: d x d, or where diagonal d x 1.
template <typename Moments>
auto scatter_of(Moments& moments, Index k) {
  const Index width = moments.kind == Scatter::diagonal ? 1 : moments.n_dimensions();
  return moments.scatter.middleCols(k * width, width);
}

void add_square(double s, const Eigen::VectorXd& x, Scatter kind,
                Eigen::Ref<Eigen::MatrixXd> scatter) {
  if (kind == Scatter::diagonal) {
    scatter += s * x.cwiseAbs2();
  } else {
    add_outer_product(s, x, scatter);
  }
}

// The longest axis of a component.
Eigen::VectorXd longest_axis(const Covariances& covariances, Index k) {
  const Index d = covariances.n_dimensions();
  if (covariances.form != Form::diagonal) {
    return symmetric_eigen(covariances.matrix(k)).vectors.col(d - 1);
  }
  Index longest = 0;
  for (Index j = 1; j < d; ++j) {
    if (covariances.variances(j, k) >= covariances.variances(longest, k)) longest = j;
  }
  return Eigen::VectorXd::Unit(d, longest);
}

}  // namespace

Expectation expect(const Observations& data, const Frame& frame, Scatter kind, Workers& workers,
                   Monitor& monitor) {
  const Statistics statistics = gather(data, frame, kind, nullptr, workers, monitor);
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
    axes.col(k) = longest_axis(frame.parameters.covariances, k);
  }
  const Scatter kind = expectation->moments.kind;
  expectation->halves = to_moments(gather_halves(data, frame, axes, kind, workers, monitor), frame);
}

Expectation split(const Expectation& whole, Index which) {
  const Moments &all = whole.moments, &half = whole.halves;
  const Index d = all.n_dimensions(), last = all.n_components();
  Expectation result{all, {}, whole.noise, whole.gap};
  Moments& moments = result.moments;
  moments.counts.conservativeResize(last + 1);
  moments.means.conservativeResize(d, last + 1);
  moments.scatter.conservativeResize(d, moments.scatter.cols() / last * (last + 1));
  const double n = all.counts[which], n_half = half.counts[which], n_rest = n - n_half;
  moments.counts[which] = n_half;
  moments.counts[last] = n_rest;
  moments.means.col(which) = half.means.col(which);
  moments.means.col(last) = (n * all.means.col(which) - n_half * half.means.col(which)) / n_rest;
  const Eigen::VectorXd gap = moments.means.col(last) - moments.means.col(which);
  scatter_of(moments, which) = scatter_of(half, which);
  auto rest = scatter_of(moments, last);
  rest = scatter_of(all, which) - scatter_of(half, which);
  add_square(-(n_half * n_rest / n), gap, all.kind, rest);
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
  Eigen::MatrixXd scatter = scatter_of(all, b);
  add_square(n_a * n_b / n, gap, all.kind, scatter);
  scatter_of(moments, a) += scatter;
  for (Index k = b; k < last; ++k) {
    moments.counts[k] = all.counts[k + 1];
    moments.means.col(k) = all.means.col(k + 1);
    scatter_of(moments, k) = scatter_of(all, k + 1);
  }
  moments.counts.conservativeResize(last);
  moments.means.conservativeResize(d, last);
  moments.scatter.conservativeResize(d, moments.scatter.cols() / (last + 1) * last);
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
  Eigen::MatrixXd scatter, white;  // X and A X, of tr(A X A') = sum_ij (A X)_ij A_ij
  for (Index k = 0; k < moments.n_components(); ++k) {
    const double n = moments.counts[k];
    if (!(n > 0.0)) continue;
    const Eigen::VectorXd shift = moments.means.col(k) - mixture.means.col(k);
    scatter = scatter_of(moments, k);
    add_square(n, shift, moments.kind, scatter);
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
      distance = (moments.kind == Scatter::diagonal ? Eigen::VectorXd(scatter.col(0))
                                                    : Eigen::VectorXd(scatter.diagonal()))
                     .dot(frame.precisions.col(k));
      break;
    }
    sum += n * (std::log(mixture.weights[k]) + frame.log_constant[k]) - 0.5 * distance;
  }
  return sum;
}

}  // namespace gmvae
