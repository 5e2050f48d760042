// Mixtures: densities, posteriors and moments of blocks of rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "simd/reference/elementwise.h"

namespace gmvae {
namespace reference {

using Size = std::ptrdiff_t;

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

}  // namespace reference
}  // namespace gmvae
