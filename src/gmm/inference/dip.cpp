#include "gmm/inference/dip.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/rng.h"

namespace gmvae {

namespace {

constexpr Purpose dip_purpose{22};

// The corners of an empirical distribution function: at different values x, it jumps from `below`
// to `above`.
struct Steps {
  std::vector<double> x, below, above;

  Index size() const { return static_cast<Index>(x.size()); }
};

Steps steps_of(const std::vector<double>& values, const std::vector<double>& weights) {
  Steps steps;
  double total = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (steps.x.empty() || values[i] > steps.x.back()) {
      steps.x.push_back(values[i]);
      steps.below.push_back(total);
      steps.above.push_back(total);
    }
    total += weights[i];
    steps.above.back() = total;
  }
  for (double& y : steps.below) y /= total;
  for (double& y : steps.above) y /= total;
  return steps;
}

// Corners first, ..., last of the greatest convex minorant (sign 1) or the least concave majorant
// (sign -1) of the points (x, y): those that it touches.
void hull(const std::vector<double>& x, const std::vector<double>& y, Index first, Index last,
          double sign, std::vector<Index>* corners) {
  const auto at = [](const std::vector<double>& v, Index i) {
    return v[static_cast<std::size_t>(i)];
  };
  corners->clear();
  for (Index i = first; i <= last; ++i) {
    while (corners->size() > 1) {
      const Index b = corners->back(), a = (*corners)[corners->size() - 2];
      const double turn = (at(y, b) - at(y, a)) * (at(x, i) - at(x, b)) -
                          (at(y, i) - at(y, b)) * (at(x, b) - at(x, a));
      if (sign * turn < 0.0) break;
      corners->pop_back();
    }
    corners->push_back(i);
  }
}

// The values of a hull at all positions first, ..., last.
void fill(const std::vector<double>& x, const std::vector<double>& y,
          const std::vector<Index>& corners, std::vector<double>* values) {
  for (std::size_t c = 0; c + 1 < corners.size(); ++c) {
    const std::size_t a = static_cast<std::size_t>(corners[c]),
                      b = static_cast<std::size_t>(corners[c + 1]);
    const double slope = (y[b] - y[a]) / (x[b] - x[a]);
    for (std::size_t i = a; i < b; ++i) (*values)[i] = y[a] + slope * (x[i] - x[a]);
  }
  const std::size_t end = static_cast<std::size_t>(corners.back());
  (*values)[end] = y[end];
}

}  // namespace

// Section 3 of the paper.  The minorant touches the corners before the jumps, and the majorant
// those after.  Between the ends of the interval the two are furthest apart at a corner of one of
// them; what is outside of it and the next corner of the other cannot hold the mode.
double dip(const std::vector<double>& values, const std::vector<double>& weights) {
  const Steps steps = steps_of(values, weights);
  const std::size_t n = static_cast<std::size_t>(steps.size());
  // Twice the dip is at least every jump but one, which the mode may have.
  double largest = 0.0, at_mode = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double jump = steps.above[i] - steps.below[i];
    largest = std::max(largest, std::min(jump, at_mode));
    at_mode = std::max(at_mode, jump);
  }
  std::vector<Index> lower, upper;
  std::vector<double> minorant(n), majorant(n);
  Index low = 0, high = steps.size() - 1;
  while (low < high) {
    hull(steps.x, steps.below, low, high, 1.0, &lower);
    hull(steps.x, steps.above, low, high, -1.0, &upper);
    fill(steps.x, steps.below, lower, &minorant);
    fill(steps.x, steps.above, upper, &majorant);
    double apart = -1.0;
    Index next_low = low, next_high = high;
    for (const Index i : lower) {
      const std::size_t at = static_cast<std::size_t>(i);
      if (majorant[at] - minorant[at] <= apart) continue;
      apart = majorant[at] - minorant[at];
      next_low = i;
      next_high = *std::lower_bound(upper.begin(), upper.end(), i);
    }
    for (const Index i : upper) {
      const std::size_t at = static_cast<std::size_t>(i);
      if (majorant[at] - minorant[at] <= apart) continue;
      apart = majorant[at] - minorant[at];
      next_high = i;
      next_low = *(std::upper_bound(lower.begin(), lower.end(), i) - 1);
    }
    if (apart <= largest) break;
    for (Index i = low; i < next_low; ++i) {
      const std::size_t at = static_cast<std::size_t>(i);
      largest = std::max(largest, steps.above[at] - minorant[at]);
    }
    for (Index i = next_high + 1; i <= high; ++i) {
      const std::size_t at = static_cast<std::size_t>(i);
      largest = std::max(largest, majorant[at] - steps.below[at]);
    }
    if (next_low == low && next_high == high) break;
    low = next_low;
    high = next_high;
  }
  return 0.5 * largest;
}

DipTest dip_test(std::vector<double> values, std::vector<double> weights, Index n_samples,
                 std::uint64_t seed, Workers& workers, Monitor& monitor) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> sorted, sorted_weights;
  double total = 0.0;
  for (const std::size_t i : order) {
    if (!(weights[i] > 0.0)) continue;
    sorted.push_back(values[i]);
    sorted_weights.push_back(weights[i]);
    total += weights[i];
  }
  DipTest test{0.0, 1.0};
  const Index n = std::llround(total);
  // Fewer values always have a distribution function within half a jump of one with one mode.
  if (n < 4 || sorted.empty() || sorted.front() == sorted.back()) return test;
  test.dip = dip(sorted, sorted_weights);
  const Index size = std::min(n, most_values);
  const double limit =
      test.dip * std::sqrt(static_cast<double>(n) / static_cast<double>(size)) * (1.0 - 1e-12);
  std::vector<char> as_much(static_cast<std::size_t>(n_samples), 0);
  constexpr Index block = 64;
  parallel_blocks(workers, n_samples, block, [&](Index, Index begin, Index end) {
    std::vector<double> uniform(static_cast<std::size_t>(size));
    const std::vector<double> ones(static_cast<std::size_t>(size), 1.0);
    for (Index i = begin; i < end; ++i) {
      // Sums of exponential numbers are sorted uniform ones, up to a factor.
      RngStream rng(seed, dip_purpose, 0, static_cast<std::uint64_t>(i));
      double sum = 0.0;
      for (double& u : uniform) {
        sum -= std::log(rng.uniform());
        u = sum;
      }
      as_much[static_cast<std::size_t>(i)] = dip(uniform, ones) >= limit;
    }
  });
  monitor.poll();
  const auto n_as_much = std::count(as_much.begin(), as_much.end(), char{1});
  test.p_value = static_cast<double>(n_as_much + 1) / static_cast<double>(n_samples + 1);
  return test;
}

}  // namespace gmvae
