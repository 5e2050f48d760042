#include "simd/dispatch.h"

#include <initializer_list>

namespace gmvae {

#define GMVAE_DECLARE(target)                                                                      \
  namespace target {                                                                               \
  extern const Kernels<float> float_kernels;                                                       \
  extern const Kernels<double> double_kernels;                                                     \
  }
GMVAE_DECLARE(reference)
GMVAE_DECLARE(baseline)
#if GMVAE_X86_TARGETS
GMVAE_DECLARE(avx2)
GMVAE_DECLARE(avx512)
#endif
#undef GMVAE_DECLARE

namespace {

struct Set {
  const Kernels<float>* single_precision;
  const Kernels<double>* double_precision;
};

Set set_for(Target target) {
  switch (target) {
  case Target::reference:
    return {&reference::float_kernels, &reference::double_kernels};
  case Target::baseline:
    return {&baseline::float_kernels, &baseline::double_kernels};
#if GMVAE_X86_TARGETS
  case Target::avx2:
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      return {&avx2::float_kernels, &avx2::double_kernels};
    }
    break;
  case Target::avx512:
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
      return {&avx512::float_kernels, &avx512::double_kernels};
    }
    break;
#endif
  default:
    break;
  }
  return {nullptr, nullptr};
}

Set widest(Target most) {
  for (Target target : {Target::avx512, Target::avx2}) {
    if (target > most) continue;
    const Set set = set_for(target);
    if (set.single_precision) return set;
  }
  return set_for(Target::baseline);
}

Set& current() {
  static Set set = widest(Target::avx512);
  return set;
}

}  // namespace

template <>
const Kernels<float>* kernels_for<float>(Target target) {
  return set_for(target).single_precision;
}

template <>
const Kernels<double>* kernels_for<double>(Target target) {
  return set_for(target).double_precision;
}

void use_kernels(Target most) { current() = widest(most); }

template <>
const Kernels<float>& kernels<float>() {
  return *current().single_precision;
}

template <>
const Kernels<double>& kernels<double>() {
  return *current().double_precision;
}

}  // namespace gmvae
