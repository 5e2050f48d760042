// A shift of each column by its row of a design matrix, y += W a: what a layer adds for the batch
// of a cell.   y: out x B   W: out x n_columns   a: n_columns, sparse, one row of the design each
// Without columns it has no parameters and does nothing.
#pragma once

#include <string>

#include "core/design.h"
#include "nn/compute.h"
#include "nn/params.h"

namespace gmvae {

struct DesignShift {
  Index out, n_columns;
  Index weight;

  // `name`: of the parameters, which belong to the layer that is shifted.
  DesignShift(ParamLayout& layout, const std::string& name, Index out_, Index n_columns_)
      : out(out_), n_columns(n_columns_), weight(layout.add(name, out_, n_columns_)) {}

  template <typename T>
  void forward(const Compute<T>& compute, const T* params, const Design& design, View<T> y) const {
    forward(compute, params, design, y, 0, out);
  }

  // Adds to d_params.
  template <typename T>
  void backward(const Compute<T>& compute, const Design& design, ConstView<T> d_y,
                T* d_params) const {
    backward(compute, design, d_y, 0, out, d_params);
  }

  // The same of rows [begin, end) of y alone.
  template <typename T>
  void forward(const Compute<T>& compute, const T* params, const Design& design, View<T> y,
               Index begin, Index end) const {
    for (Index j = 0; n_columns > 0 && j < y.cols; ++j) {
      design.for_row(j, [&](Index column, float a) {
        compute.kernels.axpy(end - begin, static_cast<T>(a), params + weight + column * out + begin,
                             y.col(j) + begin);
      });
    }
  }

  template <typename T>
  void backward(const Compute<T>& compute, const Design& design, ConstView<T> d_y, Index begin,
                Index end, T* d_params) const {
    for (Index j = 0; n_columns > 0 && j < d_y.cols; ++j) {
      design.for_row(j, [&](Index column, float a) {
        compute.kernels.axpy(end - begin, static_cast<T>(a), d_y.col(j) + begin,
                             d_params + weight + column * out + begin);
      });
    }
  }
};

}  // namespace gmvae
