// Matrix product.
#pragma once

#include <cstddef>

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

}  // namespace reference
}  // namespace gmvae
