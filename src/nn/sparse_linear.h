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
  const Index *start, *end;  // cols offsets into row and value
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
        compute.kernels.add_columns(out, x.end[j] - x.start[j], x.row + x.start[j],
                                    x.value + x.start[j], w, column);
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
        const std::int32_t* last = x.row + x.end[j];
        const std::int32_t* first = std::lower_bound(x.row + x.start[j], last, begin);
        last = std::lower_bound(first, last, end);
        compute.kernels.add_to_columns(out, last - first, first, x.value + (first - x.row),
                                       d_y.col(j), d_w);
      }
    });
    for (Index j = 0; j < x.cols; ++j) {
      compute.kernels.axpy(out, T(1), d_y.col(j), d_params + bias);
    }
  }
};

}  // namespace gmvae
