// Layer normalisation (Ba, Kiros & Hinton 2016, arXiv:1607.06450, eqs 3 and 4), then the rectifier:
//   u = (x - mean(x)) / sqrt(var(x) + eps),   y = max(0, gain u + shift),   over each column.
// x, y: size x B   gain, shift: size
#pragma once

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
    parallel_blocks(compute.workers, x.cols, grain(x.cols, size, 32),
                    [&](Index, Index begin, Index end) {
      for (Index j = begin; j < end; ++j) {
        inverse_sd[j] = compute.kernels.norm_relu(size, static_cast<T>(eps), params + gain,
                                                  params + shift, x.col(j), u.col(j), y.col(j));
      }
    });
  }

  // Adds to d_params; overwrites d_x, which may be d_y itself.  One thread, as all cells add to the
  // same few numbers.
  template <typename T>
  void backward(const Compute<T>& compute, const T* params, ConstView<T> u, const T* inverse_sd,
                ConstView<T> y, ConstView<T> d_y, T* d_params, View<T> d_x) const {
    for (Index j = 0; j < u.cols; ++j) {
      compute.kernels.norm_relu_back(size, inverse_sd[j], params + gain, u.col(j), y.col(j),
                                     d_y.col(j), d_params + gain, d_params + shift, d_x.col(j));
    }
  }
};

}  // namespace gmvae
