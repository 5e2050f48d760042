#include "simd/compare.h"

using namespace gmvae;
using namespace testing;

namespace {

// Vectors of all lengths as columns of w; a row may come twice.
template <typename T>
void check_columns(const Kernels<T>& fast, const Kernels<T>& plain) {
  const std::int32_t row[] = {4, 0, 2, 2, 5};
  for (std::size_t out : lengths) {
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(out);
    Unaligned<T> value(normals(5, 50)), w(normals(6 * out, 51)), y(normals(out, 52));
    Unaligned<T> w_plain = w, y_plain = y;
    fast.add_columns(size, 5, row, value.data(), w.data(), y.data());
    plain.add_columns(size, 5, row, value.data(), w.data(), y_plain.data());
    check_near(y, y_plain, out, 20 * tolerance<T>());
    fast.add_to_columns(size, 5, row, value.data(), y_plain.data(), w.data());
    plain.add_to_columns(size, 5, row, value.data(), y_plain.data(), w_plain.data());
    check_near(w, w_plain, 6 * out, 20 * tolerance<T>());
    fast.scale(size, T(0.3), y.data());
    for (std::size_t i = 0; i < out; ++i) {
      CHECK_NEAR(y.data()[i], T(0.3) * y_plain.data()[i], 20 * tolerance<T>());
    }
  }
}

}  // namespace

TEST("sparse: sums over columns equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_columns(fast, plain); });
}
