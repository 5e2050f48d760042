// Tails against sums of the density, and known special cases.
#include "core/beta_binomial.h"

#include "testing.h"

using namespace gmvae;

TEST("beta_binomial_tails(): sums of the density") {
  for (double n : {1.0, 9.0, 40.0}) {
    for (double a : {0.3, 2.0, 50.0}) {
      for (double b : {0.7, 6.0}) {
        double below = 0;
        for (double x = 0; x <= n; ++x) {
          const double density = std::exp(beta_binomial_log_density(x, n, a, b));
          below += density;
          const Tails tails = beta_binomial_tails(x, n, a, b);
          CHECK_NEAR(tails.lower, below, 1e-11);
          CHECK_NEAR(tails.upper, 1 - below + density, 1e-11);
        }
        CHECK_NEAR(below, 1.0, 1e-11);
      }
    }
  }
}

TEST("beta_binomial_tails(): uniform for a = b = 1, and small tails keep their digits") {
  CHECK_NEAR(beta_binomial_tails(7, 9, 1, 1).upper, 0.3, 1e-12);
  const double tail = beta_binomial_tails(400, 400, 1e10, 1e10).upper;
  CHECK_NEAR(std::log(tail) / (400 * std::log(0.5)), 1.0, 1e-6);
}

TEST("beta_binomial_tails(): no trials") {
  const Tails tails = beta_binomial_tails(0, 0, 2, 3);
  CHECK_NEAR(tails.lower, 1.0, 1e-14);
  CHECK_NEAR(tails.upper, 1.0, 1e-14);
}
