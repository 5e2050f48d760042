#include <limits>
#include <type_traits>

#include "simd/compare.h"

using namespace gmvae;
using namespace testing;

namespace {

template <typename T>
void check_vectors(const Kernels<T>& fast, const Kernels<T>& plain) {
  for (std::size_t n : lengths) {
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(n);
    const auto draws = normals(n, 4, 5.0);
    Unaligned<T> x(draws), y(normals(n, 5)), expected = y;
    const auto near = [&](Unaligned<T>& a, Unaligned<T>& b, double factor) {
      for (std::size_t i = 0; i < n; ++i) {
        const double value = static_cast<double>(b.data()[i]);
        CHECK(std::abs(static_cast<double>(a.data()[i]) - value) <=
              factor * tolerance<T>() * std::abs(value) + 1e-30);
      }
    };
    fast.axpy(size, T(0.7), x.data(), y.data());
    plain.axpy(size, T(0.7), x.data(), expected.data());
    for (std::size_t i = 0; i < n; ++i) {
      CHECK_NEAR(y.data()[i], expected.data()[i], 10 * tolerance<T>());
    }
    CHECK_NEAR(fast.dot(size, x.data(), y.data()), plain.dot(size, x.data(), y.data()),
               tolerance<T>() * 50 * static_cast<double>(n + 1));
    fast.exp(size, x.data(), y.data());
    plain.exp(size, x.data(), expected.data());
    near(y, expected, 1);
    Unaligned<T> positive = expected;
    fast.sqrt(size, positive.data(), y.data());
    plain.sqrt(size, positive.data(), expected.data());
    near(y, expected, 1);
    fast.log(size, positive.data(), y.data());
    plain.log(size, positive.data(), expected.data());
    for (std::size_t i = 0; i < n; ++i) {
      CHECK_NEAR(y.data()[i], expected.data()[i], 2 * tolerance<T>());
    }
    CHECK_NEAR(fast.sum(size, x.data()), plain.sum(size, x.data()),
               4 * tolerance<T>() * static_cast<double>(n + 1));
    if (n == 0) continue;
    CHECK(fast.max(size, x.data()) == plain.max(size, x.data()));
    const T top = plain.max(size, x.data());
    const T sum = fast.sum_exp(size, x.data(), top, y.data());
    CHECK_NEAR(sum, plain.sum_exp(size, x.data(), top, expected.data()),
               static_cast<double>(n) * tolerance<T>());
    near(y, expected, 1);
  }
}

}  // namespace

TEST("elementwise: vector functions equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_vectors(fast, plain); });
}

TEST("elementwise: NaN and infinity are not hidden") {
  for_each_target([](const auto& fast, const auto&) {
    using T = std::decay_t<decltype(fast.dot(0, nullptr, nullptr))>;
    const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
    const T x[] = {nan, inf, T(1)};
    T y[3];
    fast.exp(3, x, y);
    CHECK(std::isnan(y[0]));
    fast.log(3, x, y);
    CHECK(std::isnan(y[0]));
    CHECK(y[1] == inf);
  });
}

TEST("elementwise: exp keeps to normal numbers at both ends") {
  for_each_target([](const auto& fast, const auto&) {
    using T = std::decay_t<decltype(fast.dot(0, nullptr, nullptr))>;
    const T x[] = {T(-1e6), T(1e6)};
    T y[2];
    fast.exp(2, x, y);
    CHECK(y[0] >= std::numeric_limits<T>::min());
    CHECK(std::isfinite(y[1]));
  });
}
