// What every kernel means, in plain loops.  Tests hold the fast ones against these.
#include <algorithm>
#include <cmath>

#include "core/numeric.h"
#include "simd/kernels.h"

namespace gmvae {
namespace reference {

using Size = std::ptrdiff_t;

template <typename T>
void gemm(Size m, Size n, Size k, const T* a, Size row_a, Size col_a, const T* b, Size row_b,
          Size col_b, T* c, Size ldc, bool add) {
  for (Size j = 0; j < n; ++j) {
    for (Size i = 0; i < m; ++i) {
      T sum = add ? c[j * ldc + i] : T(0);
      for (Size p = 0; p < k; ++p) sum += a[i * row_a + p * col_a] * b[p * row_b + j * col_b];
      c[j * ldc + i] = sum;
    }
  }
}

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
void adam(Size n, T* params, T* first, T* second, T* gradient, T rate, T beta1, T beta2, T eps) {
  for (Size i = 0; i < n; ++i) {
    first[i] = beta1 * first[i] + (1 - beta1) * gradient[i];
    second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] * gradient[i];
    params[i] -= rate * first[i] / (std::sqrt(second[i]) + eps);
    gradient[i] = 0;
  }
}

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
T sum_of(Size n, const T* x) {
  T sum = 0;
  for (Size i = 0; i < n; ++i) sum += x[i];
  return sum;
}

template <typename T>
void scale(Size n, T a, T* x) {
  for (Size i = 0; i < n; ++i) x[i] *= a;
}

template <typename T>
void add_columns(Size out, Size n, const std::int32_t* row, const T* value, const T* w, T* y) {
  for (Size e = 0; e < n; ++e) axpy(out, value[e], w + row[e] * out, y);
}

template <typename T>
void add_to_columns(Size out, Size n, const std::int32_t* row, const T* value, const T* y, T* w) {
  for (Size e = 0; e < n; ++e) axpy(out, value[e], y, w + row[e] * out);
}

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
T bernoulli_zeros(Size n, const T* eta, T* d_eta) {
  T sum = 0;
  for (Size i = 0; i < n; ++i) {
    sum -= softplus(eta[i]);
    d_eta[i] = -sigmoid(eta[i]);
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

template <typename T>
void whitened_norms(Size rows, Size d, const T* x, Size ldx, const T* p, Size ldp, const T* offset,
                    T* out) {
  for (Size i = 0; i < rows; ++i) {
    out[i] = 0;
    for (Size j = 0; j < d; ++j) {
      T white = -offset[j];
      for (Size l = 0; l <= j; ++l) white += p[j + l * ldp] * x[i + l * ldx];
      out[i] += white * white;
    }
  }
}

template <typename T>
void diagonal_norms(Size rows, Size d, const T* x, Size ldx, const T* mean, const T* precision,
                    T* out) {
  for (Size i = 0; i < rows; ++i) {
    out[i] = 0;
    for (Size j = 0; j < d; ++j) {
      const T deviation = x[i + j * ldx] - mean[j];
      out[i] += precision[j] * deviation * deviation;
    }
  }
}

template <typename T>
void posterior(Size rows, Size k, T* r, Size ldr, T* log_density) {
  for (Size i = 0; i < rows; ++i) {
    T top = r[i], sum = 0;
    for (Size c = 0; c < k; ++c) top = std::max(top, r[i + c * ldr]);
    for (Size c = 0; c < k; ++c) sum += r[i + c * ldr] = std::exp(r[i + c * ldr] - top);
    for (Size c = 0; c < k; ++c) r[i + c * ldr] /= sum;
    log_density[i] = top + std::log(sum);
  }
}

template <typename T>
void add_moments(Size rows, Size d, const T* x, Size ldx, const T* mean, const T* r, T* sums,
                 T* squares) {
  for (Size j = 0; j < d; ++j) {
    for (Size i = 0; i < rows; ++i) {
      const T deviation = x[i + j * ldx] - mean[j];
      sums[j] += r[i] * deviation;
      if (squares) squares[j] += r[i] * deviation * deviation;
    }
  }
}

template <typename T>
void weighted_deviations(Size rows, Size d, const T* x, Size ldx, const T* mean, const T* root,
                         T* z, Size ldz) {
  for (Size j = 0; j < d; ++j) {
    for (Size i = 0; i < rows; ++i) z[i + j * ldz] = root[i] * (x[i + j * ldx] - mean[j]);
  }
}

template <typename T>
void add_scatter(Size rows, Size d, const T* z, Size ldz, T* s, Size lds) {
  for (Size b = 0; b < d; ++b) {
    for (Size a = b; a < d; ++a) s[a + b * lds] += dot(rows, z + a * ldz, z + b * ldz);
  }
}

template <typename T>
void unions(Size n, Size d, const T* mass, const T* means, const T* scatter, Size ld, T other_mass,
            const T* other_mean, const T* other_scatter, T ridge, T* work, T* log_determinant,
            T* trace) {
  const auto at = [=](Size p, Size q) -> T& { return work[p * d + q]; };
  for (Size i = 0; i < n; ++i) {
    const T share = mass[i] * other_mass / (mass[i] + other_mass);
    trace[i] = log_determinant[i] = 0;
    for (Size p = 0, entry = 0; p < d; ++p) {
      const T gap = means[i + p * ld] - other_mean[p];
      for (Size q = 0; q <= p; ++q, ++entry) {
        at(p, q) = scatter[i + entry * ld] + other_scatter[entry] +
                   share * gap * (means[i + q * ld] - other_mean[q]);
      }
      trace[i] += at(p, p);
      at(p, p) += ridge;
    }
    for (Size p = 0; p < d; ++p) {  // the factor L of W = L D L', D on the diagonal
      for (Size q = 0; q < p; ++q) {
        for (Size t = 0; t < q; ++t) at(p, q) -= at(p, t) * at(q, t) * at(t, t);
        at(p, q) /= at(q, q);
      }
      for (Size t = 0; t < p; ++t) at(p, p) -= at(p, t) * at(p, t) * at(t, t);
      at(p, p) = std::max(at(p, p), T(1e-30));
      log_determinant[i] += std::log(at(p, p));
    }
  }
}

template <typename T>
constexpr Kernels<T> table() {
  return {"reference",
          gemm<T>,
          axpy<T>,
          dot<T>,
          exp_all<T>,
          log_all<T>,
          sqrt_all<T>,
          max_of<T>,
          sum_exp<T>,
          adam<T>,
          sum_of<T>,
          scale<T>,
          add_columns<T>,
          add_to_columns<T>,
          norm_relu<T>,
          norm_relu_back<T>,
          softmax_slope<T>,
          nb_zeros<T>,
          zinb_zeros<T>,
          poisson_zeros<T>,
          bernoulli_zeros<T>,
          gaussian_zeros<T>,
          nb_counts<T>,
          zinb_counts<T>,
          poisson_counts<T>,
          gaussian_counts<T>,
          whitened_norms<T>,
          diagonal_norms<T>,
          posterior<T>,
          add_moments<T>,
          weighted_deviations<T>,
          add_scatter<T>,
          unions<T>};
}

extern const Kernels<float> float_kernels;
extern const Kernels<double> double_kernels;
const Kernels<float> float_kernels = table<float>();
const Kernels<double> double_kernels = table<double>();

}  // namespace reference
}  // namespace gmvae
