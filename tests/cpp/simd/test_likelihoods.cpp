#include <type_traits>

#include "simd/compare.h"

using namespace gmvae;
using namespace testing;

namespace {

// Counts from the smallest to large ones; means and dispersions of all sizes; logits; and values
// that are no counts.
template <typename T>
struct Data {
  std::size_t n;
  std::ptrdiff_t size;
  std::vector<double> counts, dispersion, log_mean;
  Unaligned<T> x, theta, mu, logit, real;

  explicit Data(std::size_t length)
      : n(length), size(static_cast<std::ptrdiff_t>(n)), counts(normals(n, 40)),
        dispersion(exponentials(n, 41, 2.5)), log_mean(normals(n, 42, 3.0)), x(counts),
        theta(dispersion), mu(exponentials(n, 42, 3.0)), logit(normals(n, 43, 3.0)),
        real(normals(n, 44, 3.0)) {
    for (std::size_t i = 0; i < n; ++i) {
      counts[i] = i % 5 == 4 ? std::floor(std::exp(3 + 2 * std::abs(counts[i])))
                             : static_cast<double>(i % 13);
    }
    x = Unaligned<T>(counts);
  }

  // Errors grow with the largest of the terms that are added: x log mu in log-probabilities,
  // theta in slopes.
  std::vector<double> log_unit() const {
    std::vector<double> unit(n);
    for (std::size_t i = 0; i < n; ++i) {
      unit[i] = counts[i] * (1 + std::abs(log_mean[i]) + std::abs(std::log(dispersion[i]))) +
                dispersion[i];
    }
    return unit;
  }
  std::vector<double> slope_unit() const {
    std::vector<double> unit(n);
    for (std::size_t i = 0; i < n; ++i) unit[i] = dispersion[i] + counts[i];
    return unit;
  }
};

// What a kernel writes, with something to add to or to overwrite.
template <typename T>
struct Outcome {
  Unaligned<T> mu, log_prob, d_eta, d_theta, d_a;
  explicit Outcome(const Data<T>& data)
      : mu(data.mu), log_prob(data.mu), d_eta(data.mu), d_theta(data.theta), d_a(data.mu) {}
};

template <typename T>
double count_slack() {
  return std::is_same<T, float>::value ? 4e-6 : 2e-11;
}

template <typename Fn>
void for_each_length(Fn&& fn) {
  for_each_target([&](const auto& fast, const auto& plain) {
    using T = std::decay_t<decltype(fast.dot(0, nullptr, nullptr))>;
    for (std::size_t n : lengths) fn(fast, plain, Data<T>(n));
  });
}

}  // namespace

TEST("likelihoods: NB at zero equals the reference") {
  for_each_length([](const auto& fast, const auto& plain, auto data) {
    using T = std::decay_t<decltype(*data.x.data())>;
    Outcome<T> a(data), b(data);
    const auto at_zero = [&](const auto& kernels, Outcome<T>& to) {
      return kernels.nb_zeros(data.size, T(0.3), T(1e-20), data.theta.data(), to.mu.data(),
                              to.d_eta.data(), to.d_theta.data());
    };
    const T sum = at_zero(fast, a);
    at_zero(plain, b);
    // Cell by cell: the reference's own sum rounds more than that of several lanes.
    Outcome<T> c(data);
    long double expected = 0;
    for (std::size_t i = 0; i < data.n; ++i) {
      expected += plain.nb_zeros(1, T(0.3), T(1e-20), data.theta.data() + i, c.mu.data() + i,
                                 c.d_eta.data() + i, c.d_theta.data() + i);
    }
    CHECK(std::abs(static_cast<double>(sum - expected)) <=
          4 * tolerance<T>() * (1 + std::abs(static_cast<double>(expected))));
    check_near(a.mu, b.mu, data.n, tolerance<T>());
    check_near(a.d_eta, b.d_eta, data.n, 2 * tolerance<T>());
    // A difference of two nearly equal numbers: absolute error, on the scale of theta.
    check_absolute(a.d_theta, b.d_theta, data.n, 4 * tolerance<T>(), data.dispersion);
  });
}

TEST("likelihoods: NB beyond zero equals the reference") {
  for_each_length([](const auto& fast, const auto& plain, auto data) {
    using T = std::decay_t<decltype(*data.x.data())>;
    Outcome<T> a(data), b(data);
    const auto beyond = [&](const auto& kernels, Outcome<T>& to) {
      kernels.nb_counts(data.size, data.x.data(), data.theta.data(), data.mu.data(),
                        to.log_prob.data(), to.d_eta.data(), to.d_theta.data());
    };
    beyond(fast, a);
    beyond(plain, b);
    check_near(a.log_prob, b.log_prob, data.n, count_slack<T>(), data.log_unit());
    check_near(a.d_eta, b.d_eta, data.n, count_slack<T>());
    check_near(a.d_theta, b.d_theta, data.n, count_slack<T>(), data.slope_unit());
  });
}

