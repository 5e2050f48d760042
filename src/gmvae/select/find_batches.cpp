#include "gmvae/select/find_batches.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/eigen.h"
#include "core/rng.h"
#include "core/select.h"
#include "core/shared_monitor.h"
#include "gmm/start/kmeans.h"
#include "gmvae/data/principal_components.h"

namespace gmvae {

namespace {

constexpr Purpose batches_purpose{12};

constexpr Index most_cells = 2000;  // of more, so many evenly spread are enough
constexpr Index most_components = 20;
constexpr Index most_directions = 10;  // components along which a division is looked for
constexpr Index fewest_kinds = 3, most_kinds = 6;
constexpr Index least_cells = 50;     // of a side
constexpr double least_share = 0.1;   // of a side, of the cells
constexpr double least_mixed = 0.05;  // of a kind's smaller side, of its cells
constexpr double least_held = 0.95;   // of the cells, in kinds that have both sides
constexpr double least_gap = 7;
constexpr double least_likeness = 0.6;
constexpr double least_apart = 5;  // gap between any two kinds
constexpr Index most_rounds = 10;
constexpr Index rough_starts = 2, n_starts = 5;  // of k-means

using Labels = std::vector<Index>;

// How far apart two groups of numbers are, in standard deviations (Ashman, Bird & Zepf 1994,
// <doi:10.1086/117248>, their D): 2.7 for the halves of a normal distribution, 3.5 for those of a
// uniform one.
class Gap {
 public:
  void add(double value, bool second) {
    Sums& s = sums_[second ? 1 : 0];
    s.n += 1;
    const double step = value - s.mean;
    s.mean += step / s.n;
    s.squares += step * (value - s.mean);
  }

  double value() const {
    if (sums_[0].n < 2 || sums_[1].n < 2) return 0;
    const double variance =
        (sums_[0].squares / (sums_[0].n - 1) + sums_[1].squares / (sums_[1].n - 1)) / 2;
    const double distance = std::fabs(sums_[0].mean - sums_[1].mean);
    return distance > 0 ? distance / std::sqrt(variance) : 0;
  }

 private:
  struct Sums {
    double n = 0, mean = 0, squares = 0;
  };
  Sums sums_[2];
};

struct Division {
  double gap = 0, likeness = 0;  // no division where they are 0
  Eigen::MatrixXd kinds;         // L x kinds: midpoints of both sides
  Eigen::VectorXd shift;         // L: from the first side to the second

  bool second(const Eigen::VectorXd& point) const {
    const double first = (kinds.colwise() - (point + shift / 2)).colwise().squaredNorm().minCoeff();
    const double other = (kinds.colwise() - (point - shift / 2)).colwise().squaredNorm().minCoeff();
    return other < first;
  }
};

// One search for a division of points (L x n).
class Divider {
 public:
  explicit Divider(const Eigen::MatrixXd& points) : points_(points) {}

  // From the two halves of a component on.
  Division divide(Index component, Index n_kinds) {
    side_ = two_means(points_.row(component));
    Division division = improve(n_kinds);
    if (division.gap < least_gap) return {};
    division.likeness = likeness();
    return division.likeness >= least_likeness ? division : Division();
  }

 private:
  // The division of a line into two that leaves the least variance; 1 is the upper part.
  static Labels two_means(const Eigen::VectorXd& value) {
    const Index n = value.size();
    Eigen::VectorXd sorted = value;
    std::sort(sorted.data(), sorted.data() + n);
    const double total = sorted.sum();
    double below = 0, most = -1, border = 0;
    for (Index i = 1; i < n; ++i) {
      below += sorted[i - 1];
      const double left = static_cast<double>(i), right = static_cast<double>(n - i);
      const double distance = below / left - (total - below) / right;
      if (left * right * distance * distance > most) {
        most = left * right * distance * distance;
        border = sorted[i - 1];
      }
    }
    Labels side;
    for (Index i = 0; i < n; ++i) side.push_back(value[i] > border ? 1 : 0);
    return side;
  }

  // Kinds by k-means of the cells less their side's mean; the shift between the sides of each; new
  // sides along it; and again.  The gap is 0 where the result is no division as said above.
  Division improve(Index n_kinds) {
    for (Index round = 0; round < most_rounds && is_large_enough(); ++round) {
      const Eigen::MatrixXd centred = less_side_means();
      const Labels kind = cluster(centred, n_kinds, rough_starts);
      const Eigen::MatrixXd sizes = sizes_of(kind, n_kinds);
      Division division = shifted_kinds(kind, sizes);
      if (division.shift.size() == 0) return {};
      Labels side;
      Gap gap;
      for (Index i = 0; i < points_.cols(); ++i) {
        const double along =
            division.shift.dot(points_.col(i) - division.kinds.col(kind[std::size_t(i)]));
        side.push_back(along > 0 ? 1 : 0);
        gap.add(along, along > 0);
      }
      if (side == side_) {
        if (share_held(sizes) < least_held || !are_apart(centred, kind, n_kinds)) return {};
        division.gap = gap.value();
        return division;
      }
      side_ = std::move(side);
    }
    return {};
  }

