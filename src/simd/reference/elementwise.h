// Loops over one or two vectors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace gmvae {
namespace reference {

using Size = std::ptrdiff_t;

template <typename T>
void axpy(Size n, T a, const T* x, T* y) {
  for (Size i = 0; i < n; ++i) y[i] += a * x[i];
}

template <typename T>
T dot(Size n, const T* x, const T* y) {
  T sum = 0;
  for (Size i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

template <typename T>
void exp_all(Size n, const T* x, T* y) {
  for (Size i = 0; i < n; ++i) y[i] = std::exp(x[i]);
}

template <typename T>
void log_all(Size n, const T* x, T* y) {
  for (Size i = 0; i < n; ++i) y[i] = std::log(x[i]);
}

template <typename T>
void sqrt_all(Size n, const T* x, T* y) {
  for (Size i = 0; i < n; ++i) y[i] = std::sqrt(x[i]);
}

template <typename T>
T max_of(Size n, const T* x) {
  return *std::max_element(x, x + n);
}

template <typename T>
T sum_exp(Size n, const T* x, T shift, T* y) {
  T sum = 0;
  for (Size i = 0; i < n; ++i) sum += y[i] = std::exp(x[i] - shift);
  return sum;
}

template <typename T>
T sum_of(Size n, const T* x) {
  T sum = 0;
  for (Size i = 0; i < n; ++i) sum += x[i];
  return sum;
}

template <typename T>
void scale(Size n, T a, T* x) {
  for (Size i = 0; i < n; ++i) x[i] *= a;
}

}  // namespace reference
}  // namespace gmvae
