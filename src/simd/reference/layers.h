// Layers of a network and the optimiser of its parameters.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace gmvae {
namespace reference {

using Size = std::ptrdiff_t;

template <typename T>
T norm_relu(Size n, T eps, const T* gain, const T* shift, const T* x, T* u, T* y) {
  T mean = 0, variance = 0;
  for (Size i = 0; i < n; ++i) mean += x[i] / static_cast<T>(n);
  for (Size i = 0; i < n; ++i) variance += (x[i] - mean) * (x[i] - mean) / static_cast<T>(n);
  const T inverse_sd = 1 / std::sqrt(variance + eps);
  for (Size i = 0; i < n; ++i) {
    u[i] = (x[i] - mean) * inverse_sd;
    y[i] = std::max(T(0), gain[i] * u[i] + shift[i]);
  }
  return inverse_sd;
}

template <typename T>
void norm_relu_back(Size n, T inverse_sd, const T* gain, const T* u, const T* y, const T* d_y,
                    T* d_gain, T* d_shift, T* d_x) {
  T mean = 0, along = 0;  // of d_u, and of d_u u
  for (Size i = 0; i < n; ++i) {
    const T d_value = y[i] > 0 ? d_y[i] : 0;
    d_gain[i] += d_value * u[i];
    d_shift[i] += d_value;
    d_x[i] = d_value * gain[i];
    mean += d_x[i] / static_cast<T>(n);
    along += d_x[i] * u[i] / static_cast<T>(n);
  }
  for (Size i = 0; i < n; ++i) d_x[i] = inverse_sd * (d_x[i] - mean - u[i] * along);
}

template <typename T>
void softmax_slope(Size n, T weight, T share, const T* mu, T* d) {
  for (Size i = 0; i < n; ++i) d[i] = weight * (d[i] - share * mu[i]);
}

template <typename T>
void adam(Size n, T* params, T* first, T* second, T* gradient, T rate, T beta1, T beta2, T eps) {
  for (Size i = 0; i < n; ++i) {
    first[i] = beta1 * first[i] + (1 - beta1) * gradient[i];
    second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] * gradient[i];
    params[i] -= rate * first[i] / (std::sqrt(second[i]) + eps);
    gradient[i] = 0;
  }
}

}  // namespace reference
}  // namespace gmvae
