// The one gradient checker: central differences in double against what backward() says.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/rng.h"
#include "testing.h"

namespace testing {

// The largest error of `gradient` over the entries of x (at most `most` of them, spread out),
// relative to the size of the gradient.  loss(x) is the function.
template <typename Loss>
double gradient_error(const Loss& loss, std::vector<double> x, const std::vector<double>& gradient,
                      std::size_t most = 400) {
  double scale = 1e-3;
  for (double g : gradient) scale = std::max(scale, std::abs(g));
  double worst = 0;
  const std::size_t step = std::max<std::size_t>(1, x.size() / most);
  for (std::size_t i = 0; i < x.size(); i += step) {
    const double before = x[i], h = 1e-5 * std::max(1.0, std::abs(before));
    // Richardson: two central differences cancel the error in h^2.
    double difference[2];
    for (int level = 0; level < 2; ++level) {
      const double width = level == 0 ? h : h / 2;
      x[i] = before + width;
      const double above = loss(x);
      x[i] = before - width;
      difference[level] = (above - loss(x)) / (2 * width);
    }
    x[i] = before;
    const double numeric = (4 * difference[1] - difference[0]) / 3;
    worst = std::max(worst, std::abs(numeric - gradient[i]) / scale);
  }
  return worst;
}

inline std::vector<double> normals(std::size_t n, std::uint64_t seed, double sd = 1.0) {
  gmvae::RngStream rng(seed, testing::purpose);
  std::vector<double> x(n);
  for (double& value : x) value = sd * rng.normal();
  return x;
}

// Random weights: sum_i c_i y_i turns any output into a loss whose gradient is c.
inline double weighted_sum(const std::vector<double>& y, const std::vector<double>& c) {
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * c[i];
  return sum;
}

}  // namespace testing
