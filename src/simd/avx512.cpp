// The fast kernels for x86 processors with AVX-512.
#include "simd/kernels.h"

#if GMVAE_X86_TARGETS
#define GMVAE_TARGET avx512
#define GMVAE_TARGET_NAME "avx512"
#define GMVAE_VECTOR_BYTES 64
#define GMVAE_REGISTERS 32
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx2,fma"))),                 \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx2,fma")
#endif
#include "simd/vector.inc"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
