// Every fast kernel against its plain reference, for each instruction set of this processor:
// odd lengths, unaligned starts, and both precisions.
#include <limits>
#include <type_traits>

#include "gradient.h"
#include "simd/kernels.h"
#include "testing.h"

using namespace gmvae;
using testing::normals;

namespace {

constexpr Target targets[] = {Target::baseline, Target::avx2, Target::avx512};
constexpr std::size_t lengths[] = {0, 1, 3, 7, 8, 9, 15, 16, 17, 33, 1003};

template <typename T>
double tolerance() {
  return sizeof(T) == 4 ? 5e-7 : 5e-16;
}

// n numbers one element behind an aligned start.
template <typename T>
struct Unaligned {
  std::vector<T> all;
  explicit Unaligned(const std::vector<double>& x) : all(1) {
    all.insert(all.end(), x.begin(), x.end());
  }
  T* data() { return all.data() + 1; }
};

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
    if (n == 0) continue;
    CHECK(fast.max(size, x.data()) == plain.max(size, x.data()));
    const T top = plain.max(size, x.data());
    const T sum = fast.sum_exp(size, x.data(), top, y.data());
    CHECK_NEAR(sum, plain.sum_exp(size, x.data(), top, expected.data()),
               static_cast<double>(n) * tolerance<T>());
    near(y, expected, 1);
  }
}

template <typename T>
void check_fused(const Kernels<T>& fast, const Kernels<T>& plain) {
  for (std::size_t n : lengths) {
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(n);
    auto theta = normals(n, 6, 2.0), mean = normals(n, 7, 3.0);
    for (std::size_t i = 0; i < n; ++i) {
      theta[i] = std::exp(theta[i]);
      mean[i] = std::exp(mean[i]);
    }
    Unaligned<T> scale(theta), mu(mean), mu_plain(mean), d(mean), d_plain(mean);
    Unaligned<T> d_theta(theta), d_theta_plain(theta);
    const T sum =
        fast.nb_zeros(size, T(0.3), T(1e-20), scale.data(), mu.data(), d.data(), d_theta.data());
    const T expected = plain.nb_zeros(size, T(0.3), T(1e-20), scale.data(), mu_plain.data(),
                                      d_plain.data(), d_theta_plain.data());
    CHECK(std::abs(static_cast<double>(sum - expected)) <=
          4 * tolerance<T>() * (1 + std::abs(static_cast<double>(expected))));
    for (std::size_t i = 0; i < n; ++i) {
      CHECK_NEAR(mu.data()[i], mu_plain.data()[i], tolerance<T>());
      CHECK_NEAR(d.data()[i], d_plain.data()[i], 2 * tolerance<T>());
      // A difference of two nearly equal numbers: absolute error, on the scale of theta.
      CHECK(std::abs(static_cast<double>(d_theta.data()[i] - d_theta_plain.data()[i])) <=
            4 * tolerance<T>() * (1 + theta[i]));
    }
    const auto logits = normals(n, 9, 3.0);
    Unaligned<T> a(logits), d_a(mean), d_a_plain(mean);
    for (Unaligned<T>* means : {&mu, &mu_plain}) *means = Unaligned<T>(mean);
    const T inflated = fast.zinb_zeros(size, T(0.3), T(1e-20), scale.data(), a.data(), mu.data(),
                                       d.data(), d_theta.data(), d_a.data());
    const T inflated_plain =
        plain.zinb_zeros(size, T(0.3), T(1e-20), scale.data(), a.data(), mu_plain.data(),
                         d_plain.data(), d_theta_plain.data(), d_a_plain.data());
    CHECK(std::abs(static_cast<double>(inflated - inflated_plain)) <=
          4 * tolerance<T>() * static_cast<double>(n + 1));
    for (std::size_t i = 0; i < n; ++i) {
      const double slack = 8 * tolerance<T>() * (1 + theta[i]);
      CHECK(std::abs(static_cast<double>(d.data()[i] - d_plain.data()[i])) <= slack);
      CHECK(std::abs(static_cast<double>(d_theta.data()[i] - d_theta_plain.data()[i])) <= slack);
      CHECK(std::abs(static_cast<double>(d_a.data()[i] - d_a_plain.data()[i])) <= slack);
    }
    const T zeros = fast.bernoulli_zeros(size, a.data(), d.data());
    CHECK_NEAR(zeros, plain.bernoulli_zeros(size, a.data(), d_plain.data()),
               4 * tolerance<T>() * static_cast<double>(n + 1));
    fast.softmax_slope(size, T(0.3), T(1.7), mu.data(), d.data());
    plain.softmax_slope(size, T(0.3), T(1.7), mu.data(), d_plain.data());
    for (std::size_t i = 0; i < n; ++i) {
      CHECK_NEAR(d.data()[i], d_plain.data()[i], 8 * tolerance<T>());
    }
    CHECK_NEAR(fast.sum(size, a.data()), plain.sum(size, a.data()),
               4 * tolerance<T>() * static_cast<double>(n + 1));
    Unaligned<T> p(mean), p_plain(mean), m(theta), m_plain(theta), v(mean), v_plain(mean);
    Unaligned<T> g(normals(n, 8));
    Unaligned<T> g_plain = g;
    fast.adam(size, p.data(), m.data(), v.data(), g.data(), T(0.01), T(0.9), T(0.999), T(1e-8));
    plain.adam(size, p_plain.data(), m_plain.data(), v_plain.data(), g_plain.data(), T(0.01),
               T(0.9), T(0.999), T(1e-8));
    for (std::size_t i = 0; i < n; ++i) {
      CHECK_NEAR(p.data()[i], p_plain.data()[i], 4 * tolerance<T>());
      CHECK_NEAR(m.data()[i], m_plain.data()[i], 2 * tolerance<T>());
      CHECK_NEAR(v.data()[i], v_plain.data()[i], 2 * tolerance<T>());
      CHECK(g.data()[i] == 0);  // cleared for the next step
    }
  }
}

