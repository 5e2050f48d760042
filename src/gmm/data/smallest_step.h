// The smallest difference between two values of a column, however many values there are.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/types.h"

namespace gmvae {

// The smallest difference between two values that is more than `rounding` times the largest of
// their absolute values; Inf where there is none.  for_values(fn) calls fn(x) for each value, as
// often as it is asked to.  No more than `most` values are kept at once: the smallest ones, then
// the smallest of those that are left, and so on.
template <typename ForValues>
double smallest_step(ForValues&& for_values, double rounding, Index most = Index{1} << 23) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double largest = 0.0;
  for_values([&](double x) { largest = std::max(largest, std::abs(x)); });
  const std::size_t limit = static_cast<std::size_t>(most);
  double step = infinity, last = -infinity, ceiling = 0.0;
  std::vector<double> values;
  const auto sort = [&] {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  };
  do {
    values.clear();
    ceiling = infinity;
    for_values([&](double x) {
      if (x <= last || x > ceiling) return;
      values.push_back(x);
      if (values.size() < limit) return;
      sort();
      if (values.size() <= limit / 2) return;
      values.resize(limit / 2);
      ceiling = values.back();
    });
    sort();
    for (const double x : values) {
      if (x - last > rounding * largest) step = std::min(step, x - last);
      last = x;
    }
  } while (std::isfinite(ceiling));
  return step;
}

}  // namespace gmvae
