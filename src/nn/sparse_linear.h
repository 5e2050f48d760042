// Affine map of sparse columns, y = W x + b, as sums over the non-zeros: exact, and the work is
// that of the non-zeros alone.   x: in x B, sparse   y: out x B   W: out x in   b: out
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "nn/compute.h"
#include "nn/params.h"

namespace gmvae {

// Sparse columns that somebody else owns; rows ascend within a column.
template <typename T>
struct SparseView {
  const Index* start;  // cols + 1 offsets into row and value
  const std::int32_t* row;
  const T* value;
  Index rows, cols;
};

struct SparseLinear {
  Index in, out;
  Index weight, bias;

  SparseLinear(ParamLayout& layout, const std::string& name, Index in_, Index out_)
      : in(in_), out(out_), weight(layout.add(name + ".weight", out_, in_)),
        bias(layout.add(name + ".bias", out_)) {}

  template <typename T>
  void forward(const Compute<T>& compute, const T* params, const SparseView<T>& x,
               View<T> y) const {
    const T* w = params + weight;
    const T* b = params + bias;
    parallel_blocks(compute.workers, x.cols, 16, [&](Index, Index begin, Index end) {
      for (Index j = begin; j < end; ++j) {
        T* column = y.col(j);
        std::copy(b, b + out, column);
        for (Index e = x.start[j]; e < x.start[j + 1]; ++e) {
          if (x.value[e] != 0) compute.kernels.axpy(out, x.value[e], w + x.row[e] * out, column);
        }
      }
    });
  }

  // Adds to d_params.  Each block owns a range of rows of x, so no two threads meet.
  template <typename T>
  void backward(const Compute<T>& compute, const SparseView<T>& x, ConstView<T> d_y,
                T* d_params) const {
    T* d_w = d_params + weight;
    parallel_blocks(compute.workers, in, 512, [&](Index, Index begin, Index end) {
      for (Index j = 0; j < x.cols; ++j) {
        const std::int32_t* last = x.row + x.start[j + 1];
        const std::int32_t* entry = std::lower_bound(x.row + x.start[j], last, begin);
        for (; entry != last && *entry < end; ++entry) {
          const T value = x.value[entry - x.row];
          if (value != 0) compute.kernels.axpy(out, value, d_y.col(j), d_w + *entry * out);
        }
      }
    });
    for (Index j = 0; j < x.cols; ++j) {
      compute.kernels.axpy(out, T(1), d_y.col(j), d_params + bias);
    }
  }
};

}  // namespace gmvae
