// What values are beside what a model expects of them.
#include <cmath>
#include <vector>

#include "gmvae/model/fit_sums.h"
#include "gmvae/model/simulate.h"
#include "gmvae/simulated.h"
#include "likelihood/dispatch.h"

using namespace gmvae;
using namespace testing;

namespace {

constexpr Index n = 4000;

struct Cells {
  std::vector<double> latent, size;
  std::vector<std::int32_t> group;

  Cells() : latent(4 * n), size(n), group(n) {
    RngStream rng(5, purpose);
    for (double& z : latent) z = rng.normal();
    for (double& s : size) s = 0.5 + rng.uniform();
    for (std::size_t i = 0; i < n; ++i) group[i] = static_cast<std::int32_t>(i % 2);
  }
};

}  // namespace

TEST("fit_sums(): of cells of the model itself, observed is near expected") {
  const Cells cells;
  const ConstView<double> points(cells.latent.data(), 4, n);
  Workers one(1), three(3);
  Monitor silent;
  for (const LikelihoodTraits& likelihood : likelihoods()) {
    const FittedModel model = fitted(likelihood.name);
    const SimulatedCells drawn = simulate_counts(model, points, {cells.size.data()}, 0, one);
    const FitSums sums =
        fit_sums(model, drawn.source(), points, {cells.size.data()}, cells.group, 2, one, silent);
    double squares = 0, variance = 0;
    for (std::size_t i = 0; i < sums.observed.size(); ++i) {
      // Five standard errors of a sum.
      CHECK_NEAR(sums.observed[i] - sums.expected[i], 0, 5 * std::sqrt(sums.variance[i]));
      CHECK_NEAR(sums.zeros[i] - sums.expected_zeros[i], 0,
                 5 * std::sqrt(sums.expected_zeros[i]) + 1e-9);
      squares += sums.squares[i];
      variance += sums.variance[i];
      if (!likelihood.whole || likelihood.has_zero_inflation) continue;
      CHECK_NEAR(sums.score_mean[i], 0, 5 * std::sqrt(sums.information_mean[i]));
      CHECK_NEAR(sums.score_scale[i], 0, 6 * std::sqrt(sums.information_scale[i]));
    }
    CHECK_NEAR(squares / variance, 1, 0.1);
    const FitSums again =
        fit_sums(model, drawn.source(), points, {cells.size.data()}, cells.group, 2, three, silent);
    CHECK(again.squares == sums.squares && again.score_scale == sums.score_scale);
  }
}

TEST("fit_sums(): covariances of zeros with the scores are those of drawn cells") {
  const FittedModel model = fitted("nb");
  const std::vector<double> latent(4 * n, 0.3), size(n, 1.0);
  const ConstView<double> points(latent.data(), 4, n);
  Workers one(1);
  Monitor silent;
  const std::vector<std::int32_t> group(n, 0);
  const FitSums sums =
      fit_sums(model, simulate_counts(model, points, {size.data()}, 0, one).source(), points,
               {size.data()}, group, 1, one, silent);
  // Of equal cells: the sum of 1{x = 0} times a score is the number of zeros times its value there.
  const int start[] = {0, 0};
  const MatrixSource nothing(start, nullptr, nullptr, 60, 1);
  const FitSums at_zero = fit_sums(model, nothing, ConstView<double>(latent.data(), 4, 1),
                                   {size.data()}, {0}, 1, one, silent);
  for (std::size_t g = 0; g < 60; ++g) {
    const double share = sums.expected_zeros[g] / n;
    CHECK_NEAR(sums.zeros_by_mean[g] / n, share * at_zero.score_mean[g], 1e-8);
    CHECK_NEAR(sums.zeros_by_scale[g] / n, share * at_zero.score_scale[g], 1e-8);
  }
}
