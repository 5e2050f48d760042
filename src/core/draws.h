// Random numbers of the distributions that <random> draws differently from library to library.
#pragma once

#include <cmath>

#include "core/numeric.h"
#include "core/rng.h"

namespace gmvae {

// Gamma with this shape and a scale of 1 (Marsaglia & Tsang 2000, <doi:10.1145/358407.358414>; for
// shapes below 1 with their boost by a power of a uniform number).
inline double draw_gamma(RngStream& rng, double shape) {
  if (shape <= 0) return 0;
  if (shape < 1) {
    const double u = rng.uniform();
    return draw_gamma(rng, shape + 1) * std::pow(u, 1 / shape);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = rng.normal(), root = 1 + c * x, v = root * root * root;
    if (v > 0 && std::log(rng.uniform()) < x * x / 2 + d - d * v + d * std::log(v)) return d * v;
  }
}

// Poisson: by inversion below a mean of 10, above by transformed rejection (Hoermann 1993,
// <doi:10.1016/0167-6687(93)90997-4>, algorithm PTRS).
inline double draw_poisson(RngStream& rng, double mean) {
  if (!(mean > 0)) return 0;
  if (mean < 10) {
    double x = 0, term = std::exp(-mean), below = term;
    const double u = rng.uniform();
    while (u > below && term > 0) {
      x += 1;
      term *= mean / x;
      below += term;
    }
    return x;
  }
  const double b = 0.931 + 2.53 * std::sqrt(mean), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), squeeze = 0.9277 - 3.6224 / (b - 2);
  while (true) {
    const double u = rng.uniform() - 0.5, v = rng.uniform(), us = 0.5 - std::fabs(u);
    const double x = std::floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= squeeze) return x;
    if (x < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v * inverse_alpha / (a / (us * us) + b)) <=
        x * std::log(mean) - mean - log_gamma(x + 1)) {
      return x;
    }
  }
}

}  // namespace gmvae
