// Agglomeration by the classification likelihood.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/dense.h"
#include "gmm/start/hierarchical.h"
#include "simd/kernels.h"

namespace gmvae {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using Eigen::ArrayXd;

Index packed_size(Index d) { return d * (d + 1) / 2; }

ArrayXd exp_of(const ArrayXd& x) {
  ArrayXd y(x.size());
  kernels<double>().exp(x.size(), x.data(), y.data());
  return y;
}

ArrayXd log_of(const ArrayXd& x) {
  ArrayXd y(x.size());
  kernels<double>().log(x.size(), x.data(), y.data());
  return y;
}

// What clusters of mass n and scatter W add to the criterion, all arrays having one entry for each
// cluster.  r is the mean variance of all points.
struct Criterion {
  virtual ~Criterion() = default;

  // What is added to the diagonal of W before log |W| is taken.
  virtual double ridge(double r) const = 0;

  // From log |W + ridge I| and tr W.
  virtual ArrayXd of_clusters(double d, double r, const ArrayXd& n, const ArrayXd& log_determinant,
                              const ArrayXd& trace) const = 0;

  // Of clusters of two points, where W = g g': from g'g.
  virtual ArrayXd of_two(double d, double r, const ArrayXd& n, const ArrayXd& square) const = 0;
};

// n log |(W + r I) / n|
struct Penalised : Criterion {
  double ridge(double r) const override { return r; }

  ArrayXd of_clusters(double d, double, const ArrayXd& n, const ArrayXd& log_determinant,
                      const ArrayXd&) const override {
    return n * (log_determinant - d * log_of(n));
  }

  // |r I + g g'| = r^d (1 + g'g / r)
  ArrayXd of_two(double d, double r, const ArrayXd& n, const ArrayXd& square) const override {
    return n * (d * std::log(r) + log_of(1.0 + square / r) - d * log_of(n));
  }
};

// n log(|W / n| + (tr W + r) / n), the determinant being zero where n <= d
struct VolumeAndTrace : Criterion {
  double ridge(double) const override { return 0.0; }

  ArrayXd of_clusters(double d, double r, const ArrayXd& n, const ArrayXd& log_determinant,
                      const ArrayXd& trace) const override {
    const ArrayXd volume = log_determinant - d * log_of(n), size = (trace + r) / n;
    const ArrayXd shift = volume.max(0.0);
    const ArrayXd sum = exp_of(volume - shift) + size * exp_of(-shift);
    return n * (n > d).select(shift + log_of(sum), log_of(size));
  }

  ArrayXd of_two(double d, double r, const ArrayXd& n, const ArrayXd& square) const override {
    ArrayXd sum = square + r;
    for (Index i = 0; d == 1.0 && i < n.size(); ++i) {
      if (n[i] > 1.0) sum[i] += square[i];
    }
    return n * log_of(sum / n);
  }
};

// Agglomeration from groups of points.  The clusters that are left are the slots 0, ...,
// n_left_ - 1; matrices have one row for each slot.
class Agglomeration {
 public:
  Agglomeration(const Criterion& criterion, const Eigen::MatrixXd& points,
                const Eigen::VectorXd& weights, const std::vector<Index>& labels, Index k);
  void run(std::vector<Merge>& steps, Monitor& monitor);

 private:
  ArrayXd united(Index n_slots, double mass, const Eigen::VectorXd& mean,
                 const Eigen::VectorXd& scatter);
  void update_costs(Index slot, Index n_slots);
  void update_point_costs(Index slot, Index n_slots);
  void set_costs(Index slot, const ArrayXd& united);
  void join(Index a, Index b);
  void move(Index from, Index to);
  void mirror(Index slot, Index n_slots);
  void find_nearest(Index slot);

