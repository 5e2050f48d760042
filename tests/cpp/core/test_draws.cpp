// Gamma and Poisson draws: their means and variances.
#include "core/draws.h"
#include "testing.h"

using namespace gmvae;
using namespace testing;

namespace {

struct Moments {
  double mean, variance;
};

template <typename Draw>
Moments moments_of(Draw&& draw) {
  constexpr int n = 40000;
  RngStream rng(1, purpose);
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double x = draw(rng);
    sum += x;
    squares += x * x;
  }
  return {sum / n, squares / n - (sum / n) * (sum / n)};
}

}  // namespace

TEST("draw_poisson(): mean and variance, by inversion and by rejection") {
  for (double mean : {0.02, 0.7, 9.9, 10.1, 60.0, 5000.0}) {
    const Moments m = moments_of([&](RngStream& rng) { return draw_poisson(rng, mean); });
    CHECK_NEAR(m.mean, mean, 5 * std::sqrt(mean / 40000));
    CHECK_NEAR(m.variance / mean, 1, 0.05 + 5 / std::sqrt(40000 * mean));
  }
  RngStream rng(1, purpose);
  CHECK(draw_poisson(rng, 0) == 0);
}

TEST("draw_gamma(): mean and variance, with shapes below and above 1") {
  for (double shape : {0.05, 0.9, 1.0, 3.0, 400.0}) {
    const Moments m =
        moments_of([&](RngStream& rng) { return 2 * draw_gamma(rng, shape) / shape; });
    CHECK_NEAR(m.mean, 2, 5 * 2 / std::sqrt(shape * 40000));
    CHECK_NEAR(m.variance, 4 / shape, 0.25 * 4 / shape);
  }
}