// Each of n pairs within `slack`, relative to a value in `unit` where there is one.
template <typename T>
void check_near(Unaligned<T>& values, Unaligned<T>& expected, std::size_t n, double slack,
                const std::vector<double>& unit = {}) {
  for (std::size_t i = 0; i < n; ++i) {
    const double allowed = slack * (1 + (unit.empty() ? 0 : std::abs(unit[i])));
    CHECK_NEAR(values.data()[i], expected.data()[i], allowed);
  }
}

// Values beyond zero, from the smallest counts to large ones, means and dispersions of all sizes.
template <typename T>
void check_counts(const Kernels<T>& fast, const Kernels<T>& plain) {
  const double slack = std::is_same<T, float>::value ? 4e-6 : 2e-11;
  for (std::size_t n : lengths) {
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(n);
    auto count = normals(n, 40), theta = normals(n, 41, 2.5), mean = normals(n, 42, 3.0);
    const std::vector<double> eta = mean;
    for (std::size_t i = 0; i < n; ++i) {
      count[i] = i % 5 == 4 ? std::floor(std::exp(3 + 2 * std::abs(count[i])))
                            : static_cast<double>(i % 13);
      theta[i] = std::exp(theta[i]);
      mean[i] = std::exp(mean[i]);
    }
    Unaligned<T> x(count), v(theta), mu(mean), a(normals(n, 43, 3.0)), real(normals(n, 44, 3.0));
    Unaligned<T> p(mean), d(mean), d_v(mean), d_a(mean);
    Unaligned<T> p_plain(mean), d_plain(mean), d_v_plain(mean), d_a_plain(mean);
    // Errors grow with the largest of the terms that are added: x log mu, and theta in d_v.
    std::vector<double> unit(n), unit_v(n);
    for (std::size_t i = 0; i < n; ++i) {
      unit[i] = count[i] * (1 + std::abs(eta[i]) + std::abs(std::log(theta[i]))) + theta[i];
      unit_v[i] = theta[i] + count[i];
    }
    fast.nb_counts(size, x.data(), v.data(), mu.data(), p.data(), d.data(), d_v.data());
    plain.nb_counts(size, x.data(), v.data(), mu.data(), p_plain.data(), d_plain.data(),
                    d_v_plain.data());
    check_near(p, p_plain, n, slack, unit);
    check_near(d, d_plain, n, slack);
    check_near(d_v, d_v_plain, n, slack, unit_v);

    fast.zinb_counts(size, x.data(), v.data(), a.data(), mu.data(), p.data(), d.data(), d_v.data(),
                     d_a.data());
    plain.zinb_counts(size, x.data(), v.data(), a.data(), mu.data(), p_plain.data(), d_plain.data(),
                      d_v_plain.data(), d_a_plain.data());
    check_near(p, p_plain, n, slack, unit);
    check_near(d, d_plain, n, slack, unit_v);
    check_near(d_v, d_v_plain, n, slack, unit_v);
    check_near(d_a, d_a_plain, n, slack, unit_v);
    for (std::size_t i = 0; i < n; ++i) {
      if (count[i] == 0) CHECK(p.data()[i] == 0 && d.data()[i] == 0 && d_a.data()[i] == 0);
    }

    fast.poisson_counts(size, x.data(), mu.data(), p.data());
    plain.poisson_counts(size, x.data(), mu.data(), p_plain.data());
    check_near(p, p_plain, n, slack, unit);
    Unaligned<T> scaled(mean), scaled_plain(mean);
    const T zeros = fast.poisson_zeros(size, T(0.3), T(0.1), scaled.data(), d.data());
    CHECK_NEAR(zeros,
               plain.poisson_zeros(size, T(0.3), T(0.1), scaled_plain.data(), d_plain.data()),
               slack * static_cast<double>(n + 1));
    check_near(scaled, scaled_plain, n, slack);
    check_near(d, d_plain, n, slack);

    Unaligned<T> output(eta);
    fast.gaussian_counts(size, real.data(), v.data(), output.data(), p.data(), d.data(),
                         d_v.data());
    plain.gaussian_counts(size, real.data(), v.data(), output.data(), p_plain.data(),
                          d_plain.data(), d_v_plain.data());
    for (std::size_t i = 0; i < n; ++i) unit[i] = 100 / theta[i];
    check_near(p, p_plain, n, slack, unit);
    check_near(d, d_plain, n, slack, unit);
    check_near(d_v, d_v_plain, n, slack, unit);
    const T gaussian = fast.gaussian_zeros(size, v.data(), output.data(), d.data(), d_v.data());
    double total = 1;
    for (double u : unit) total += u + 10;
    CHECK_NEAR(
        gaussian,
        plain.gaussian_zeros(size, v.data(), output.data(), d_plain.data(), d_v_plain.data()),
        slack * total);
    check_near(d, d_plain, n, slack, unit);
    check_near(d_v, d_v_plain, n, slack, unit);
  }
}

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