  bool is_large_enough() const {
    const Index n = points_.cols(), second = std::count(side_.begin(), side_.end(), 1);
    const Index least = std::max(least_cells, static_cast<Index>(least_share * double(n)));
    return std::min(second, n - second) >= least;
  }

  Eigen::MatrixXd less_side_means() const {
    const Eigen::MatrixXd mean = group_means(points_, side_, 2);
    Eigen::MatrixXd centred = points_;
    for (Index i = 0; i < points_.cols(); ++i) centred.col(i) -= mean.col(side_[std::size_t(i)]);
    return centred;
  }

  // Cells by kind and side: kinds x 2.
  Eigen::MatrixXd sizes_of(const Labels& kind, Index n_kinds) const {
    Eigen::MatrixXd sizes = Eigen::MatrixXd::Zero(n_kinds, 2);
    for (std::size_t i = 0; i < kind.size(); ++i) sizes(kind[i], side_[i]) += 1;
    return sizes;
  }

  // Midpoints and shift, the mean over the kinds by what they tell of it.  No shift where no kind
  // has cells on both sides.
  Division shifted_kinds(const Labels& kind, const Eigen::MatrixXd& sizes) const {
    const Index n_kinds = sizes.rows();
    Labels kind_and_side;
    for (std::size_t i = 0; i < kind.size(); ++i) {
      kind_and_side.push_back(kind[i] + n_kinds * side_[i]);
    }
    const Eigen::MatrixXd mean = group_means(points_, kind_and_side, 2 * n_kinds);
    const auto first = mean.leftCols(n_kinds), second = mean.rightCols(n_kinds);
    const auto is_on_both = [&](Index t) { return sizes.row(t).minCoeff() >= 3; };
    Eigen::VectorXd shift = Eigen::VectorXd::Zero(points_.rows());
    double weights = 0;
    for (Index t = 0; t < n_kinds; ++t) {
      if (!is_on_both(t)) continue;
      const double weight = sizes.row(t).prod() / sizes.row(t).sum();
      shift += weight * (second.col(t) - first.col(t));
      weights += weight;
    }
    Division division;
    if (weights == 0) return division;
    division.shift = shift / weights;
    division.kinds = (first + second) / 2;
    for (Index t = 0; t < n_kinds; ++t) {
      if (is_on_both(t)) continue;
      if (sizes(t, 0) > sizes(t, 1)) {
        division.kinds.col(t) = first.col(t) + division.shift / 2;
      } else {
        division.kinds.col(t) = second.col(t) - division.shift / 2;
      }
    }
    return division;
  }

  // Of the cells, in kinds with enough cells on both sides.
  static double share_held(const Eigen::MatrixXd& sizes) {
    double held = 0;
    for (Index t = 0; t < sizes.rows(); ++t) {
      if (sizes.row(t).minCoeff() > least_mixed * sizes.row(t).sum()) held += sizes.row(t).sum();
    }
    return held / sizes.sum();
  }

  // Is each two of the kinds divided by a gap?
  static bool are_apart(const Eigen::MatrixXd& centred, const Labels& kind, Index n_kinds) {
    const Eigen::MatrixXd centres = group_means(centred, kind, n_kinds);
    for (Index a = 0; a < n_kinds; ++a) {
      for (Index b = 0; b < a; ++b) {
        const Eigen::VectorXd line = centres.col(a) - centres.col(b);
        Gap gap;
        for (Index i = 0; i < centred.cols(); ++i) {
          const Index t = kind[std::size_t(i)];
          if (t == a || t == b) gap.add(line.dot(centred.col(i)), t == a);
        }
        if (gap.value() < least_apart) return false;
      }
    }
    return true;
  }

  // How alike the kinds of both sides lie, each found in its side alone and matched one to one:
  // 2 sum <a, b> / (sum |a|^2 + sum |b|^2) of their centres, less the mean of all; at most 1.
  double likeness() {
    double best = 0;
    for (Index n_kinds = fewest_kinds; n_kinds <= most_kinds - 1; ++n_kinds) {
      const Eigen::MatrixXd a = centres_of_side(0, n_kinds), b = centres_of_side(1, n_kinds);
      const Eigen::MatrixXd product = a.transpose() * b;
      std::vector<Index> match(static_cast<std::size_t>(n_kinds));
      std::iota(match.begin(), match.end(), 0);
      double most = -std::numeric_limits<double>::infinity();
      do {
        double sum = 0;
        for (Index t = 0; t < n_kinds; ++t) sum += product(t, match[std::size_t(t)]);
        most = std::max(most, sum);
      } while (std::next_permutation(match.begin(), match.end()));
      best = std::max(best, 2 * most / (a.squaredNorm() + b.squaredNorm()));
    }
    return best;
  }

