// Cells that a fitted model makes up.
#include <vector>

#include "gmvae/model/decode.h"
#include "gmvae/model/simulate.h"
#include "gmvae/simulated.h"

using namespace gmvae;
using namespace testing;

TEST("simulate_latent(): weights, means and covariances of the mixture") {
  Mixture mixture;
  mixture.weights = Eigen::Vector2d(0.25, 0.75);
  mixture.means = Eigen::MatrixXd(2, 2);
  mixture.means << -50, 50, 0, 1;
  Eigen::MatrixXd covariance(2, 2);
  covariance << 4, 1, 1, 2;
  mixture.covariances = {covariance, covariance};
  constexpr Index n = 20000;
  const std::vector<double> latent = simulate_latent(mixture, n, 1, 0);
  Eigen::Map<const Eigen::MatrixXd> points(latent.data(), 2, n);
  double second = 0, product = 0, square = 0;
  for (Index i = 0; i < n; ++i) {
    const bool right = points(0, i) > 0;
    const double a = points(0, i) - (right ? 50 : -50), b = points(1, i) - (right ? 1 : 0);
    second += right;
    product += a * b;
    square += a * a;
  }
  CHECK_NEAR(second / n, 0.75, 0.02);
  CHECK_NEAR(product / n, 1, 0.1);
  CHECK_NEAR(square / n, 4, 0.2);
  CHECK(simulate_latent(mixture, 10, 1, 0) != simulate_latent(mixture, 10, 1, 1));
}

TEST("simulate_counts(): the expected values of the decoder, for each likelihood of counts") {
  const Simulated data = simulate();
  for (const char* likelihood : {"nb", "zinb", "poisson"}) {
    TrainOptions o = options();
    o.shape.modality.likelihood = likelihood;
    o.epochs_warmup = o.epochs_joint = 5;
    const FittedModel model = run(o, 1).model;
    constexpr Index n = 3000;
    const std::vector<double> latent(4 * n, 0.3), size(n, 1.0);
    const ConstView<double> points(latent.data(), 4, n);
    Workers one(1), three(3);
    std::vector<Index> genes(60);
    for (std::size_t g = 0; g < genes.size(); ++g) genes[g] = static_cast<Index>(g);
    Monitor silent;
    std::vector<double> expected(60);
    decode(model, ConstView<double>(latent.data(), 4, 1), {size.data()}, genes, one, silent,
           View<double>(expected.data(), 60, 1));
    const SimulatedCells cells = simulate_counts(model, points, {size.data()}, 0, one);
    std::vector<double> mean(60), square(60);
    for (std::size_t e = 0; e < cells.value.size(); ++e) {
      mean[static_cast<std::size_t>(cells.gene[e])] += cells.value[e] / n;
      square[static_cast<std::size_t>(cells.gene[e])] += cells.value[e] * cells.value[e] / n;
    }
    for (std::size_t g = 0; g < mean.size(); ++g) {
      const double variance = square[g] - mean[g] * mean[g];
      CHECK_NEAR(mean[g], expected[g], 5 * std::sqrt(variance / n));
    }
    const SimulatedCells again = simulate_counts(model, points, {size.data()}, 0, three);
    CHECK(again.value == cells.value && again.gene == cells.gene && again.start == cells.start);
  }
}
