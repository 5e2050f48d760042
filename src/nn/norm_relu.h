// Layer normalisation (Ba, Kiros & Hinton 2016, arXiv:1607.06450, eqs 3 and 4), then the rectifier:
//   u = (x - mean(x)) / sqrt(var(x) + eps),   y = max(0, gain u + shift),   over each column.
// x, y: size x B   gain, shift: size
#pragma once

#include <cmath>
#include <string>

#include "nn/compute.h"
#include "nn/params.h"

namespace gmvae {

struct NormRelu {
  static constexpr double eps = 1e-5;
  Index size;
  Index gain, shift;

  NormRelu(ParamLayout& layout, const std::string& name, Index size_)
      : size(size_), gain(layout.add(name + ".gain", size_)),
        shift(layout.add(name + ".shift", size_)) {}

  // Keeps for backward(): u (size x B) and 1 / sd (B).
  template <typename T>
  void forward(const Compute<T>& compute, const T* params, ConstView<T> x, View<T> u, T* inverse_sd,
               View<T> y) const {
    const T* g = params + gain;
    const T* s = params + shift;
    parallel_blocks(compute.workers, x.cols, grain(x.cols, size * 16, 32),
                    [&](Index, Index begin, Index end) {
      for (Index j = begin; j < end; ++j) {
        const T* xj = x.col(j);
        T* uj = u.col(j);
        T* yj = y.col(j);
        const T mean = compute.kernels.sum(size, xj) / static_cast<T>(size);
        for (Index i = 0; i < size; ++i) uj[i] = xj[i] - mean;
        const T square = compute.kernels.dot(size, uj, uj) / static_cast<T>(size);
        const T scale = 1 / std::sqrt(square + static_cast<T>(eps));
        for (Index i = 0; i < size; ++i) {
          uj[i] *= scale;
          const T v = g[i] * uj[i] + s[i];
          yj[i] = v > 0 ? v : 0;
        }
        inverse_sd[j] = scale;
      }
    });
  }

  // Adds to d_params; overwrites d_x, which may be d_y itself.
  template <typename T>
  void backward(const Compute<T>& compute, const T* params, ConstView<T> u, const T* inverse_sd,
                ConstView<T> y, ConstView<T> d_y, T* d_params, View<T> d_x) const {
    const T* g = params + gain;
    parallel_blocks(compute.workers, size, grain(size, u.cols * 16, 32),
                    [&](Index, Index begin, Index end) {
      for (Index j = 0; j < u.cols; ++j) {
        const T *uj = u.col(j), *yj = y.col(j), *d_yj = d_y.col(j);
        for (Index i = begin; i < end; ++i) {
          const T d_v = yj[i] > 0 ? d_yj[i] : 0;
          d_params[gain + i] += d_v * uj[i];
          d_params[shift + i] += d_v;
        }
      }
    });
    parallel_blocks(compute.workers, u.cols, grain(u.cols, size * 16, 32),
                    [&](Index, Index begin, Index end) {
      for (Index j = begin; j < end; ++j) {
        const T *uj = u.col(j), *yj = y.col(j), *d_yj = d_y.col(j);
        T* d_xj = d_x.col(j);
        T mean = 0, along = 0;  // of d_u, and of d_u u
        for (Index i = 0; i < size; ++i) {
          const T d_u = yj[i] > 0 ? d_yj[i] * g[i] : 0;
          d_xj[i] = d_u;
          mean += d_u;
          along += d_u * uj[i];
        }
        mean /= static_cast<T>(size);
        along /= static_cast<T>(size);
        for (Index i = 0; i < size; ++i) {
          d_xj[i] = inverse_sd[j] * (d_xj[i] - mean - uj[i] * along);
        }
      }
    });
  }
};

}  // namespace gmvae
