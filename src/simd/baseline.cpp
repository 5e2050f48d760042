// The fast kernels for whatever the compiler builds for by default: SSE2, NEON, ...
#include "simd/kernels.h"

#define GMVAE_TARGET baseline
#define GMVAE_TARGET_NAME "baseline"
#define GMVAE_VECTOR_BYTES 16
#define GMVAE_REGISTERS 16
#include "simd/vector.inc"
