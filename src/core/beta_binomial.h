// Tails of the beta-binomial distribution: a binomial of n trials whose probability is
// Beta(a, b)-distributed.
#pragma once

#include <cmath>

#include "core/numeric.h"
#include "core/types.h"

namespace gmvae {

struct Tails {
  double lower, upper;  // P(X <= x), P(X >= x)
};

// log Gamma(a + x) - log Gamma(a), for large a by the difference of two Stirling series, in which
// large terms cancel.
inline double log_gamma_ratio(double a, double x) {
  if (a < 1e4) return log_gamma(a + x) - log_gamma(a);
  return (a + x - 0.5) * std::log1p(x / a) + x * std::log(a) - x + (1 / (a + x) - 1 / a) / 12;
}

// log P(X = x)
inline double beta_binomial_log_density(double x, double n, double a, double b) {
  return log_gamma(n + 1) - log_gamma(x + 1) - log_gamma(n - x + 1) + log_gamma_ratio(a, x) +
         log_gamma_ratio(b, n - x) - log_gamma_ratio(a + b, n);
}

// For whole 0 <= x <= n and a, b > 0.  The tail that x lies in is summed up term by term, from x
// outwards, so that small probabilities keep their digits; the other one is what is left.
inline Tails beta_binomial_tails(double x, double n, double a, double b) {
  const double density = std::exp(beta_binomial_log_density(x, n, a, b));
  const bool up = x * (a + b) >= n * a;
  // With a or b below 1 the density rises again towards 0 or n.
  const bool falls = a >= 1 && b >= 1;
  double sum = density, term = density;
  for (double y = x; up ? y < n : y > 0; y += up ? 1 : -1) {
    term *= up ? (n - y) * (y + a) / ((y + 1) * (n - y - 1 + b))
               : y * (n - y + b) / ((n - y + 1) * (y - 1 + a));
    sum += term;
    if (falls && term < 1e-17 * sum) break;
  }
  sum = std::fmin(sum, 1.0);
  const double rest = std::fmin(1.0, std::fmax(0.0, 1 - sum) + density);
  return up ? Tails{rest, sum} : Tails{sum, rest};
}

}  // namespace gmvae