TEST("likelihoods: ZINB at zero equals the reference") {
  for_each_length([](const auto& fast, const auto& plain, auto data) {
    using T = std::decay_t<decltype(*data.x.data())>;
    Outcome<T> a(data), b(data);
    const auto at_zero = [&](const auto& kernels, Outcome<T>& to) {
      return kernels.zinb_zeros(data.size, T(0.3), T(1e-20), data.theta.data(), data.logit.data(),
                                to.mu.data(), to.d_eta.data(), to.d_theta.data(), to.d_a.data());
    };
    const T sum = at_zero(fast, a), expected = at_zero(plain, b);
    CHECK(std::abs(static_cast<double>(sum - expected)) <=
          4 * tolerance<T>() * static_cast<double>(data.n + 1));
    check_near(a.mu, b.mu, data.n, tolerance<T>());
    check_absolute(a.d_eta, b.d_eta, data.n, 8 * tolerance<T>(), data.dispersion);
    check_absolute(a.d_theta, b.d_theta, data.n, 8 * tolerance<T>(), data.dispersion);
    check_absolute(a.d_a, b.d_a, data.n, 8 * tolerance<T>(), data.dispersion);
  });
}

TEST("likelihoods: ZINB beyond zero equals the reference") {
  for_each_length([](const auto& fast, const auto& plain, auto data) {
    using T = std::decay_t<decltype(*data.x.data())>;
    Outcome<T> a(data), b(data);
    const auto beyond = [&](const auto& kernels, Outcome<T>& to) {
      kernels.zinb_counts(data.size, data.x.data(), data.theta.data(), data.logit.data(),
                          data.mu.data(), to.log_prob.data(), to.d_eta.data(), to.d_theta.data(),
                          to.d_a.data());
    };
    beyond(fast, a);
    beyond(plain, b);
    check_near(a.log_prob, b.log_prob, data.n, count_slack<T>(), data.log_unit());
    check_near(a.d_eta, b.d_eta, data.n, count_slack<T>(), data.slope_unit());
    check_near(a.d_theta, b.d_theta, data.n, count_slack<T>(), data.slope_unit());
    check_near(a.d_a, b.d_a, data.n, count_slack<T>(), data.slope_unit());
    for (std::size_t i = 0; i < data.n; ++i) {
      if (data.counts[i] > 0) continue;
      CHECK(a.log_prob.data()[i] == 0 && a.d_eta.data()[i] == 0 && a.d_a.data()[i] == 0);
    }
  });
}

TEST("likelihoods: Poisson equals the reference") {
  for_each_length([](const auto& fast, const auto& plain, auto data) {
    using T = std::decay_t<decltype(*data.x.data())>;
    Outcome<T> a(data), b(data);
    const auto at_zero = [&](const auto& kernels, Outcome<T>& to) {
      return kernels.poisson_zeros(data.size, T(0.3), T(0.1), to.mu.data(), to.d_eta.data());
    };
    const T sum = at_zero(fast, a), expected = at_zero(plain, b);
    CHECK_NEAR(sum, expected, count_slack<T>() * static_cast<double>(data.n + 1));
    check_near(a.mu, b.mu, data.n, count_slack<T>());
    check_near(a.d_eta, b.d_eta, data.n, count_slack<T>());

    fast.poisson_counts(data.size, data.x.data(), data.mu.data(), a.log_prob.data());
    plain.poisson_counts(data.size, data.x.data(), data.mu.data(), b.log_prob.data());
    check_near(a.log_prob, b.log_prob, data.n, count_slack<T>(), data.log_unit());
  });
}

TEST("likelihoods: Bernoulli at zero equals the reference") {
  for_each_length([](const auto& fast, const auto& plain, auto data) {
    using T = std::decay_t<decltype(*data.x.data())>;
    Outcome<T> a(data), b(data);
    CHECK_NEAR(fast.bernoulli_zeros(data.size, data.logit.data(), a.d_eta.data()),
               plain.bernoulli_zeros(data.size, data.logit.data(), b.d_eta.data()),
               4 * tolerance<T>() * static_cast<double>(data.n + 1));
    check_near(a.d_eta, b.d_eta, data.n, 8 * tolerance<T>());
  });
}

TEST("likelihoods: Gaussian equals the reference") {
  for_each_length([](const auto& fast, const auto& plain, auto data) {
    using T = std::decay_t<decltype(*data.x.data())>;
    Outcome<T> a(data), b(data);
    Unaligned<T> eta(data.log_mean);
    std::vector<double> unit(data.n);
    double total = 1;
    for (std::size_t i = 0; i < data.n; ++i) {
      unit[i] = 100 / data.dispersion[i];
      total += unit[i] + 10;
    }
    const auto beyond = [&](const auto& kernels, Outcome<T>& to) {
      kernels.gaussian_counts(data.size, data.real.data(), data.theta.data(), eta.data(),
                              to.log_prob.data(), to.d_eta.data(), to.d_theta.data());
    };
    beyond(fast, a);
    beyond(plain, b);
    check_near(a.log_prob, b.log_prob, data.n, count_slack<T>(), unit);
    check_near(a.d_eta, b.d_eta, data.n, count_slack<T>(), unit);
    check_near(a.d_theta, b.d_theta, data.n, count_slack<T>(), unit);

    const auto at_zero = [&](const auto& kernels, Outcome<T>& to) {
      return kernels.gaussian_zeros(data.size, data.theta.data(), eta.data(), to.d_eta.data(),
                                    to.d_theta.data());
    };
    const T sum = at_zero(fast, a), expected = at_zero(plain, b);
    CHECK_NEAR(sum, expected, count_slack<T>() * total);
    check_near(a.d_eta, b.d_eta, data.n, count_slack<T>(), unit);
    check_near(a.d_theta, b.d_theta, data.n, count_slack<T>(), unit);
  });
}
