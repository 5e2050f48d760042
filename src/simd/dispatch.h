// Which kernels kernels<T>() gives.
#pragma once

#include "simd/kernels.h"

namespace gmvae {

// Those of the widest instruction set that the processor has, but none wider than `most`.  Sets
// differ in rounding: with `baseline`, machines of one kind give the same bits.  Not while
// something computes.
void use_kernels(Target most);

}  // namespace gmvae
