// Affine map y = W x + b.   x: in x B   y: out x B   W: out x in   b: out
#pragma once

#include <string>

#include "nn/compute.h"
#include "nn/params.h"

namespace gmvae {

struct Linear {
  Index in, out;
  Index weight, bias;  // offsets in the flat parameter vector

  Linear(ParamLayout& layout, const std::string& name, Index in_, Index out_)
      : in(in_), out(out_), weight(layout.add(name + ".weight", out_, in_)),
        bias(layout.add(name + ".bias", out_)) {}

  template <typename T>
  void forward(const Compute<T>& compute, const T* params, ConstView<T> x, View<T> y) const {
    const T* w = params + weight;
    const T* b = params + bias;
    parallel_blocks(compute.workers, x.cols, grain(x.cols, in * out / 16, 32),
                    [&](Index, Index begin, Index end) {
      compute.kernels.gemm(out, end - begin, in, w, 1, out, x.col(begin), 1, in, y.col(begin), out,
                           false);
      for (Index j = begin; j < end; ++j) compute.kernels.axpy(out, T(1), b, y.col(j));
    });
  }

  // Adds to d_params; overwrites d_x unless it is empty.  `x` is the input that forward() saw.
  template <typename T>
  void backward(const Compute<T>& compute, const T* params, ConstView<T> x, ConstView<T> d_y,
                T* d_params, View<T> d_x) const {
    parallel_blocks(compute.workers, out, grain(out, in * x.cols / 16, 64),
                    [&](Index, Index begin, Index end) {
      compute.kernels.gemm(end - begin, in, x.cols, d_y.data + begin, 1, out, x.data, in, 1,
                           d_params + weight + begin, out, true);
      for (Index j = 0; j < x.cols; ++j) {
        compute.kernels.axpy(end - begin, T(1), d_y.col(j) + begin, d_params + bias + begin);
      }
    });
    if (!d_x.data) return;
    const T* w = params + weight;
    parallel_blocks(compute.workers, x.cols, grain(x.cols, in * out / 16, 32),
                    [&](Index, Index begin, Index end) {
      compute.kernels.gemm(in, end - begin, out, w, out, 1, d_y.col(begin), 1, out, d_x.col(begin),
                           in, false);
    });
  }
};

}  // namespace gmvae