  Eigen::MatrixXd centres_of_side(Index side, Index n_kinds) {
    Eigen::MatrixXd points(points_.rows(), points_.cols());
    Index n = 0;
    for (Index i = 0; i < points_.cols(); ++i) {
      if (side_[std::size_t(i)] == side) points.col(n++) = points_.col(i);
    }
    points.conservativeResize(Eigen::NoChange, n);
    Eigen::MatrixXd centres = group_means(points, cluster(points, n_kinds, n_starts), n_kinds);
    centres.colwise() -= centres.rowwise().mean().eval();
    return centres;
  }

  // The best of some k-means.
  Labels cluster(const Eigen::MatrixXd& points, Index k, Index starts) {
    const ConstView<double> view(points.data(), points.rows(), points.cols());
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(points.cols());
    Labels best;
    double least = std::numeric_limits<double>::infinity();
    for (Index start = 0; start < starts; ++start) {
      const RngStream rng(0, batches_purpose, 1, static_cast<std::uint64_t>(start));
      Labels labels =
          kmeans(view, ones, k, Eigen::MatrixXd(points.rows(), 0), rng, alone_, silent_);
      const Eigen::MatrixXd centres = group_means(points, labels, k);
      double within = 0;
      for (Index i = 0; i < points.cols(); ++i) {
        within += (points.col(i) - centres.col(labels[std::size_t(i)])).squaredNorm();
      }
      if (within < least) {
        least = within;
        best = std::move(labels);
      }
    }
    return best;
  }

  const Eigen::MatrixXd& points_;
  Labels side_;       // n: 0 or 1
  Workers alone_{1};  // searches run side by side
  Monitor silent_;
};

// Of all that hold, the one whose sides are most alike.
Division best_division(const Eigen::MatrixXd& points, Workers& workers, Monitor& monitor) {
  const Index n_numbers = most_kinds - fewest_kinds + 1;
  std::vector<Division> found(
      static_cast<std::size_t>(std::min(most_directions, points.rows()) * n_numbers));
  SharedMonitor shared(monitor);
  shared.watch([&] {
    workers.run(static_cast<Index>(found.size()), [&](Index i) {
      shared.poll();
      found[static_cast<std::size_t>(i)] =
          Divider(points).divide(i / n_numbers, fewest_kinds + i % n_numbers);
    });
  });
  return *std::max_element(found.begin(), found.end(), [](const Division& a, const Division& b) {
    return a.likeness < b.likeness;
  });
}

using Sides = std::array<std::vector<Index>, 2>;

// `cells` on both sides of their division; nothing where there is none.
Sides divide(const CellSource& source, const double* size, const std::vector<Index>& cells,
             Workers& workers, Monitor& monitor) {
  const Index n = static_cast<Index>(cells.size());
  if (n < 2 * least_cells) return {};
  std::vector<Index> sample;
  for (Index j : evenly_spread(n, most_cells)) sample.push_back(cells[static_cast<std::size_t>(j)]);
  const PrincipalComponents components(source, size, sample, most_components,
                                       RngStream(0, batches_purpose), monitor);
  const Eigen::MatrixXd points = components.points(sample);
  const Division division = best_division(points, workers, monitor);
  if (division.likeness == 0) return {};
  Sides sides;
  for (Index cell : cells) {
    sides[division.second(components.points({cell})) ? 1 : 0].push_back(cell);
  }
  return sides;
}

}  // namespace

std::vector<bool> find_batches(const CellSource& source, const double* size, Workers& workers,
                               Monitor& monitor) {
  std::vector<Index> cells(static_cast<std::size_t>(source.n_cells()));
  std::iota(cells.begin(), cells.end(), 0);
  Sides sides = divide(source, size, cells, workers, monitor);
  if (sides[0].size() < sides[1].size()) std::swap(sides[0], sides[1]);
  std::vector<bool> second(cells.size(), false);
  for (const std::vector<Index>& side : sides) {
    if (side.empty() || !divide(source, size, side, workers, monitor)[0].empty()) return second;
  }
  for (Index cell : sides[1]) second[static_cast<std::size_t>(cell)] = true;
  return second;
}

}  // namespace gmvae
