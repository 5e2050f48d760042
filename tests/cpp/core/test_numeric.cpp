// Special functions against known values.
#include "core/numeric.h"

#include "testing.h"

using namespace gmvae;

TEST("log_sum_exp(): neither overflows nor underflows") {
  const double large[] = {1000.0, 1000.0}, small[] = {-2000.0, -2000.0, -2000.0};
  CHECK_NEAR(log_sum_exp(large, 2), 1000.0 + std::log(2.0), 1e-15);
  CHECK_NEAR(log_sum_exp(small, 3), -2000.0 + std::log(3.0), 1e-15);
  const double none[] = {-INFINITY, -INFINITY};
  CHECK(log_sum_exp(none, 2) == -INFINITY);
}

TEST("softplus() and sigmoid(): both tails") {
  CHECK_NEAR(softplus(800.0), 800.0, 1e-15);
  CHECK(softplus(-40.0) > 0);
  CHECK_NEAR(softplus(-40.0) / std::exp(-40.0), 1.0, 1e-12);
  CHECK_NEAR(sigmoid(-800.0), 0.0, 1e-300);
  CHECK_NEAR(sigmoid(2.0) + sigmoid(-2.0), 1.0, 1e-15);
}

TEST("log_gamma(): the standard library's values") {
  for (double x : {1e-8, 1e-3, 0.5, 1.0, 1.5, 2.0, 3.7, 9.99, 10.0, 123.4, 1e4, 1e9}) {
    CHECK(std::abs(log_gamma(x) - std::lgamma(x)) <=
          1e-13 * std::max(1.0, std::abs(std::lgamma(x))));
  }
}

TEST("digamma(): values of Abramowitz & Stegun, and the recurrence") {
  CHECK_NEAR(digamma(1.0), -0.57721566490153286, 1e-14);
  CHECK_NEAR(digamma(0.5), -1.9635100260214235, 1e-14);
  CHECK_NEAR(digamma(2.0), 0.42278433509846714, 1e-14);
  for (double x : {1e-3, 0.3, 4.5, 77.0, 1e5}) {
    CHECK_NEAR(digamma(x + 1) - digamma(x), 1 / x, 1e-12);
  }
}
