// What every kernel means, in plain loops, one file for each topic.  Tests hold the fast ones
// against these.
#include "simd/kernels.h"
#include "simd/reference/elementwise.h"
#include "simd/reference/gemm.h"
#include "simd/reference/layers.h"
#include "simd/reference/likelihoods.h"
#include "simd/reference/mixtures.h"
#include "simd/reference/sparse.h"
#include "simd/reference/unions.h"

#define GMVAE_TARGET reference
#define GMVAE_TARGET_NAME "reference"
#include "simd/table.inc"
