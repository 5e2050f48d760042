// Agglomeration by the classification likelihood.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "gmm/hierarchical.h"
#include "simd/kernels.h"

namespace gmvae {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Several clusters side by side: one instruction serves some or all of them.
constexpr Index n_lanes = 8;
using Lanes = Eigen::Array<double, n_lanes, 1>;

Index packed_size(Index d) { return d * (d + 1) / 2; }

Lanes exp_of(const Lanes& x) {
  Lanes y;
  kernels<double>().exp(n_lanes, x.data(), y.data());
  return y;
}

Lanes log_of(const Lanes& x) {
  Lanes y;
  kernels<double>().log(n_lanes, x.data(), y.data());
  return y;
}

// log |A| of n_lanes positive definite matrices from their lower triangles, packed by rows and
// overwritten by the factor L of A = L D L'.
Lanes log_determinant(Index d, Lanes* packed, Lanes* row) {
  constexpr Index n_factors = 8;            // of a product that can't overflow ...
  constexpr double smallest_pivot = 1e-30;  // ... or underflow; below is rounding
  Lanes sum = Lanes::Zero(), product = Lanes::Ones();
  Lanes* const inverse = row + d;  // of the pivots
  Lanes* a = packed;
  for (Index p = 0; p < d; a += ++p) {
    const Lanes* l = packed;
    Lanes pivot = a[p];
    for (Index q = 0; q < p; l += ++q) {
      Lanes entry = a[q];
      for (Index t = 0; t < q; ++t) entry -= row[t] * l[t];
      row[q] = entry;
      a[q] = entry * inverse[q];
      pivot -= entry * a[q];
    }
    pivot = pivot.max(smallest_pivot);
    inverse[p] = pivot.inverse();
    product *= pivot;
    if ((p + 1) % n_factors == 0 || p + 1 == d) {
      sum += log_of(product);
      product.setOnes();
    }
  }
  return sum;
}

// What a cluster of some mass n and scatter W adds to the criterion, W packed (and overwritten) or,
// of two points, g g'.  r is the mean variance of all points.

// n log |(W + r I) / n|
struct Penalised {
  static Lanes of_cluster(Index d, double r, const Lanes& n, Lanes* packed, Lanes* row) {
    for (Index p = 0, entry = 0; p < d; entry += ++p + 1) packed[entry] += r;
    return n * (log_determinant(d, packed, row) - static_cast<double>(d) * log_of(n));
  }

  // |r I + g g'| = r^d (1 + g'g / r)
  static Lanes of_two(Index d, double r, const Lanes& n, const Lanes& square) {
    const double dims = static_cast<double>(d);
    return n * (dims * std::log(r) + log_of(1.0 + square / r) - dims * log_of(n));
  }
};

// n log(|W / n| + (tr W + r) / n), the determinant being zero where n <= d
struct VolumeAndTrace {
  static Lanes of_cluster(Index d, double r, const Lanes& n, Lanes* packed, Lanes* row) {
    Lanes trace = Lanes::Constant(r);
    for (Index p = 0, entry = 0; p < d; entry += ++p + 1) trace += packed[entry];
    const double dims = static_cast<double>(d);
    const Lanes volume = log_determinant(d, packed, row) - dims * log_of(n);
    const Lanes shift = volume.max(0.0);
    const Lanes scaled = trace / n * exp_of(-shift);
    return n *
           (n > dims).select(shift + log_of(exp_of(volume - shift) + scaled), log_of(trace / n));
  }

  static Lanes of_two(Index d, double r, const Lanes& n, const Lanes& square) {
    const Lanes volume = d > 1 ? Lanes(Lanes::Zero()) : Lanes((n > 1.0).select(square, 0.0));
    return n * log_of((volume + square + r) / n);
  }
};

// Agglomeration from groups of points.  The clusters that are left are the slots 0, ...,
// n_left_ - 1; matrices have one row for each slot, so that neighbouring slots fill the lanes; rows
// beyond are finite and of no account.
template <typename Criterion>
class Agglomeration {
 public:
  Agglomeration(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
                const std::vector<Index>& labels, Index k);
  void run(std::vector<Merge>& steps, Monitor& monitor);

