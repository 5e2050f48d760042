#include "simd/compare.h"

using namespace gmvae;
using namespace testing;

namespace {

template <typename T>
void check_gemm(const Kernels<T>& fast, const Kernels<T>& plain) {
  for (std::ptrdiff_t m : {1, 5, 24, 97}) {
    for (std::ptrdiff_t n : {1, 4, 9, 130}) {
      for (std::ptrdiff_t k : {0, 1, 40, 300}) {
        for (int variant = 0; variant < 8; ++variant) {
          const bool a_transposed = variant & 1, b_transposed = variant & 2, add = variant & 4;
          Unaligned<T> a(normals(static_cast<std::size_t>(m * k), 1));
          Unaligned<T> b(normals(static_cast<std::size_t>(k * n), 2));
          const auto before = normals(static_cast<std::size_t>(m * n), 3);
          Unaligned<T> c(before), expected(before);
          fast.gemm(m, n, k, a.data(), a_transposed ? k : 1, a_transposed ? 1 : m, b.data(),
                    b_transposed ? n : 1, b_transposed ? 1 : k, c.data(), m, add);
          plain.gemm(m, n, k, a.data(), a_transposed ? k : 1, a_transposed ? 1 : m, b.data(),
                     b_transposed ? n : 1, b_transposed ? 1 : k, expected.data(), m, add);
          double worst = 0;
          for (std::size_t i = 0; i < before.size(); ++i) {
            worst =
                std::max(worst, std::abs(static_cast<double>(c.data()[i] - expected.data()[i])));
          }
          CHECK(worst <= tolerance<T>() * 4 * static_cast<double>(k + 1));
        }
      }
    }
  }
}

}  // namespace

TEST("gemm: equals the reference, all shapes and transposes") {
  for_each_target([](const auto& fast, const auto& plain) { check_gemm(fast, plain); });
}
