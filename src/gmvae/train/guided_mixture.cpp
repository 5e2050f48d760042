#include "gmvae/train/guided_mixture.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "gmm/inference/matching.h"
#include "gmm/start/kmeans.h"
#include "gmvae/train/latent_moments.h"
#include "gmvae/train/matched_clusters.h"

namespace gmvae {

namespace {

constexpr Purpose guided_mixture_purpose{11};

constexpr double theta = 2;
constexpr double drawn = 0.1;        // of a batch's shares, towards those of all cells
constexpr Index rough_steps = 15;    // of every start
constexpr Index most_steps = 100;    // of the best
constexpr Index most_points = 4000;  // of more, so many evenly spread are enough
constexpr double least_gain = 1e-4;  // per point
// Between starts labels count so much more than within EM, as they tell which groups are meant.
// With much larger weights, a few wrong labels would outweigh what the points say.
constexpr double label_weight = 3;

struct Attempt {
  Mixture mixture;
  double noise = LabelModel().noise;
  double objective = -std::numeric_limits<double>::infinity();
  double labels = 0;  // their share of it

  double score() const { return objective + label_weight * labels; }
};

class GuidedEm {
 public:
  GuidedEm(const GuidedPoints& data, const std::string& covariance, Workers& workers)
      : data_(data), covariance_(covariance), workers_(workers),
        n_(static_cast<double>(data.points.cols)), weight_(Eigen::VectorXd::Ones(data.points.cols)),
        batch_share_(Eigen::VectorXd::Zero(data.design.n_columns)),
        no_noise_(static_cast<std::size_t>(data.points.rows),
                  -std::numeric_limits<double>::infinity()) {
    for (Index j = 0; !data.design.empty() && j < data.points.cols; ++j) {
      data.design.for_row(j, [&](Index b, float value) { batch_share_[b] += value / n_; });
    }
    const auto labelled = [](int label) { return label >= 0; };
    const double n_labelled =
        static_cast<double>(std::count_if(data.label.begin(), data.label.end(), labelled));
    for (Index j = 0; n_labelled > 0 && j < data.points.cols; ++j) {
      if (!labelled(data.label[static_cast<std::size_t>(j)])) continue;
      weight_[j] = labelled_count(n_labelled, n_ - n_labelled);
    }
  }

  // The mixture whose responsibilities a partition (n) gives.
  Mixture from_partition(const std::vector<Index>& component, Index k) const {
    return from_shares(component, k, 1);
  }

  // The same, but all points without a label count as D + 2 points only: means and covariances are
  // those of the labelled points.  Wrong labels make the covariances wide, and so EM moves on.
  Mixture from_labels(const std::vector<Index>& component, Index k) const {
    Mixture mixture = from_shares(component, k, static_cast<double>(data_.points.rows + 2) / n_);
    mixture.weights = from_partition(component, k).weights;
    return mixture;
  }

  // A mixture with its components in an order in which the classes are those that most of their
  // labelled points are in.
  Mixture with_classes(const Mixture& plain) const {
    const Index k = plain.means.cols(), n = data_.points.cols;
    Eigen::MatrixXd gamma(k, n), cost = Eigen::MatrixXd::Zero(k, k);
    std::vector<double> log_density(static_cast<std::size_t>(n));
    evaluate_mixture(plain, data_.points, workers_, log_density.data(), gamma.data());
    for (Index j = 0; j < n; ++j) {
      const int label = data_.label[static_cast<std::size_t>(j)];
      if (label >= 0) cost.row(label) -= gamma.col(j).transpose();
    }
    const std::vector<Index> order = least_cost_assignment(cost);
    Mixture mixture = plain;
    for (Index c = 0; c < k; ++c) {
      const Index from = order[static_cast<std::size_t>(c)];
      mixture.weights[c] = plain.weights[from];
      mixture.means.col(c) = plain.means.col(from);
      mixture.covariances[static_cast<std::size_t>(c)] =
          plain.covariances[static_cast<std::size_t>(from)];
    }
    return mixture;
  }

  // Up to `steps` steps, fewer where the objective gains next to nothing; keeps the best mixture.
  Attempt iterate(const Mixture& start, Index steps, Monitor& monitor) const {
    Attempt best, now;
    now.mixture = start;
    for (Index step = 0; step < steps; ++step) {
      monitor.poll();
      Eigen::MatrixXd gamma;
      now.objective = expect(now.mixture, &now.noise, &now.labels, &gamma);
      const double gain = now.objective - best.objective;
      if (gain > 0) best = now;
      if (!(gain > least_gain * n_)) break;
      now.mixture = maximise(gamma, now.mixture);
    }
    return best;
  }

