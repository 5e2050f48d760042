#include "simd/compare.h"

using namespace gmvae;
using namespace testing;

namespace {

template <typename T>
void check_normalisation(const Kernels<T>& fast, const Kernels<T>& plain) {
  for (std::size_t n : lengths) {
    if (n == 0) continue;
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(n);
    const double slack = 40 * tolerance<T>();
    Unaligned<T> x(normals(n, 60, 3.0)), gain(normals(n, 61)), shift(normals(n, 62));
    Unaligned<T> u(normals(n, 63)), y = u, u_plain = u, y_plain = u;
    const T root =
        fast.norm_relu(size, T(1e-5), gain.data(), shift.data(), x.data(), u.data(), y.data());
    const T root_plain = plain.norm_relu(size, T(1e-5), gain.data(), shift.data(), x.data(),
                                         u_plain.data(), y_plain.data());
    CHECK(std::abs(root / root_plain - 1) <= static_cast<T>(slack));
    check_near(u, u_plain, n, slack);
    check_near(y, y_plain, n, slack);
    Unaligned<T> d(normals(n, 64)), d_gain = x, d_shift = x, d_x = x;
    Unaligned<T> d_gain_plain = x, d_shift_plain = x, d_x_plain = x;
    fast.norm_relu_back(size, root_plain, gain.data(), u_plain.data(), y_plain.data(), d.data(),
                        d_gain.data(), d_shift.data(), d_x.data());
    plain.norm_relu_back(size, root_plain, gain.data(), u_plain.data(), y_plain.data(), d.data(),
                         d_gain_plain.data(), d_shift_plain.data(), d_x_plain.data());
    check_near(d_gain, d_gain_plain, n, slack);
    check_near(d_shift, d_shift_plain, n, slack);
    check_near(d_x, d_x_plain, n, slack * static_cast<double>(n > 1 ? 1 : root_plain));
  }
}

template <typename T>
void check_softmax_slope(const Kernels<T>& fast, const Kernels<T>& plain) {
  for (std::size_t n : lengths) {
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(n);
    Unaligned<T> mu(exponentials(n, 7, 3.0)), d(normals(n, 65)), d_plain = d;
    fast.softmax_slope(size, T(0.3), T(1.7), mu.data(), d.data());
    plain.softmax_slope(size, T(0.3), T(1.7), mu.data(), d_plain.data());
    check_near(d, d_plain, n, 8 * tolerance<T>());
  }
}

template <typename T>
void check_adam(const Kernels<T>& fast, const Kernels<T>& plain) {
  for (std::size_t n : lengths) {
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(n);
    Unaligned<T> p(exponentials(n, 7, 3.0)), m(exponentials(n, 6, 2.0)), v = p, g(normals(n, 8));
    Unaligned<T> p_plain = p, m_plain = m, v_plain = v, g_plain = g;
    fast.adam(size, p.data(), m.data(), v.data(), g.data(), T(0.01), T(0.9), T(0.999), T(1e-8));
    plain.adam(size, p_plain.data(), m_plain.data(), v_plain.data(), g_plain.data(), T(0.01),
               T(0.9), T(0.999), T(1e-8));
    check_near(p, p_plain, n, 4 * tolerance<T>());
    check_near(m, m_plain, n, 2 * tolerance<T>());
    check_near(v, v_plain, n, 2 * tolerance<T>());
    for (std::size_t i = 0; i < n; ++i) CHECK(g.data()[i] == 0);  // cleared for the next step
  }
}

}  // namespace

TEST("layers: normalisation and rectifier equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_normalisation(fast, plain); });
}

TEST("layers: the slope through a softmax equals the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_softmax_slope(fast, plain); });
}

TEST("layers: Adam equals the reference, and clears the gradient") {
  for_each_target([](const auto& fast, const auto& plain) { check_adam(fast, plain); });
}
