// Likelihoods of counts: at zero for all features, beyond zero for the others.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/numeric.h"

namespace gmvae {
namespace reference {

using Size = std::ptrdiff_t;

// ---- At zero

template <typename T>
T nb_zeros(Size n, T scale, T floor, const T* theta, T* mu, T* d_eta, T* d_log_theta) {
  T sum = 0;
  for (Size i = 0; i < n; ++i) {
    mu[i] = std::max(mu[i] * scale, floor);
    const T share = mu[i] / (theta[i] + mu[i]);
    const T log_ratio = std::log1p(mu[i] / theta[i]);
    sum -= theta[i] * log_ratio;
    d_eta[i] = -theta[i] * share;
    d_log_theta[i] += theta[i] * (share - log_ratio);
  }
  return sum;
}

template <typename T>
T zinb_zeros(Size n, T scale, T floor, const T* theta, const T* a, T* mu, T* d_eta, T* d_log_theta,
             T* d_a) {
  T sum = 0;
  for (Size i = 0; i < n; ++i) {
    T slope = 0;
    const T log_nb = nb_zeros(1, scale, floor, theta + i, mu + i, d_eta + i, &slope);
    const T real = sigmoid(log_nb - a[i]);
    sum += softplus(log_nb - a[i]) - softplus(-a[i]);
    d_eta[i] *= real;
    d_log_theta[i] += real * slope;
    d_a[i] = sigmoid(-a[i]) - real;
  }
  return sum;
}

template <typename T>
T poisson_zeros(Size n, T scale, T floor, T* mu, T* d_eta) {
  T sum = 0;
  for (Size i = 0; i < n; ++i) {
    mu[i] = std::max(mu[i] * scale, floor);
    sum += d_eta[i] = -mu[i];
  }
  return sum;
}

template <typename T>
T bernoulli_zeros(Size n, const T* eta, T* d_eta) {
  T sum = 0;
  for (Size i = 0; i < n; ++i) {
    sum -= softplus(eta[i]);
    d_eta[i] = -sigmoid(eta[i]);
  }
  return sum;
}

template <typename T>
T gaussian_zeros(Size n, const T* v, const T* eta, T* d_eta, T* d_log_v) {
  T sum = 0;
  for (Size i = 0; i < n; ++i) {
    const T square = eta[i] * eta[i] / v[i];
    sum -= (static_cast<T>(log_two_pi) + std::log(v[i]) + square) / 2;
    d_eta[i] = -eta[i] / v[i];
    d_log_v[i] += (square - 1) / 2;
  }
  return sum;
}

// ---- Beyond zero

template <typename T>
void nb_counts(Size n, const T* x, const T* theta, const T* mu, T* log_prob, T* d_eta,
               T* d_log_theta) {
  for (Size i = 0; i < n; ++i) {
    const double count = x[i], size = theta[i], total = size + static_cast<double>(mu[i]);
    const double log_coefficient = log_gamma(count + size) - log_gamma(size) - log_gamma(count + 1);
    const double slope = digamma(count + size) - digamma(size);
    log_prob[i] =
        static_cast<T>(log_coefficient + count * std::log(static_cast<double>(mu[i]) / total));
    d_eta[i] = static_cast<T>(count * size / total);
    d_log_theta[i] = static_cast<T>(size * (slope - count / total));
  }
}

template <typename T>
void zinb_counts(Size n, const T* x, const T* theta, const T* a, const T* mu, T* log_prob, T* d_eta,
                 T* d_log_theta, T* d_a) {
  for (Size i = 0; i < n; ++i) {
    log_prob[i] = d_eta[i] = d_log_theta[i] = d_a[i] = 0;
    if (x[i] == 0) continue;
    T mean = mu[i], d_nb = 0, d_size = 0, d_zero = 0, d_size_zero = 0, d_a_zero = 0;
    nb_counts(1, x + i, theta + i, mu + i, log_prob + i, d_eta + i, d_log_theta + i);
    log_prob[i] +=
        nb_zeros(1, T(1), T(0), theta + i, &mean, &d_nb, &d_size) - softplus(a[i]) -
        zinb_zeros(1, T(1), T(0), theta + i, a + i, &mean, &d_zero, &d_size_zero, &d_a_zero);
    d_eta[i] += d_nb - d_zero;
    d_log_theta[i] += d_size - d_size_zero;
    d_a[i] = -sigmoid(a[i]) - d_a_zero;
  }
}

template <typename T>
void poisson_counts(Size n, const T* x, const T* mu, T* log_prob) {
  for (Size i = 0; i < n; ++i) {
    const double count = x[i];
    log_prob[i] =
        static_cast<T>(count * std::log(static_cast<double>(mu[i])) - log_gamma(count + 1));
  }
}

template <typename T>
void gaussian_counts(Size n, const T* x, const T* v, const T* eta, T* log_prob, T* d_eta,
                     T* d_log_v) {
  for (Size i = 0; i < n; ++i) {
    d_eta[i] = x[i] / v[i];
    d_log_v[i] = x[i] * (x[i] - 2 * eta[i]) / v[i] / 2;
    log_prob[i] = -d_log_v[i];
  }
}

}  // namespace reference
}  // namespace gmvae
