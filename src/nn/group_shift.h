// A shift of each column by what its group has, y += W e_group: what a layer adds for the batch of
// a cell.   y: out x B   W: out x n_groups   group: B, from 0
// Without groups it has no parameters and does nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/compute.h"
#include "nn/params.h"

namespace gmvae {

struct GroupShift {
  Index out, n_groups;
  Index weight;

  GroupShift(ParamLayout& layout, const std::string& name, Index out_, Index n_groups_)
      : out(out_), n_groups(n_groups_), weight(layout.add(name + ".batch", out_, n_groups_)) {}

  template <typename T>
  void forward(const Compute<T>& compute, const T* params, const std::vector<std::int32_t>& group,
               View<T> y) const {
    forward(compute, params, group, y, 0, out);
  }

  // Adds to d_params.
  template <typename T>
  void backward(const Compute<T>& compute, const std::vector<std::int32_t>& group, ConstView<T> d_y,
                T* d_params) const {
    backward(compute, group, d_y, 0, out, d_params);
  }

  // The same of rows [begin, end) alone.
  template <typename T>
  void forward(const Compute<T>& compute, const T* params, const std::vector<std::int32_t>& group,
               View<T> y, Index begin, Index end) const {
    if (n_groups == 0) return;
    for (Index j = 0; j < y.cols; ++j) {
      compute.kernels.axpy(end - begin, T(1), params + column(group, j) + begin, y.col(j) + begin);
    }
  }

  template <typename T>
  void backward(const Compute<T>& compute, const std::vector<std::int32_t>& group, ConstView<T> d_y,
                Index begin, Index end, T* d_params) const {
    if (n_groups == 0) return;
    for (Index j = 0; j < d_y.cols; ++j) {
      compute.kernels.axpy(end - begin, T(1), d_y.col(j) + begin,
                           d_params + column(group, j) + begin);
    }
  }

 private:
  // Where the shift of a cell's group begins.
  Index column(const std::vector<std::int32_t>& group, Index cell) const {
    return weight + group[static_cast<std::size_t>(cell)] * out;
  }
};

}  // namespace gmvae