 private:
  // gamma (K x n) under the mixture, whose objective is returned; the noise of the labels becomes
  // that of these gamma.  The shares of batches are those of the mixture's responsibilities without
  // regard to batches.
  double expect(const Mixture& mixture, double* noise, double* labels,
                Eigen::MatrixXd* gamma) const {
    const Index k = mixture.means.cols(), n = data_.points.cols;
    gamma->resize(k, n);
    std::vector<double> log_density(static_cast<std::size_t>(n));
    evaluate_mixture(mixture, data_.points, workers_, log_density.data(), gamma->data());
    double objective = 0, information = 0;
    for (Index j = 0; j < n; ++j) {
      objective += weight_[j] * log_density[static_cast<std::size_t>(j)];
    }
    *labels = data_.label.empty() ? 0 : add_labels(noise, gamma);
    objective += *labels;
    if (data_.design.empty()) return objective;
    const Eigen::MatrixXd joint = shares(*gamma);
    // Every factor of the design has all points once.
    const double n_factors = std::max(1.0, std::round(batch_share_.sum()));
    const Eigen::VectorXd share = joint.rowwise().sum() / n_factors;
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

  // p(y | c) into gamma; returns the log-likelihood of the labels given the points.
  double add_labels(double* noise, Eigen::MatrixXd* gamma) const {
    LabelModel model;
    model.n_classes = data_.n_classes;
    model.noise = *noise;
    LabelCounts counts;
    double loglik = 0;
    for (Index j = 0; j < gamma->cols(); ++j) {
      const int label = data_.label[static_cast<std::size_t>(j)];
      if (!model.knows(label)) continue;
      auto column = gamma->col(j);
      for (Index c = 0; c < column.size(); ++c) column[c] *= model.probability(c, label);
      const double probability = column.sum();
      column /= probability;
      loglik += weight_[j] * std::log(probability);
      counts.add(model, column[label]);
    }
    *noise = counts.noise(1);
    return loglik;
  }

  // share: the responsibility for a point without a label, of its component.
  Mixture from_shares(const std::vector<Index>& component, Index k, double share) const {
    Eigen::MatrixXd gamma = Eigen::MatrixXd::Zero(k, data_.points.cols);
    for (std::size_t j = 0; j < component.size(); ++j) {
      const bool labelled = !data_.label.empty() && data_.label[j] >= 0;
      gamma(component[j], static_cast<Index>(j)) = labelled ? 1 : share;
    }
    Mixture nowhere;
    nowhere.means = Eigen::MatrixXd::Zero(data_.points.rows, k);
    return maximise(gamma, nowhere);
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
      moments.add(data_.points.col(j), no_noise_.data(), gamma.col(j).data(), weight_[j]);
    }
    moments.divide(n_);
    return moments.maximise(covariance_, n_, before);
  }

  const GuidedPoints& data_;
  const std::string& covariance_;
  Workers& workers_;
  double n_;
  Eigen::VectorXd weight_;        // n: of the points
  Eigen::VectorXd batch_share_;   // n_batches: of the points
  std::vector<double> no_noise_;  // D: log variances of points that are known exactly
};

// Places of at most `most` of n points, evenly spread; of labelled ones at most half as many, but
// all if they are fewer.
std::vector<Index> sample_of(const GuidedPoints& all, Index most) {
  std::vector<Index> labelled, others;
  for (Index j = 0; j < all.points.cols; ++j) {
    const bool known = !all.label.empty() && all.label[static_cast<std::size_t>(j)] >= 0;
    (known ? labelled : others).push_back(j);
  }
  const auto spread = [](const std::vector<Index>& from, Index n) {
    const Index size = static_cast<Index>(from.size());
    std::vector<Index> some;
    for (Index i = 0; i < std::min(n, size); ++i) {
      some.push_back(from[static_cast<std::size_t>(i * size / std::min(n, size))]);
    }
    return some;
  };
  std::vector<Index> sample =
      spread(labelled, std::max(most / 2, most - static_cast<Index>(others.size())));
  const std::vector<Index> rest = spread(others, most - static_cast<Index>(sample.size()));
  sample.insert(sample.end(), rest.begin(), rest.end());
  std::sort(sample.begin(), sample.end());
  return sample;
}

// Where the classes are that have labelled points, which k-means begins with.
struct Classes {
  Eigen::MatrixXd centres;     // D x those classes
  std::vector<Index> present;  // their numbers, then those of the other components