 private:
  Lanes criterion(const Lanes& mass) {  // of the clusters whose W_k are in packed_
    return Criterion::of_cluster(d_, variance_, mass, packed_.data(), row_.data());
  }
  void update_costs(Index slot, Index n_slots);
  void update_point_costs(Index slot, Index n_slots);
  void join(Index a, Index b);
  void move(Index from, Index to);
  void mirror(Index slot, Index n_slots);
  void find_nearest(Index slot);

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
  std::vector<Lanes> packed_, row_;  // workspace
};

template <typename Criterion>
Agglomeration<Criterion>::Agglomeration(const Eigen::MatrixXd& points,
                                        const Eigen::VectorXd& weights,
                                        const std::vector<Index>& labels, Index k)
    : d_(points.rows()), n_left_(k), nearest_(static_cast<std::size_t>(k)),
      points_(static_cast<std::size_t>(k)), packed_(static_cast<std::size_t>(packed_size(d_))),
      row_(static_cast<std::size_t>(2 * d_)) {
  const Index n_slots = (k + n_lanes - 1) / n_lanes * n_lanes;
  const Groups groups = group(points, weights, labels, k);
  mass_ = Eigen::VectorXd::Ones(n_slots);
  mass_.head(k) = groups.mass;
  means_ = Eigen::MatrixXd::Zero(n_slots, d_);
  means_.topRows(k) = groups.means.transpose();
  scatter_ = Eigen::MatrixXd::Zero(n_slots, packed_size(d_));
  for (Index i = 0; i < points.cols(); ++i) {
    const Index slot = labels[static_cast<std::size_t>(i)];
    points_[static_cast<std::size_t>(slot)] = i;
    for (Index p = 0, entry = 0; p < d_; ++p) {
      for (Index q = 0; q <= p; ++q, ++entry) {
        scatter_(slot, entry) += weights[i] * groups.centred(p, i) * groups.centred(q, i);
      }
    }
  }
  const Eigen::VectorXd mean = points * weights / weights.sum();
  variance_ = (points.colwise() - mean).colwise().squaredNorm().dot(weights) /
              (weights.sum() * static_cast<double>(d_));
  criteria_.resize(n_slots);
  costs_ = Eigen::MatrixXd::Constant(n_slots, n_slots, infinity);
  least_costs_.resize(n_slots);
}

// The costs of merging `slot` with the first n_slots, where W = W_a + W_b + n_a n_b / (n_a + n_b)
// (m_a - m_b) (m_a - m_b)'.
template <typename Criterion>
void Agglomeration<Criterion>::update_costs(Index slot, Index n_slots) {
  for (Index begin = 0; begin < n_slots; begin += n_lanes) {
    const auto lanes = [&](const auto& columns, Index j) {
      return columns.col(j).template segment<n_lanes>(begin).array();
    };
    const Lanes mass = lanes(mass_, 0) + mass_[slot];
    const Lanes share = lanes(mass_, 0) * mass_[slot] / mass;
    Lanes* const gap = row_.data();
    for (Index p = 0; p < d_; ++p) gap[p] = lanes(means_, p) - means_(slot, p);
    Lanes* packed = packed_.data();
    for (Index p = 0, entry = 0; p < d_; ++p) {
      const Lanes scaled = share * gap[p];
      for (Index q = 0; q <= p; ++q, ++entry) {
        *packed++ = lanes(scatter_, entry) + scatter_(slot, entry) + scaled * gap[q];
      }
    }
    costs_.col(slot).template segment<n_lanes>(begin) =
        criterion(mass) - lanes(criteria_, 0) - criteria_[slot];
  }
}

// The same where all W_k are zero.
template <typename Criterion>
void Agglomeration<Criterion>::update_point_costs(Index slot, Index n_slots) {
  for (Index begin = 0; begin < n_slots; begin += n_lanes) {
    const Lanes other = mass_.template segment<n_lanes>(begin), mass = other + mass_[slot];
    Lanes square = Lanes::Zero();
    for (Index p = 0; p < d_; ++p) {
      square += (means_.col(p).template segment<n_lanes>(begin).array() - means_(slot, p)).square();
    }
    costs_.col(slot).template segment<n_lanes>(begin) =
        Criterion::of_two(d_, variance_, mass, other * mass_[slot] / mass * square) -
        criteria_.template segment<n_lanes>(begin).array() - criteria_[slot];
  }
}

// costs_ is symmetric again after update_costs().
template <typename Criterion>
void Agglomeration<Criterion>::mirror(Index slot, Index n_slots) {
  for (Index other = 0; other < n_slots; ++other) costs_(slot, other) = costs_(other, slot);
}

template <typename Criterion>
void Agglomeration<Criterion>::find_nearest(Index slot) {
  // Two passes, because Eigen's minimum with its place is not vectorised.
  const double* const costs = costs_.col(slot).data();
  least_costs_[slot] = costs_.col(slot).head(n_left_).minCoeff();
  nearest_[static_cast<std::size_t>(slot)] =
      std::find(costs, costs + n_left_, least_costs_[slot]) - costs;
}

// Slot a takes slot b in; its costs are then to be updated.
template <typename Criterion>
void Agglomeration<Criterion>::join(Index a, Index b) {
  const double mass = mass_[a] + mass_[b], share = mass_[a] * mass_[b] / mass;
  const Eigen::RowVectorXd gap = means_.row(b) - means_.row(a);
  for (Index p = 0, entry = 0; p < d_; ++p) {
    for (Index q = 0; q <= p; ++q, ++entry) {
      scatter_(a, entry) += scatter_(b, entry) + share * gap[p] * gap[q];
    }
  }
  means_.row(a) += mass_[b] / mass * gap;
  mass_[a] = mass;
  criteria_[a] += criteria_[b] + costs_(a, b);
  for (Index slot = 0; slot < n_left_; ++slot) {
    Index& nearest = nearest_[static_cast<std::size_t>(slot)];
    if (nearest == a || nearest == b) nearest = -1;
  }
}

template <typename Criterion>
void Agglomeration<Criterion>::move(Index from, Index to) {
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

template <typename Criterion>
void Agglomeration<Criterion>::run(std::vector<Merge>& steps, Monitor& monitor) {
  for (Index begin = 0; begin < mass_.size(); begin += n_lanes) {
    for (Index entry = 0; entry < scatter_.cols(); ++entry) {
      packed_[static_cast<std::size_t>(entry)] =
          scatter_.col(entry).template segment<n_lanes>(begin);
    }
    criteria_.template segment<n_lanes>(begin) = criterion(mass_.template segment<n_lanes>(begin));
  }
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

template <typename Criterion>
Merges agglomerate(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
                   Monitor& monitor) {
  Merges merges = ward(points, weights, monitor);
  const auto n_apart = std::count_if(merges.steps.begin(), merges.steps.end(),
                                     [](const Merge& step) { return step.cost > 0.0; });
  const Index k = std::min<Index>(n_apart + 1, most_groups(points.rows()));
  if (k == 1) return merges;
  const std::vector<Index> labels = cut(merges, k);
  merges.steps.resize(static_cast<std::size_t>(merges.n_points - k));
  Agglomeration<Criterion>(points, weights, labels, k).run(merges.steps, monitor);
  return merges;
}

}  // namespace

Merges model_based(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
                   Monitor& monitor) {
  return agglomerate<Penalised>(points, weights, monitor);
}

Merges volume_and_trace(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
                        Monitor& monitor) {
  return agglomerate<VolumeAndTrace>(points, weights, monitor);
}

}  // namespace gmvae
