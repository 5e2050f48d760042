#include <limits>

#include "simd/compare.h"

using namespace gmvae;
using namespace testing;

namespace {

template <typename T>
void check_norms(const Kernels<T>& fast, const Kernels<T>& plain) {
  for_each_block([&](std::ptrdiff_t rows, std::ptrdiff_t d) {
    const double slack = 4 * tolerance<T>() * static_cast<double>(d);
    Block<T> x(rows, d, 10), mean(d, 1, 11), precision(d, 1, 12);
    Block<T> out(rows, 1, 13), expected = out;
    fast.diagonal_norms(rows, d, x.data(), x.ld, mean.data(), precision.data(), out.data());
    plain.diagonal_norms(rows, d, x.data(), x.ld, mean.data(), precision.data(), expected.data());
    out.check(expected, slack);

    const std::ptrdiff_t padded = (d + 3) / 4 * 4;
    Block<T> p(padded, d, 14), offset(padded, 1, 15);
    for (std::ptrdiff_t l = 0; l < d; ++l) {
      for (std::ptrdiff_t j = 0; j < l; ++j) p(j, l) = 0;
      for (std::ptrdiff_t j = d; j < padded; ++j) p(j, l) = 0;
    }
    for (std::ptrdiff_t j = d; j < padded; ++j) offset(j, 0) = 0;
    fast.whitened_norms(rows, d, x.data(), x.ld, p.data(), p.ld, offset.data(), out.data());
    plain.whitened_norms(rows, d, x.data(), x.ld, p.data(), p.ld, offset.data(), expected.data());
    out.check(expected, slack);
  });
}

template <typename T>
void check_moments(const Kernels<T>& fast, const Kernels<T>& plain) {
  for_each_block([&](std::ptrdiff_t rows, std::ptrdiff_t d) {
    const double slack = 4 * tolerance<T>() * static_cast<double>(rows);
    Block<T> x(rows, d, 20), mean(d, 1, 21), r(rows, 1, 22);
    Block<T> sums(d, 1, 23), sums_plain = sums, squares(d, 1, 24), squares_plain = squares;
    for (bool both : {true, false}) {
      fast.add_moments(rows, d, x.data(), x.ld, mean.data(), r.data(), sums.data(),
                       both ? squares.data() : nullptr);
      plain.add_moments(rows, d, x.data(), x.ld, mean.data(), r.data(), sums_plain.data(),
                        both ? squares_plain.data() : nullptr);
      sums.check(sums_plain, slack);
      squares.check(squares_plain, slack);
    }

    Block<T> z(rows, d, 25), z_plain = z;
    fast.weighted_deviations(rows, d, x.data(), x.ld, mean.data(), r.data(), z.data(), z.ld);
    plain.weighted_deviations(rows, d, x.data(), x.ld, mean.data(), r.data(), z_plain.data(),
                              z_plain.ld);
    z.check(z_plain, 2 * tolerance<T>());

    Block<T> s(d, d, 26), s_plain = s, before = s;
    fast.add_scatter(rows, d, x.data(), x.ld, s.data(), s.ld);
    plain.add_scatter(rows, d, x.data(), x.ld, s_plain.data(), s_plain.ld);
    s.check(s_plain, slack);
    for (std::ptrdiff_t b = 0; b < d; ++b) {
      for (std::ptrdiff_t a = 0; a < b; ++a) CHECK(s(a, b) == before(a, b));
    }
  });
}

template <typename T>
void check_posterior(const Kernels<T>& fast, const Kernels<T>& plain) {
  for_each_block([&](std::ptrdiff_t rows, std::ptrdiff_t k) {
    Block<T> r(rows, k, 30);
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
      for (std::ptrdiff_t c = 0; c < k; ++c) r(i, c) = 5 * r(i, c) - T(1e3);
      if (k == 1) continue;
      r(i, i % k) = -std::numeric_limits<T>::infinity();
      r(i, (i + 1) % k) = T(-1e3);             // never -infinity in all of a row
      if (k > 2) r(i, (i + 2) % k) = T(-2e3);  // out of reach
    }
    Block<T> posterior = r, expected = r, density(rows, 1, 31), density_plain = density;
    fast.posterior(rows, k, posterior.data(), r.ld, density.data());
    plain.posterior(rows, k, expected.data(), r.ld, density_plain.data());
    density.check(density_plain, 2 * tolerance<T>());
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
      double total = 0;
      for (std::ptrdiff_t c = 0; c < k; ++c) {
        total += static_cast<double>(posterior(i, c));
        if (r(i, c) <= T(-2e3)) CHECK(posterior(i, c) == 0);
      }
      CHECK_NEAR(total, 1.0, 4 * tolerance<T>());
    }
    posterior.check(expected, 2 * tolerance<T>());
  });
}

}  // namespace

TEST("mixtures: norms of blocks equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_norms(fast, plain); });
}

TEST("mixtures: moments and scatter of blocks equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_moments(fast, plain); });
}

TEST("mixtures: posteriors equal the reference, -infinity included") {
  for_each_target([](const auto& fast, const auto& plain) { check_posterior(fast, plain); });
}