  Classes(const GuidedPoints& data, Index k) : centres(data.points.rows, 0) {
    Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(data.points.rows, data.n_classes);
    Eigen::VectorXd n = Eigen::VectorXd::Zero(data.n_classes);
    for (Index j = 0; j < data.points.cols && !data.label.empty(); ++j) {
      const int label = data.label[static_cast<std::size_t>(j)];
      if (label < 0) continue;
      n[label] += 1;
      for (Index i = 0; i < data.points.rows; ++i) sum(i, label) += data.points(i, j);
    }
    std::vector<Index> absent;
    for (Index c = 0; c < k; ++c) {
      (c < data.n_classes && n[c] > 0 ? present : absent).push_back(c);
    }
    centres.resize(data.points.rows, static_cast<Index>(present.size()));
    for (std::size_t c = 0; c < present.size(); ++c) {
      centres.col(static_cast<Index>(c)) = sum.col(present[c]) / n[present[c]];
    }
    present.insert(present.end(), absent.begin(), absent.end());
  }

  // Clusters of k-means as components; labelled points are of their class.
  void number(const std::vector<int>& label, std::vector<Index>& partition) const {
    for (std::size_t j = 0; j < label.size(); ++j) {
      partition[j] = label[j] >= 0 ? label[j] : present[static_cast<std::size_t>(partition[j])];
    }
  }
};

}  // namespace

GuidedMixture fit_guided(const GuidedPoints& all, const Mixture& plain, Index k,
                         const std::string& covariance, Index n_init, std::uint64_t seed,
                         Workers& workers, Monitor& monitor) {
  const bool labelled = !all.label.empty();
  if (k == 1 && !labelled) return {plain, 0};
  const std::vector<Index> sampled = sample_of(all, most_points);
  const Index n = static_cast<Index>(sampled.size());
  Eigen::MatrixXd sample(all.points.rows, n);
  GuidedPoints data{{sample.data(), sample.rows(), n}, {}, {}, all.n_classes};
  for (Index i = 0; i < n; ++i) {
    const std::size_t j = static_cast<std::size_t>(sampled[static_cast<std::size_t>(i)]);
    sample.col(i) =
        Eigen::Map<const Eigen::VectorXd>(all.points.col(static_cast<Index>(j)), sample.rows());
    if (labelled) data.label.push_back(all.label[j]);
  }
  data.design = all.design.rows(sampled);
  const GuidedEm em(data, covariance, workers);
  const Classes classes(data, k);
  Attempt best;
  const auto try_from = [&](auto&& start, Index steps) {
    try {
      const Attempt attempt = em.iterate(start(), steps, monitor);
      if (attempt.score() > best.score()) best = attempt;
    } catch (const NumericalError&) {
      // A covariance broke down: this start leads nowhere.
    }
  };
  if (!labelled) {
    try_from([&] { return plain; }, rough_steps);
  } else if (plain.means.cols() == k) {
    try_from([&] { return em.with_classes(plain); }, rough_steps);
  }
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(n);
  // Where each component is a class, all starts are the same.
  const Index n_starts = classes.centres.cols() == k ? 1 : n_init;
  for (Index i = 0; i < n_starts; ++i) {
    const RngStream rng(seed, guided_mixture_purpose, 0, static_cast<std::uint64_t>(i));
    std::vector<Index> partition =
        kmeans(data.points, ones, k, classes.centres, rng, workers, monitor);
    classes.number(data.label, partition);
    try_from([&] { return em.from_partition(partition, k); }, rough_steps);
    if (labelled) try_from([&] { return em.from_labels(partition, k); }, rough_steps);
    if (labelled || data.design.empty()) continue;
    partition = matched_clusters(data.points, data.design, k, seed, i, workers, monitor);
    if (!partition.empty()) {
      try_from([&] { return em.from_partition(partition, k); }, rough_steps);
    }
  }
  if (!std::isfinite(best.objective)) {
    if (plain.means.cols() == k) {
      return {labelled ? em.with_classes(plain) : plain, LabelModel().noise};
    }
    throw NumericalError("no mixture with the classes as components was found");
  }
  const Mixture reached = best.mixture;
  try_from([&] { return reached; }, most_steps);
  return {sorted_by_weight(best.mixture, all.n_classes), best.noise};
}

}  // namespace gmvae