// A column-major block one element behind an aligned start, `padding` after each column and -7 in
// all that is no entry.
template <typename T>
struct Block {
  static constexpr std::ptrdiff_t padding = 3;
  std::ptrdiff_t rows, cols, ld;
  Unaligned<T> all;

  Block(std::ptrdiff_t n, std::ptrdiff_t d, std::uint64_t seed)
      : rows(n), cols(d), ld(n + padding),
        all(std::vector<double>(static_cast<std::size_t>(ld * d), -7)) {
    const auto draws = normals(static_cast<std::size_t>(n * d), seed);
    for (std::ptrdiff_t i = 0; i < n * d; ++i) {
      (*this)(i % n, i / n) = static_cast<T>(draws[static_cast<std::size_t>(i)]);
    }
  }
  T* data() { return all.data(); }
  T& operator()(std::ptrdiff_t i, std::ptrdiff_t j) { return data()[i + j * ld]; }

  // Entries near those of `expected`, and the padding as it was.
  void check(Block& expected, double tolerance) {
    for (std::ptrdiff_t i = 0; i < ld * cols; ++i) {
      const double value = static_cast<double>(data()[i]);
      const double plain = static_cast<double>(expected.data()[i]);
      if (i % ld < rows) {
        CHECK_NEAR(value, plain, tolerance);
      } else {
        CHECK(value == -7);
      }
    }
  }
};

template <typename Fn>
void for_each_block(Fn&& fn) {
  for (std::ptrdiff_t rows : {1, 7, 24, 100, 256}) {
    for (std::ptrdiff_t d : {1, 2, 3, 4, 5, 8, 10, 13, 50}) fn(rows, d);
  }
}

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

template <typename Fn>
void for_each_target(Fn&& fn) {
  for (Target target : targets) {
    if (!kernels_for<float>(target)) continue;  // not on this processor
    fn(*kernels_for<float>(target), *kernels_for<float>(Target::reference));
    fn(*kernels_for<double>(target), *kernels_for<double>(Target::reference));
  }
}

}  // namespace

TEST("kernels: gemm equals the reference, all shapes and transposes") {
  for_each_target([](const auto& fast, const auto& plain) { check_gemm(fast, plain); });
}

TEST("kernels: vector functions equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_vectors(fast, plain); });
}

TEST("kernels: likelihoods at zero, softmax slope and Adam equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_fused(fast, plain); });
}

TEST("kernels: likelihoods beyond zero equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_counts(fast, plain); });
}

TEST("kernels: sparse columns equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_columns(fast, plain); });
}

TEST("kernels: normalisation and rectifier equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_normalisation(fast, plain); });
}

TEST("kernels: norms of blocks equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_norms(fast, plain); });
}

TEST("kernels: moments and scatter of blocks equal the reference") {
  for_each_target([](const auto& fast, const auto& plain) { check_moments(fast, plain); });
}

TEST("kernels: posteriors equal the reference, -infinity included") {
  for_each_target([](const auto& fast, const auto& plain) { check_posterior(fast, plain); });
}

TEST("unions of clusters: volumes and traces") {
  for_each_target([](const auto& fast, const auto& plain) { check_unions(fast, plain); });
}

TEST("kernels: NaN and infinity are not hidden") {
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

TEST("kernels: exp keeps to normal numbers at both ends") {
  for_each_target([](const auto& fast, const auto&) {
    using T = std::decay_t<decltype(fast.dot(0, nullptr, nullptr))>;
    const T x[] = {T(-1e6), T(1e6)};
    T y[2];
    fast.exp(2, x, y);
    CHECK(y[0] >= std::numeric_limits<T>::min());
    CHECK(std::isfinite(y[1]));
  });
}

TEST("kernels: the widest set that runs here is the one in use") {
  Target widest = Target::baseline;
  for (Target target : targets) {
    if (kernels_for<float>(target)) widest = target;
  }
  CHECK(&kernels<float>() == kernels_for<float>(widest));
}
