#include "gmm/start/hierarchical.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/dense.h"

namespace gmvae {

void move_mean(double share, const double* towards, Index d, double* mean) {
  for (Index j = 0; j < d; ++j) mean[j] += share * (towards[j] - mean[j]);
}

Groups group(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
             const std::vector<Index>& labels, Index k) {
  Groups groups{Eigen::VectorXd::Zero(k), Eigen::MatrixXd::Zero(points.rows(), k), points};
  // A running mean: exact where all points are equal.
  for (Index i = 0; i < points.cols(); ++i) {
    const Index label = labels[static_cast<std::size_t>(i)];
    groups.mass[label] += weights[i];
    move_mean(weights[i] / groups.mass[label], points.col(i).data(), points.rows(),
              groups.means.col(label).data());
  }
  for (Index i = 0; i < points.cols(); ++i) {
    const Index label = labels[static_cast<std::size_t>(i)];
    for (Index j = 0; j < points.rows(); ++j) groups.centred(j, i) -= groups.means(j, label);
  }
  return groups;
}

double mean_variance(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
                     const Eigen::VectorXd& weighted_sum) {
  const double total = weights.sum();
  const Eigen::VectorXd mean = weighted_sum / total;
  double sum = 0.0;
  for (Index i = 0; i < points.cols(); ++i) {
    double square = 0.0;
    for (Index j = 0; j < points.rows(); ++j) {
      square += (points(j, i) - mean[j]) * (points(j, i) - mean[j]);
    }
    sum += square * weights[i];
  }
  return sum / (total * static_cast<double>(points.rows()));
}

Merges ward(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights, Monitor& monitor) {
  const Index n = points.cols();
  Merges merges{n, {}};
  Eigen::MatrixXd means = points;  // a cluster has the number of one of its points
  Eigen::VectorXd mass = weights;
  std::vector<Index> left(static_cast<std::size_t>(n)), chain;
  std::iota(left.begin(), left.end(), Index{0});
  const auto cost = [&](Index a, Index b) {
    return mass[a] * mass[b] / (mass[a] + mass[b]) * (means.col(a) - means.col(b)).squaredNorm();
  };
  // Each cluster of the chain is the nearest one of that before it; two that are each other's
  // nearest merge, and no later merge comes closer to either (the criterion is reducible).
  while (left.size() > 1) {
    if (chain.empty()) chain.push_back(left.front());
    const Index last = chain.back();
    const Index before = chain.size() > 1 ? chain[chain.size() - 2] : -1;
    Index nearest = before;
    double least = before < 0 ? std::numeric_limits<double>::infinity() : cost(last, before);
    for (const Index other : left) {
      if (other == last) continue;
      const double other_cost = cost(last, other);
      if (other_cost < least) {
        least = other_cost;
        nearest = other;
      }
    }
    if (nearest != before) {
      chain.push_back(nearest);
      continue;
    }
    merges.steps.push_back({before, last, least});
    mass[before] += mass[last];
    move_mean(mass[last] / mass[before], means.col(last).data(), means.rows(),
              means.col(before).data());
    left.erase(std::find(left.begin(), left.end(), last));
    chain.resize(chain.size() - 2);
    monitor.poll();
  }
  std::stable_sort(merges.steps.begin(), merges.steps.end(),
                   [](const Merge& x, const Merge& y) { return x.cost < y.cost; });
  return merges;
}

std::vector<Index> cut(const Merges& merges, Index k) {
  // A forest (Tarjan 1975): each point's parent is an earlier point of its cluster, or itself.
  std::vector<Index> parents(static_cast<std::size_t>(merges.n_points));
  std::iota(parents.begin(), parents.end(), Index{0});
  const auto first_of = [&](Index point) {
    for (;;) {
      Index& parent = parents[static_cast<std::size_t>(point)];
      if (parent == point) return point;
      parent = parents[static_cast<std::size_t>(parent)];
      point = parent;
    }
  };
  for (Index step = 0; step < merges.n_points - k; ++step) {
    const Merge& merge = merges.steps[static_cast<std::size_t>(step)];
    const Index a = first_of(merge.a), b = first_of(merge.b);
    parents[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
  }
  std::vector<Index> labels(parents.size());
  Index n_labels = 0;
  for (Index i = 0; i < merges.n_points; ++i) {
    const Index first = first_of(i);
    labels[static_cast<std::size_t>(i)] =
        first == i ? n_labels++ : labels[static_cast<std::size_t>(first)];
  }
  return labels;
}

PrincipalAxes::PrincipalAxes(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights)
    : total_(weights.sum()) {
  const std::vector<Index> one_label(static_cast<std::size_t>(points.cols()), 0);
  centred_ = group(points, weights, one_label, 1).centred;
  eigen_ = symmetric_eigen(tcrossprod(centred_ * weights.asDiagonal(), centred_) / total_);
}

Eigen::MatrixXd PrincipalAxes::over(double power) const {
  const Eigen::VectorXd& variances = eigen_.values;  // increasing
  const double least = 1e-10 * variances.maxCoeff();
  const Index d = variances.size(), rank = (variances.array() > std::max(least, 0.0)).count();
  Eigen::MatrixXd axes(d, rank);  // the longest first
  for (Index i = 0; i < rank; ++i) {
    const Index from = d - 1 - i;
    axes.col(i) = eigen_.vectors.col(from) * std::pow(variances[from], -power);
  }
  return crossprod(axes, centred_);
}

Eigen::MatrixXd PrincipalAxes::half_sphered() const { return over(0.25) / std::pow(total_, 0.25); }

Classifier::Classifier(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
                       const std::vector<Index>& labels, Index k)
    : constants_(k) {
  const Index d = points.rows();
  const Groups groups = group(points, weights, labels, k);
  means_ = groups.means;
  std::vector<Eigen::MatrixXd> scatter(static_cast<std::size_t>(k), Eigen::MatrixXd::Zero(d, d));
  Eigen::MatrixXd pooled = Eigen::MatrixXd::Zero(d, d);
  for (Index i = 0; i < points.cols(); ++i) {
    add_outer_product(weights[i], groups.centred.col(i),
                      scatter[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])]);
  }
  const double total = weights.sum();
  for (const Eigen::MatrixXd& own : scatter) pooled += own / total;
  const double variance = mean_variance(points, weights, multiply_vector(means_, groups.mass));
  pooled.diagonal().array() += variance > 0.0 ? 1e-8 * variance : 1.0;
  const double extra = static_cast<double>(d + 1);
  for (Index c = 0; c < k; ++c) {
    roots_.emplace_back();
    cholesky((scatter[static_cast<std::size_t>(c)] + extra * pooled) / (groups.mass[c] + extra),
             &roots_.back());
    constants_[c] = std::log(groups.mass[c]) - 0.5 * cholesky_log_determinant(roots_.back());
  }
}

void Classifier::classify(ConstView<double> block, Index* labels) const {
  const Eigen::Map<const Eigen::MatrixXd> points(block.data, block.rows, block.cols);
  Eigen::MatrixXd white, scores(means_.cols(), block.cols);
  for (Index c = 0; c < means_.cols(); ++c) {
    white = solve_lower(roots_[static_cast<std::size_t>(c)], points.colwise() - means_.col(c));
    for (Index i = 0; i < block.cols; ++i) {
      scores(c, i) = constants_[c] - 0.5 * white.col(i).squaredNorm();
    }
  }
  for (Index i = 0; i < block.cols; ++i) scores.col(i).maxCoeff(&labels[i]);
}

}  // namespace gmvae
