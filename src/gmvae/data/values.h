// What the values that a user gives are like, in one look.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/types.h"

namespace gmvae {

struct ValueTraits {
  double least = 1, largest = 1;  // of finite values; 1 where there are none
  bool finite = true, whole = true, has_zero = false;
};

// Whole as far as a double can tell: all are from 2^52 on.
inline bool is_whole(double value) {
  constexpr double all_whole = 4503599627370496.0;
  if (!(std::fabs(value) < all_whole)) return true;
  return value == static_cast<double>(static_cast<std::int64_t>(value));
}

inline ValueTraits value_traits(const double* values, Index n) {
  ValueTraits traits;
  bool first = true;
  for (Index i = 0; i < n; ++i) {
    const double value = values[i];
    if (!std::isfinite(value)) {
      traits.finite = false;
      continue;
    }
    if (first || value < traits.least) traits.least = value;
    if (first || value > traits.largest) traits.largest = value;
    first = false;
    traits.whole = traits.whole && is_whole(value);
    traits.has_zero = traits.has_zero || value == 0;
  }
  return traits;
}

}  // namespace gmvae
