#include "gmm/start/starts.h"

#include <algorithm>
#include <utility>

#include "core/rng.h"
#include "core/select.h"
#include "gmm/start/kmeans.h"
#include "gmm/start/purpose.h"

namespace gmvae {

namespace {

constexpr Index most_leaves = 2000;

// Places of the trees among the starts.
constexpr Index by_volume = 0, by_ward = 1, by_ward_sphered = 3, by_model = 4;

ConstView<double> view(const Eigen::MatrixXd& x) { return {x.data(), x.rows(), x.cols()}; }

Eigen::MatrixXd some(const Eigen::MatrixXd& points, const std::vector<Index>& columns) {
  if (static_cast<Index>(columns.size()) == points.cols()) return points;
  return select_columns(points, columns);
}

}  // namespace

void respect_labels(const std::vector<int>& labels, Index k, std::vector<Index>* partition) {
  if (labels.empty()) return;
  // shared(c, l): points of component c with label l; pairs are joined from the largest down.
  Eigen::MatrixXi shared = Eigen::MatrixXi::Zero(k, k);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= 0) ++shared((*partition)[i], labels[i]);
  }
  std::vector<Index> number(static_cast<std::size_t>(k), 0);
  for (Index pair = 0; pair < k; ++pair) {
    Index component = 0, label = 0;
    shared.maxCoeff(&component, &label);
    number[static_cast<std::size_t>(component)] = label;
    shared.row(component).setConstant(-1);
    shared.col(label).setConstant(-1);
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Index& component = (*partition)[i];
    component = labels[i] >= 0 ? labels[i] : number[static_cast<std::size_t>(component)];
  }
}

Starts::Starts(Eigen::MatrixXd points, Eigen::VectorXd weights, std::vector<int> labels,
               Index n_starts, std::uint64_t seed, Workers& workers, Monitor& monitor)
    : points_(std::move(points)), weights_(std::move(weights)), labels_(std::move(labels)),
      n_starts_(n_starts), seed_(seed), spherable_(points_.cols() > points_.rows()) {
  if (spherable_) {
    const PrincipalAxes components(points_, weights_);
    sphered_ = components.sphered();
    half_sphered_ = components.half_sphered();
  }
  if (sphered_.rows() == 0) sphered_ = half_sphered_ = points_;
  for (Index i = 0; i < points_.cols(); ++i) leaves_.push_back(i);
  if (points_.cols() > most_leaves) {
    RngStream(seed, mixture_start, 2, 0).shuffle(leaves_);
    leaves_.resize(static_cast<std::size_t>(most_leaves));
    std::sort(leaves_.begin(), leaves_.end());
  }
  const Eigen::VectorXd masses = select(weights_, leaves_);
  const bool one_column = points_.rows() == 1;
  // Of trees those that some start is cut from.
  SharedMonitor shared(monitor);
  shared.watch([&] {
    workers.run(4, [&](Index tree) {
      if (tree != 2 && !spherable_) return;
      if (tree == 0 && (one_column || n_starts > by_model)) {
        model_ = model_based(some(sphered_, leaves_), masses, shared);
      }
      if (tree == 1 && !one_column) {
        volume_ = volume_and_trace(some(half_sphered_, leaves_), masses, shared);
      }
      if (tree == 2 && (!spherable_ || n_starts > by_ward)) {
        ward_scaled_ = ward(some(points_, leaves_), masses, shared);
      }
      if (tree == 3 && !one_column && n_starts > by_ward_sphered) {
        ward_sphered_ = ward(some(sphered_, leaves_), masses, shared);
      }
    });
  });
}

std::vector<Start> Starts::make(Index k, Workers& workers, Monitor& monitor) const {
  std::vector<Start> starts;
  const Index n = k == 1 ? 1 : n_starts_;
  for (Index which = 0; which < n; ++which) {
    starts.push_back(make_one(k, which, workers, monitor));
    respect_labels(labels_, k, &starts.back().partition);
  }
  return starts;
}

Start Starts::make_one(Index k, Index which, Workers& workers, Monitor& monitor) const {
  if (k == 1)
    return {"one component", std::vector<Index>(static_cast<std::size_t>(points_.cols()))};
  const std::uint64_t stream = static_cast<std::uint64_t>(which);
  const auto random_points = [&]() -> Start {
    return {"random points",
            random_partition(view(points_), weights_, k, RngStream(seed_, mixture_start, 3, stream),
                             workers, monitor)};
  };
  if (!spherable_) {
    if (which == 0) return {"Ward's tree", from_tree(ward_scaled_, points_, k)};
    if (which % 2 == 0) return random_points();
    return {"k-means", from_kmeans(points_, k, stream, workers, monitor)};
  }
  const bool one_column = points_.rows() == 1;
  if (which == by_volume && !one_column) {
    return {"tree by volume and trace", from_tree(volume_, half_sphered_, k)};
  }
  if (which == by_ward) return {"Ward's tree", from_tree(ward_scaled_, points_, k)};
  if (which == by_ward_sphered) {
    if (one_column) return {"quantiles", quantiles(k)};
    return {"Ward's tree, sphered", from_tree(ward_sphered_, sphered_, k)};
  }
  if (which == by_model || which == 0) {
    return {"model-based tree", from_tree(model_, sphered_, k)};
  }
  switch (which % 3) {
  case 0:
    return random_points();
  case 1:
    return {"k-means, sphered", from_kmeans(sphered_, k, stream, workers, monitor)};
  default:
    return {"k-means", from_kmeans(points_, k, stream, workers, monitor)};
  }
}

std::vector<Index> Starts::from_tree(const Merges& tree, const Eigen::MatrixXd& points,
                                     Index k) const {
  const std::vector<Index> labels = cut(tree, std::min<Index>(k, tree.n_points));
  if (tree.n_points == points.cols()) return labels;
  std::vector<Index> all(static_cast<std::size_t>(points.cols()));
  Classifier(some(points, leaves_), select(weights_, leaves_), labels, k)
      .classify(view(points), all.data());
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    all[static_cast<std::size_t>(leaves_[i])] = labels[i];
  }
  return all;
}

// Of one column: as many points in each component.
std::vector<Index> Starts::quantiles(Index k) const {
  const Index n = points_.cols();
  std::vector<Index> order(static_cast<std::size_t>(n)), labels(order.size());
  for (Index i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return points_(0, a) < points_(0, b); });
  for (Index i = 0; i < n; ++i) {
    labels[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = i * k / n;
  }
  return labels;
}

// The labelled points' means are seeds of their components.
std::vector<Index> Starts::from_kmeans(const Eigen::MatrixXd& points, Index k, std::uint64_t stream,
                                       Workers& workers, Monitor& monitor) const {
  Index n_labels = 0;
  for (const int label : labels_) n_labels = std::max<Index>(n_labels, label + 1);
  Eigen::MatrixXd seeds = Eigen::MatrixXd::Zero(points.rows(), n_labels);
  Eigen::VectorXd mass = Eigen::VectorXd::Zero(n_labels);
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    if (labels_[i] < 0) continue;
    const Index at = static_cast<Index>(i);
    seeds.col(labels_[i]) += weights_[at] * points.col(at);
    mass[labels_[i]] += weights_[at];
  }
  seeds = seeds * mass.cwiseMax(1e-300).cwiseInverse().asDiagonal();
  return kmeans(view(points), weights_, k, seeds, RngStream(seed_, mixture_start, 0, stream),
                workers, monitor);
}

}  // namespace gmvae
