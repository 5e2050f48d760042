#include "gmvae/train/batch_mixture.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "gmm/start/kmeans.h"
#include "gmvae/train/latent_moments.h"

namespace gmvae {

namespace {

constexpr Purpose batch_mixture_purpose{11};

constexpr double theta = 2;
constexpr double drawn = 0.1;        // of a batch's shares, towards those of all cells
constexpr Index rough_steps = 15;    // of every start
constexpr Index most_steps = 100;    // of the best
constexpr Index most_points = 4000;  // of more, so many evenly spread are enough
constexpr double least_gain = 1e-4;  // per point

struct Attempt {
  Mixture mixture;
  double objective = -std::numeric_limits<double>::infinity();
};

class BatchEm {
 public:
  BatchEm(const BatchedPoints& data, const std::string& covariance, Workers& workers)
      : data_(data), covariance_(covariance), workers_(workers),
        n_(static_cast<double>(data.points.cols)),
        batch_share_(Eigen::VectorXd::Zero(data.design.n_columns)),
        no_noise_(static_cast<std::size_t>(data.points.rows),
                  -std::numeric_limits<double>::infinity()) {
    for (Index j = 0; j < data.points.cols; ++j) {
      data.design.for_row(j, [&](Index b, float value) { batch_share_[b] += value / n_; });
    }
  }

  // The mixture whose responsibilities a partition (n) gives.
  Mixture from_partition(const std::vector<Index>& component, Index k) const {
    Eigen::MatrixXd gamma = Eigen::MatrixXd::Zero(k, data_.points.cols);
    for (Index j = 0; j < data_.points.cols; ++j) {
      gamma(component[static_cast<std::size_t>(j)], j) = 1;
    }
    Mixture nowhere;
    nowhere.means = Eigen::MatrixXd::Zero(data_.points.rows, k);
    return maximise(gamma, nowhere);
  }

  // Up to `steps` steps, fewer where the objective gains next to nothing; keeps the best mixture.
  Attempt iterate(const Mixture& start, Index steps, Monitor& monitor) const {
    Attempt best, now{start};
    for (Index step = 0; step < steps; ++step) {
      monitor.poll();
      Eigen::MatrixXd gamma;
      now.objective = expect(now.mixture, &gamma);
      const double gain = now.objective - best.objective;
      if (gain > 0) best = now;
      if (!(gain > least_gain * n_)) break;
      now.mixture = maximise(gamma, now.mixture);
    }
    return best;
  }

 private:
  // gamma (K x n) under the mixture, whose objective is returned.  The shares of batches are those
  // of the mixture's plain responsibilities.
  double expect(const Mixture& mixture, Eigen::MatrixXd* gamma) const {
    const Index k = mixture.means.cols(), n = data_.points.cols;
    gamma->resize(k, n);
    std::vector<double> log_density(static_cast<std::size_t>(n));
    evaluate_mixture(mixture, data_.points, workers_, log_density.data(), gamma->data());
    const Eigen::MatrixXd joint = shares(*gamma);
    const Eigen::VectorXd share = joint.rowwise().sum();
    double objective = 0, information = 0;
    for (double value : log_density) objective += value;
    Eigen::MatrixXd factor(k, data_.design.n_columns);
    for (Index b = 0; b < data_.design.n_columns; ++b) {
      for (Index c = 0; c < k; ++c) {
        const double in_batch = joint(c, b) / batch_share_[b];
        const double towards_all = (in_batch + drawn * share[c]) / (1 + drawn);
        factor(c, b) = share[c] > 0 ? std::pow(share[c] / towards_all, theta) : 1;
        if (joint(c, b) > 0) information += joint(c, b) * std::log(in_batch / share[c]);
      }
    }
    for (Index j = 0; j < n; ++j) {
      auto column = gamma->col(j);
      data_.design.for_row(j, [&](Index b, float) { column.array() *= factor.col(b).array(); });
      column /= column.sum();
    }
    return objective - theta * n_ * information;
  }

  // K x n_batches: of the points, in each component and batch.
  Eigen::MatrixXd shares(const Eigen::MatrixXd& gamma) const {
    Eigen::MatrixXd joint = Eigen::MatrixXd::Zero(gamma.rows(), data_.design.n_columns);
    for (Index j = 0; j < gamma.cols(); ++j) {
      data_.design.for_row(
          j, [&](Index b, float value) { joint.col(b) += value * (gamma.col(j) / n_); });
    }
    return joint;
  }

  Mixture maximise(const Eigen::MatrixXd& gamma, const Mixture& before) const {
    LatentMoments moments(data_.points.rows, gamma.rows());
    for (Index j = 0; j < gamma.cols(); ++j) {
      moments.add(data_.points.col(j), no_noise_.data(), gamma.col(j).data());
    }
    moments.divide(n_);
    return moments.maximise(covariance_, n_, before);
  }

  const BatchedPoints& data_;
  const std::string& covariance_;
  Workers& workers_;
  double n_;
  Eigen::VectorXd batch_share_;   // n_batches: of the points
  std::vector<double> no_noise_;  // D: log variances of points that are known exactly
};

}  // namespace

Mixture fit_across_batches(const BatchedPoints& all, const Mixture& plain,
                           const std::string& covariance, Index n_init, std::uint64_t seed,
                           Workers& workers, Monitor& monitor) {
  const Index k = plain.means.cols(), n = std::min(all.points.cols, most_points);
  if (k == 1) return plain;
  Eigen::MatrixXd sample(all.points.rows, n);
  BatchedPoints data{{sample.data(), sample.rows(), n}, {}};
  std::vector<Index> sampled;
  for (Index i = 0; i < n; ++i) {
    const Index j = i * all.points.cols / n;
    sample.col(i) = Eigen::Map<const Eigen::VectorXd>(all.points.col(j), sample.rows());
    sampled.push_back(j);
  }
  data.design = all.design.rows(sampled);
  const BatchEm em(data, covariance, workers);
  Attempt best;
  const auto try_from = [&](auto&& start, Index steps) {
    try {
      const Attempt attempt = em.iterate(start(), steps, monitor);
      if (attempt.objective > best.objective) best = attempt;
    } catch (const NumericalError&) {
      // A covariance broke down: this start leads nowhere.
    }
  };
  try_from([&] { return plain; }, rough_steps);
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(n);
  for (Index i = 0; i < n_init; ++i) {
    const RngStream rng(seed, batch_mixture_purpose, 0, static_cast<std::uint64_t>(i));
    const auto partition = [&] {
      const Eigen::MatrixXd no_centres(data.points.rows, 0);
      return em.from_partition(kmeans(data.points, ones, k, no_centres, rng, workers, monitor), k);
    };
    try_from(partition, rough_steps);
  }
  if (!std::isfinite(best.objective)) return plain;
  const Mixture reached = best.mixture;
  try_from([&] { return reached; }, most_steps);
  return sorted_by_weight(best.mixture);
}

}  // namespace gmvae
