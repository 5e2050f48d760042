// Hidden layers: Linear, then layer normalisation and rectifier, any number of times.  The first
// may shift cells by their rows of a design matrix.
#pragma once

#include <string>
#include <vector>

#include "nn/design_shift.h"
#include "nn/linear.h"
#include "nn/norm_relu.h"

namespace gmvae {

// What backward() needs of the forward pass through one hidden layer; size x B each.
template <typename T>
struct HiddenCache {
  std::vector<T> linear;  // before normalisation; afterwards the gradient with respect to it
  std::vector<T> normalised;
  std::vector<T> inverse_sd;  // B
  std::vector<T> output;
  std::vector<T> d_output;

  void resize(Index size, Index n_cells) {
    const std::size_t n = static_cast<std::size_t>(size * n_cells);
    for (std::vector<T>* part : {&linear, &normalised, &output, &d_output}) part->resize(n);
    inverse_sd.resize(static_cast<std::size_t>(n_cells));
  }
};

template <typename T>
View<T> as_view(std::vector<T>& x, Index rows, Index cols) {
  return {x.data(), rows, cols};
}

// `sizes`: in, then the size of each hidden layer.
struct Stack {
  std::vector<Linear> linear;
  std::vector<NormRelu> norm;
  DesignShift shift;  // before the first normalisation

  Stack(ParamLayout& layout, const std::string& name, const std::vector<Index>& sizes,
        std::size_t first_number = 1, Index n_design = 0)
      : shift(layout, name + std::to_string(first_number) + ".design",
              sizes.size() > 1 ? sizes[1] : 0, n_design) {
    for (std::size_t l = 1; l < sizes.size(); ++l) {
      const std::string layer = name + std::to_string(first_number + l - 1);
      linear.emplace_back(layout, layer, sizes[l - 1], sizes[l]);
      norm.emplace_back(layout, layer, sizes[l]);
    }
  }

  // x: in x B   design: B rows, where there is a shift.  Returns the output of the last layer, or x
  // where there is none.
  template <typename T>
  ConstView<T> forward(const Compute<T>& compute, const T* params, ConstView<T> x,
                       std::vector<HiddenCache<T>>& caches, const Design& design = {}) const {
    caches.resize(linear.size());
    for (std::size_t l = 0; l < linear.size(); ++l) {
      HiddenCache<T>& cache = caches[l];
      const Index size = linear[l].out;
      cache.resize(size, x.cols);
      linear[l].forward(compute, params, x, as_view(cache.linear, size, x.cols));
      if (l == 0) shift.forward(compute, params, design, as_view(cache.linear, size, x.cols));
      norm[l].forward(compute, params, ConstView<T>(cache.linear.data(), size, x.cols),
                      as_view(cache.normalised, size, x.cols), cache.inverse_sd.data(),
                      as_view(cache.output, size, x.cols));
      x = ConstView<T>(cache.output.data(), size, x.cols);
    }
    return x;
  }

  // d_output of the last cache holds the gradient.  Adds to d_params; overwrites d_x unless it is
  // empty.
  template <typename T>
  void backward(const Compute<T>& compute, const T* params, ConstView<T> x,
                std::vector<HiddenCache<T>>& caches, T* d_params, View<T> d_x,
                const Design& design = {}) const {
    for (std::size_t l = linear.size(); l-- > 0;) {
      HiddenCache<T>& cache = caches[l];
      const Index size = linear[l].out;
      const View<T> d_linear = as_view(cache.linear, size, x.cols);
      norm[l].backward(compute, params, ConstView<T>(cache.normalised.data(), size, x.cols),
                       cache.inverse_sd.data(), ConstView<T>(cache.output.data(), size, x.cols),
                       ConstView<T>(cache.d_output.data(), size, x.cols), d_params, d_linear);
      const bool first = l == 0;
      if (first) shift.backward(compute, design, ConstView<T>(d_linear), d_params);
      const ConstView<T> input =
          first ? x : ConstView<T>(caches[l - 1].output.data(), linear[l].in, x.cols);
      const View<T> d_input = first ? d_x : as_view(caches[l - 1].d_output, linear[l].in, x.cols);
      linear[l].backward(compute, params, input, ConstView<T>(d_linear), d_params, d_input);
    }
  }
};

}  // namespace gmvae
