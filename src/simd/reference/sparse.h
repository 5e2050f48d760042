// Sums over columns that a sparse vector names.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/reference/elementwise.h"

namespace gmvae {
namespace reference {

using Size = std::ptrdiff_t;

template <typename T>
void add_columns(Size out, Size n, const std::int32_t* row, const T* value, const T* w, T* y) {
  for (Size e = 0; e < n; ++e) axpy(out, value[e], w + row[e] * out, y);
}

template <typename T>
void add_to_columns(Size out, Size n, const std::int32_t* row, const T* value, const T* y, T* w) {
  for (Size e = 0; e < n; ++e) axpy(out, value[e], y, w + row[e] * out);
}

}  // namespace reference
}  // namespace gmvae
