// Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1 with the efficient order of section 2).
#pragma once

#include <cmath>
#include <vector>

#include "nn/compute.h"

namespace gmvae {

struct AdamSettings {
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
};

template <typename T>
struct AdamState {
  std::vector<T> first, second;  // running means of the gradient and of its square
  Index step = 0;

  explicit AdamState(Index n_params)
      : first(static_cast<std::size_t>(n_params)), second(static_cast<std::size_t>(n_params)) {}
};

// One step that lowers the loss whose gradient is given; n parameters.  The gradient is zero
// afterwards.
template <typename T>
void adam_step(const Compute<T>& compute, const AdamSettings& settings, double learning_rate,
               std::vector<T>& gradient, AdamState<T>& state, std::vector<T>& params) {
  ++state.step;
  const double step = static_cast<double>(state.step);
  const double rate = learning_rate * std::sqrt(1 - std::pow(settings.beta2, step)) /
                      (1 - std::pow(settings.beta1, step));
  parallel_blocks(compute.workers, static_cast<Index>(params.size()), 1 << 15,
                  [&](Index, Index begin, Index end) {
    compute.kernels.adam(end - begin, params.data() + begin, state.first.data() + begin,
                         state.second.data() + begin, gradient.data() + begin, static_cast<T>(rate),
                         static_cast<T>(settings.beta1), static_cast<T>(settings.beta2),
                         static_cast<T>(settings.eps));
  });
}

}  // namespace gmvae
