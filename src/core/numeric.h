// Scalar numerics in double: the functions that standard C++ lacks or makes unsafe in threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/types.h"

namespace gmvae {

constexpr double pi = 3.14159265358979323846;
constexpr double log_two_pi = 1.8378770664093454836;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// log sum_i exp(x_i), for n >= 1; -Inf where all are.
template <typename T>
T log_sum_exp(const T* x, Index n) {
  const T top = *std::max_element(x, x + n);
  if (!std::isfinite(top)) return top;
  T sum = 0;
  for (Index i = 0; i < n; ++i) sum += std::exp(x[i] - top);
  return top + std::log(sum);
}

// log(1 + exp(x)) without overflow.
template <typename T>
T softplus(T x) {
  return std::max(x, T(0)) + std::log1p(std::exp(-std::abs(x)));
}

template <typename T>
T sigmoid(T x) {
  const T e = std::exp(-std::abs(x));
  return (x >= 0 ? T(1) : e) / (1 + e);
}

// log Gamma(x), x > 0, by Stirling's series after a shift to x >= 10: relative error below 1e-14.
// std::lgamma writes a global (signgam), so workers can't call it.
inline double log_gamma(double x) {
  double product = 1.0;
  while (x < 10.0) {
    product *= x;
    x += 1.0;
  }
  const double r = 1.0 / x, r2 = r * r;
  const double series =
      r *
      (1.0 / 12 -
       r2 * (1.0 / 360 -
             r2 * (1.0 / 1260 - r2 * (1.0 / 1680 - r2 * (1.0 / 1188 - r2 * (691.0 / 360360 -
                                                                            r2 * (1.0 / 156)))))));
  return (x - 0.5) * std::log(x) - x + 0.5 * log_two_pi + series - std::log(product);
}

// Digamma(x) = d log Gamma(x) / dx, x > 0: Abramowitz & Stegun 6.3.18 after the same shift.
inline double digamma(double x) {
  double shift = 0.0;
  while (x < 10.0) {
    shift += 1.0 / x;
    x += 1.0;
  }
  const double r = 1.0 / x, r2 = r * r;
  return std::log(x) - 0.5 * r -
         r2 * (1.0 / 12 -
               r2 * (1.0 / 120 -
                     r2 * (1.0 / 252 -
                           r2 * (1.0 / 240 -
                                 r2 * (1.0 / 132 - r2 * (691.0 / 32760 - r2 * (1.0 / 12))))))) -
         shift;
}

}  // namespace gmvae
