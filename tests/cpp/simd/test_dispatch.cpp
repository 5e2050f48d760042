#include "simd/compare.h"

using namespace gmvae;
using namespace testing;

TEST("dispatch: the widest set that runs here is the one in use") {
  Target widest = Target::baseline;
  for (Target target : targets) {
    if (kernels_for<float>(target)) widest = target;
  }
  CHECK(&kernels<float>() == kernels_for<float>(widest));
}
