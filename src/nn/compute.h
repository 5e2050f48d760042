// What a layer computes with: the kernels and the threads.
#pragma once

#include "core/parallel.h"
#include "core/types.h"
#include "simd/kernels.h"

namespace gmvae {

template <typename T>
struct Compute {
  const Kernels<T>& kernels;
  Workers& workers;
};

// Items per parallel block: all of them where the work, in plain operations (16 of a matrix product
// count as one), is less than waking a thread is worth.  Depends on sizes only, never on the number
// of threads.
inline Index grain(Index n_items, Index work_per_item, Index block_size) {
  return n_items * work_per_item < 100000 ? std::max<Index>(n_items, 1) : block_size;
}

}  // namespace gmvae
