// Unions of two clusters, for hierarchical clustering.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace gmvae {
namespace reference {

using Size = std::ptrdiff_t;

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

}  // namespace reference
}  // namespace gmvae