  const Criterion& criterion_;
  const Index d_;
  Index n_left_;
  double variance_ = 0.0;        // mean of all points
  Eigen::VectorXd mass_;         // slots
  Eigen::MatrixXd means_;        // slots x d
  Eigen::MatrixXd scatter_;      // slots x d (d + 1) / 2: lower triangles of W_k, packed by rows
  Eigen::VectorXd criteria_;     // slots
  Eigen::MatrixXd costs_;        // slots x slots: of merging two; symmetric, diagonal infinite
  Eigen::VectorXd least_costs_;  // slots: the least of each column ...
  std::vector<Index> nearest_;   // ... and its row, or -1 where that has gone
  std::vector<Index> points_;    // a point of each cluster
  std::vector<double> workspace_;
};

Agglomeration::Agglomeration(const Criterion& criterion, const Eigen::MatrixXd& points,
                             const Eigen::VectorXd& weights, const std::vector<Index>& labels,
                             Index k)
    : criterion_(criterion), d_(points.rows()), n_left_(k), nearest_(static_cast<std::size_t>(k)),
      points_(static_cast<std::size_t>(k)),
      workspace_(static_cast<std::size_t>(24 * d_ * (d_ + 5))) {
  const Groups groups = group(points, weights, labels, k);
  mass_ = groups.mass;
  means_ = groups.means.transpose();
  scatter_ = Eigen::MatrixXd::Zero(k, packed_size(d_));
  for (Index i = 0; i < points.cols(); ++i) {
    const Index slot = labels[static_cast<std::size_t>(i)];
    points_[static_cast<std::size_t>(slot)] = i;
    for (Index p = 0, entry = 0; p < d_; ++p) {
      for (Index q = 0; q <= p; ++q, ++entry) {
        scatter_(slot, entry) += weights[i] * groups.centred(p, i) * groups.centred(q, i);
      }
    }
  }
  variance_ = mean_variance(points, weights, multiply_vector(points, weights));
  costs_ = Eigen::MatrixXd::Constant(k, k, infinity);
  least_costs_.resize(k);
}

// What the first n_slots clusters, each united with another one, add to the criterion.
ArrayXd Agglomeration::united(Index n_slots, double mass, const Eigen::VectorXd& mean,
                              const Eigen::VectorXd& scatter) {
  ArrayXd log_determinants(n_slots), traces(n_slots);
  kernels<double>().unions(n_slots, d_, mass_.data(), means_.data(), scatter_.data(),
                           scatter_.rows(), mass, mean.data(), scatter.data(),
                           criterion_.ridge(variance_), workspace_.data(), log_determinants.data(),
                           traces.data());
  return criterion_.of_clusters(static_cast<double>(d_), variance_,
                                mass_.head(n_slots).array() + mass, log_determinants, traces);
}

// The costs of merging `slot` with the first n_slots.
void Agglomeration::update_costs(Index slot, Index n_slots) {
  set_costs(slot, united(n_slots, mass_[slot], means_.row(slot), scatter_.row(slot)));
}

// The same where all W_k are zero.
void Agglomeration::update_point_costs(Index slot, Index n_slots) {
  const Eigen::VectorXd mean = means_.row(slot), ones = Eigen::VectorXd::Ones(d_);
  ArrayXd square(n_slots), mass(n_slots);
  kernels<double>().diagonal_norms(n_slots, d_, means_.data(), means_.rows(), mean.data(),
                                   ones.data(), square.data());
  for (Index i = 0; i < n_slots; ++i) {
    mass[i] = mass_[i] + mass_[slot];
    square[i] *= mass_[i] * mass_[slot] / mass[i];
  }
  set_costs(slot, criterion_.of_two(static_cast<double>(d_), variance_, mass, square));
}

// From what the first clusters, united with `slot`, add to the criterion.
void Agglomeration::set_costs(Index slot, const ArrayXd& united) {
  for (Index i = 0; i < united.size(); ++i) {
    costs_(i, slot) = united[i] - criteria_[i] - criteria_[slot];
  }
}

// costs_ is symmetric again after update_costs().
void Agglomeration::mirror(Index slot, Index n_slots) {
  for (Index other = 0; other < n_slots; ++other) costs_(slot, other) = costs_(other, slot);
}

void Agglomeration::find_nearest(Index slot) {
  // Two passes, because Eigen's minimum with its place is not vectorised.
  const double* const costs = costs_.col(slot).data();
  least_costs_[slot] = costs_.col(slot).head(n_left_).minCoeff();
  nearest_[static_cast<std::size_t>(slot)] =
      std::find(costs, costs + n_left_, least_costs_[slot]) - costs;
}

// Slot a takes slot b in; its costs are then to be updated.
void Agglomeration::join(Index a, Index b) {
  const double mass = mass_[a] + mass_[b], share = mass_[a] * mass_[b] / mass;
  const Eigen::RowVectorXd gap = means_.row(b) - means_.row(a);
  for (Index p = 0, entry = 0; p < d_; ++p) {
    for (Index q = 0; q <= p; ++q, ++entry) {
      scatter_(a, entry) += scatter_(b, entry) + share * gap[p] * gap[q];
    }
  }
  for (Index p = 0; p < d_; ++p) means_(a, p) += mass_[b] / mass * gap[p];
  mass_[a] = mass;
  criteria_[a] += criteria_[b] + costs_(a, b);
  for (Index slot = 0; slot < n_left_; ++slot) {
    Index& nearest = nearest_[static_cast<std::size_t>(slot)];
    if (nearest == a || nearest == b) nearest = -1;
  }
}

void Agglomeration::move(Index from, Index to) {
  mass_[to] = mass_[from];
  means_.row(to) = means_.row(from);
  scatter_.row(to) = scatter_.row(from);
  criteria_[to] = criteria_[from];
  costs_.col(to) = costs_.col(from);
  costs_.row(to) = costs_.row(from);
  costs_(to, to) = infinity;
  least_costs_[to] = least_costs_[from];
  nearest_[static_cast<std::size_t>(to)] = nearest_[static_cast<std::size_t>(from)];
  points_[static_cast<std::size_t>(to)] = points_[static_cast<std::size_t>(from)];
  std::replace(nearest_.begin(), nearest_.begin() + n_left_, from, to);
}

void Agglomeration::run(std::vector<Merge>& steps, Monitor& monitor) {
  criteria_ =
      united(n_left_, 0.0, Eigen::VectorXd::Zero(d_), Eigen::VectorXd::Zero(scatter_.cols()));
  const bool points_only = scatter_.isZero(0.0);
  for (Index slot = 0; slot < n_left_; ++slot) {
    if (points_only) {
      update_point_costs(slot, slot);
    } else {
      update_costs(slot, slot);
    }
    costs_.col(slot).tail(costs_.rows() - slot).setConstant(infinity);
    mirror(slot, slot);
    monitor.poll();
  }
  for (Index slot = 0; slot < n_left_; ++slot) find_nearest(slot);
  while (n_left_ > 1) {
    Index a, b;
    least_costs_.head(n_left_).minCoeff(&a);
    b = nearest_[static_cast<std::size_t>(a)];
    if (b < a) std::swap(a, b);
    steps.push_back(
        {points_[static_cast<std::size_t>(a)], points_[static_cast<std::size_t>(b)], costs_(a, b)});
    join(a, b);
    move(n_left_ - 1, b);
    --n_left_;
    update_costs(a, n_left_);
    costs_(a, a) = infinity;
    mirror(a, n_left_);
    for (Index slot = 0; slot < n_left_; ++slot) {
      Index& nearest = nearest_[static_cast<std::size_t>(slot)];
      if (slot != a && costs_(slot, a) <= least_costs_[slot]) {  // not above what was the least
        nearest = a;
        least_costs_[slot] = costs_(slot, a);
      } else if (slot == a || nearest < 0) {
        find_nearest(slot);
      }
    }
    monitor.poll();
  }
}

// The number of clusters whose agglomeration, about k^2 / 2 determinants, takes half a second.
Index most_groups(Index d) {
  const double dims = static_cast<double>(d);
  return std::max<Index>(64, static_cast<Index>(std::sqrt(1e10 / (dims * dims * (dims + 12.0)))));
}

Merges agglomerate(const Criterion& criterion, const Eigen::MatrixXd& points,
                   const Eigen::VectorXd& weights, Monitor& monitor) {
  Merges merges = ward(points, weights, monitor);
  const auto n_apart = std::count_if(merges.steps.begin(), merges.steps.end(),
                                     [](const Merge& step) { return step.cost > 0.0; });
  const Index k = std::min<Index>(n_apart + 1, most_groups(points.rows()));
  if (k == 1) return merges;
  const std::vector<Index> labels = cut(merges, k);
  merges.steps.resize(static_cast<std::size_t>(merges.n_points - k));
  Agglomeration(criterion, points, weights, labels, k).run(merges.steps, monitor);
  return merges;
}

}  // namespace

Merges model_based(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
                   Monitor& monitor) {
  return agglomerate(Penalised(), points, weights, monitor);
}

Merges volume_and_trace(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
                        Monitor& monitor) {
  return agglomerate(VolumeAndTrace(), points, weights, monitor);
}

}  // namespace gmvae
