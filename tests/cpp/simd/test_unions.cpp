#include "simd/compare.h"

using namespace gmvae;
using namespace testing;

namespace {

template <typename T>
void check_unions(const Kernels<T>& fast, const Kernels<T>& plain) {
  for_each_block([&](std::ptrdiff_t n, std::ptrdiff_t d) {
    const std::ptrdiff_t n_entries = d * (d + 1) / 2;
    Block<T> mass(n, 1, 40), means(n, d, 41), scatter(n, n_entries, 42), other_mean(d, 1, 43);
    for (std::ptrdiff_t i = 0; i < n; ++i) mass(i, 0) = 1 + std::abs(mass(i, 0));
    std::vector<T> other(static_cast<std::size_t>(n_entries), T(0.125));
    for (std::ptrdiff_t p = 0, entry = 0; p < d; ++p) {  // diagonally dominant
      for (std::ptrdiff_t q = 0; q <= p; ++q, ++entry) {
        for (std::ptrdiff_t i = 0; i < n; ++i) {
          T& w = scatter(i, entry);
          w = p == q ? static_cast<T>(d) * (1 + std::abs(w)) : std::tanh(w);
        }
      }
    }
    std::vector<T> work(static_cast<std::size_t>(24 * d * (d + 5)));
    Block<T> log_determinant(n, 1, 44), trace = log_determinant;
    Block<T> plain_determinant = log_determinant, plain_trace = log_determinant;
    fast.unions(n, d, mass.data(), means.data(), scatter.data(), means.ld, T(2.5),
                other_mean.data(), other.data(), T(0.5), work.data(), log_determinant.data(),
                trace.data());
    plain.unions(n, d, mass.data(), means.data(), scatter.data(), means.ld, T(2.5),
                 other_mean.data(), other.data(), T(0.5), work.data(), plain_determinant.data(),
                 plain_trace.data());
    const double slack = 10 * tolerance<T>() * static_cast<double>(d);
    log_determinant.check(plain_determinant, slack);
    trace.check(plain_trace, slack * static_cast<double>(d));
  });
}

}  // namespace

TEST("unions: volumes and traces equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_unions(fast, plain); });
}
