// Fold changes between groups of cells, against the decoder's values.
#include <cmath>
#include <vector>

#include "gmvae/model/contrast.h"
#include "gmvae/model/decode.h"
#include "gmvae/simulated.h"

using namespace gmvae;
using namespace testing;

TEST("contrast_groups(): without spread, differences of the decoder's logarithms") {
  TrainOptions o = options();
  o.epochs_warmup = o.epochs_joint = 3;
  const FittedModel model = run(o, 1).model;
  constexpr Index d = 4, n_genes = 60;
  std::vector<double> latent, none(3 * d, 0.0);
  for (double z : {-0.5, 0.2, 1.0}) latent.insert(latent.end(), d, z);
  const ConstView<double> points(latent.data(), d, 3), spread(none.data(), d, 3);
  const std::vector<double> ones(3, 1.0);
  std::vector<Index> genes(n_genes);
  for (std::size_t g = 0; g < genes.size(); ++g) genes[g] = static_cast<Index>(g);
  Workers one(1), three(3);
  Monitor silent;
  std::vector<double> expected(3 * n_genes);
  decode(model, points, {ones.data()}, genes, one, silent,
         View<double>(expected.data(), n_genes, 3));
  const ContrastOptions wanted{40, 0.1, 0.05};
  const std::vector<std::vector<Index>> groups{{0}, {1}, {2}};
  const Contrast found =
      contrast_groups(model, points, spread, groups, {}, {1.0}, wanted, one, silent);
  for (std::size_t g = 0; g < n_genes; ++g) {
    double level[3];
    for (std::size_t k = 0; k < 3; ++k) {
      level[k] = std::log2(expected[k * n_genes + g] + 0.1);
      CHECK_NEAR(found.level[k * n_genes + g], level[k], 1e-4);
    }
    const double a = level[0] - level[1], b = level[0] - level[2];
    CHECK_NEAR(found.change.mean[g], (a + b) / 2, 2e-4);
    CHECK_NEAR(found.change.least[g], std::min(a, b), 2e-4);
    CHECK_NEAR(found.change.largest[g], std::max(a, b), 2e-4);
    if (std::fabs(std::fabs(a) - 0.05) > 1e-3 && std::fabs(std::fabs(b) - 0.05) > 1e-3) {
      CHECK_NEAR(found.probability.mean[g], ((std::fabs(a) > 0.05) + (std::fabs(b) > 0.05)) / 2.0,
                 1e-12);
    }
  }
  const std::vector<double> wide(3 * d, 0.5);
  const ConstView<double> some(wide.data(), d, 3);
  const Contrast once =
      contrast_groups(model, points, some, groups, {}, {1.0}, wanted, one, silent);
  const Contrast again =
      contrast_groups(model, points, some, groups, {}, {1.0}, wanted, three, silent);
  CHECK(once.level == again.level);
  CHECK(once.probability.median == again.probability.median);
}
