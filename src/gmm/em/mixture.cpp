#include "gmm/em/mixture.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/denormals.h"
#include "core/dense.h"
#include "core/error.h"
#include "gmm/model/diagonal.h"

namespace gmvae {

std::vector<Index> order_by_weight(const Mixture& mixture, Index fixed) {
  std::vector<Index> order(static_cast<std::size_t>(mixture.weights.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin() + fixed, order.end(),
                   [&](Index a, Index b) { return mixture.weights[a] > mixture.weights[b]; });
  return order;
}

Mixture sorted_by_weight(const Mixture& mixture, Index fixed) {
  const std::vector<Index> order = order_by_weight(mixture, fixed);
  Mixture sorted = mixture;
  for (std::size_t to = 0; to < order.size(); ++to) {
    const Index from = order[to];
    sorted.weights[static_cast<Index>(to)] = mixture.weights[from];
    sorted.means.col(static_cast<Index>(to)) = mixture.means.col(from);
    sorted.covariances[to] = mixture.covariances[static_cast<std::size_t>(from)];
  }
  return sorted;
}

Mixture to_mixture(const Parameters& parameters, const NoiseDensity& noise,
                   const Observations& data) {
  const Eigen::VectorXd& scale = data.scale();
  Mixture mixture;
  mixture.weights = parameters.weights;
  mixture.means = (scale.asDiagonal() * parameters.means).colwise() + data.centre();
  for (Index k = 0; k < parameters.n_components(); ++k) {
    if (parameters.covariances.form == Form::diagonal) {
      const Eigen::VectorXd variances =
          parameters.covariances.variances.col(k).cwiseProduct(scale).cwiseProduct(scale);
      mixture.covariances.push_back(variances.asDiagonal());
      continue;
    }
    const Eigen::MatrixXd sigma = parameters.covariances.matrix(k);
    mixture.covariances.push_back(scale_both_sides(0.5 * (sigma + sigma.transpose()), scale));
  }
  mixture.noise_on = noise.on;
  if (noise.on) {
    mixture.noise = parameters.noise;
    mixture.log_noise_density = noise.log_density - data.scale().array().log().sum();
    mixture.noise_range = noise.log_range.array().exp() * data.scale().array();
  }
  return mixture;
}

namespace {

bool has_diagonals(const Mixture& mixture) {
  return std::all_of(mixture.covariances.begin(), mixture.covariances.end(),
                     [](const Eigen::MatrixXd& sigma) { return sigma.isDiagonal(0.0); });
}

}  // namespace

Parameters to_parameters(const Mixture& mixture, const Observations& data) {
  const Index d = mixture.means.rows(), k = mixture.means.cols();
  const Eigen::VectorXd inverse = data.scale().cwiseInverse();
  Parameters parameters;
  parameters.weights = mixture.weights;
  parameters.noise = mixture.noise;
  parameters.means = inverse.asDiagonal() * (mixture.means.colwise() - data.centre());
  if (d > few_columns && has_diagonals(mixture)) {
    Eigen::MatrixXd variances(d, k);
    for (Index j = 0; j < k; ++j) {
      variances.col(j) = mixture.covariances[static_cast<std::size_t>(j)].diagonal().cwiseProduct(
          inverse.cwiseAbs2());
    }
    parameters.covariances = diagonal_covariances(std::move(variances));
    return parameters;
  }
  parameters.covariances.form = Form::own;
  parameters.covariances.matrices.resize(d, d * k);
  for (Index j = 0; j < k; ++j) {
    nth_block(parameters.covariances.matrices, j) =
        scale_both_sides(mixture.covariances[static_cast<std::size_t>(j)], inverse);
  }
  return parameters;
}

NoiseDensity to_noise_density(const Mixture& mixture, const Observations& data) {
  NoiseDensity noise;
  noise.on = mixture.noise_on;
  if (!noise.on) return noise;
  noise.log_density = mixture.log_noise_density + data.scale().array().log().sum();
  noise.log_range = (mixture.noise_range.array() / data.scale().array()).log();
  return noise;
}

void evaluate_mixture(const Mixture& mixture, const Source& source, const Evaluation& wanted,
                      Workers& workers, Monitor& monitor) {
  ensure(source.d == mixture.means.rows(),
         "The points must have as many coordinates as the mixture.");
  // The mixture's own centre and spread: large offsets and units cancel before anything else.
  const Eigen::VectorXd weights = mixture.weights / mixture.weights.sum();
  const Eigen::VectorXd centre = multiply_vector(mixture.means, weights);
  Eigen::VectorXd variances = (mixture.means.colwise() - centre).cwiseAbs2() * weights;
  for (Index k = 0; k < weights.size(); ++k) {
    variances += weights[k] * mixture.covariances[static_cast<std::size_t>(k)].diagonal();
  }
  const FlushDenormals flush;
  const Observations data(source, RowFacts{}, centre, variances.cwiseSqrt());
  Frame frame;
  if (!make_frame(to_parameters(mixture, data), to_noise_density(mixture, data), &frame,
                  &monitor)) {
    throw NumericalError("The covariances of a mixture must be positive definite.");
  }
  evaluate(data, frame, wanted, workers, monitor);
}

void evaluate_mixture(const Mixture& mixture, ConstView<double> x, Workers& workers,
                      double* log_density, double* posterior) {
  Eigen::MatrixXd by_row(x.cols, mixture.weights.size());
  Evaluation wanted;
  wanted.n = x.cols;
  wanted.log_density = log_density;
  if (posterior != nullptr) wanted.posterior = by_row.data();
  Monitor silent;
  evaluate_mixture(mixture, columns_of(x), wanted, workers, silent);
  if (posterior != nullptr) {
    Eigen::Map<Eigen::MatrixXd>(posterior, by_row.cols(), by_row.rows()) = by_row.transpose();
  }
}

}  // namespace gmvae
