// Where the decoder's shifts start.
#include <cmath>
#include <vector>

#include "gmvae/data/design_levels.h"
#include "likelihood/dispatch.h"
#include "testing.h"

using namespace gmvae;
using namespace testing;

namespace {

std::vector<double> levels_of(const CellSource& source, const Design& design,
                              const InputTransform& transform, const char* name) {
  const LikelihoodTraits& likelihood = find_likelihood(name);
  std::vector<double> level = gene_levels(source, likelihood);
  return design_levels(source, design, transform, likelihood, level);
}

}  // namespace

TEST("design_levels(): how batches differ, by hand") {
  // Genes x cells: 4 0 | 2 0 and 1 2 | 0 1; a third gene without a count.
  const int start[] = {0, 2, 3, 4, 5}, gene[] = {0, 1, 1, 0, 1};
  const double count[] = {4, 1, 2, 2, 1};
  const MatrixSource source(start, gene, count, 3, 4);
  const Design batch = indicators({0, 0, 1, 1}, 2);
  const InputTransform transform{{2, 1, 1}, {1.5, 1, 0}};
  const auto levels = [&](const char* likelihood) {
    return levels_of(source, batch, transform, likelihood);
  };
  const std::vector<double> counts = levels("nb");
  CHECK_NEAR(counts[0], std::log((4 + 1.0) / (7 * 6 / 10.0 + 1)), 1e-12);
  CHECK_NEAR(counts[4], std::log((1 + 1.0) / (3 * 4 / 10.0 + 1)), 1e-12);
  CHECK_NEAR(counts[2], 0.0, 0);
  const std::vector<double> measured = levels("gaussian");
  CHECK_NEAR(measured[0], 2 * (2 - 1.5), 1e-12);
  CHECK_NEAR(measured[3], 2 * (1 - 1.5), 1e-12);
  CHECK(levels_of(source, Design(), transform, "nb").empty());
}

TEST("design_levels(): a column of one sign tells no slope") {
  const int start[] = {0, 1, 2}, gene[] = {0, 0};
  const double count[] = {4, 1};
  Design age;
  age.clear(1);
  age.column = {0, 0};
  age.value = {0.5f, 2.0f};
  age.start = {0, 1, 2};
  const InputTransform transform{{1}, {0}};
  CHECK(levels_of(MatrixSource(start, gene, count, 1, 2), age, transform, "nb") ==
        std::vector<double>{0.0});
}

TEST("design_levels(): the slope of a measurement, and effects that two columns share") {
  // Gene 0 has exp(0.4 z) times its level in factor 1 twice as much; gene 1 neither.
  std::vector<int> start{0}, gene;
  std::vector<double> count;
  Design design;
  design.clear(3);
  RngStream rng(4, purpose);
  const Index n = 4000;
  for (Index i = 0; i < n; ++i) {
    const double z = rng.normal();
    const bool second = z + rng.normal() > 0;  // goes with z
    const double first = 100 * std::exp(0.4 * z) * (second ? 2 : 1);
    gene.insert(gene.end(), {0, 1});
    count.insert(count.end(), {first, 1e5 - first});
    start.push_back(static_cast<int>(gene.size()));
    design.column.insert(design.column.end(), {second ? 1 : 0, 2});
    design.value.insert(design.value.end(), {1.0f, static_cast<float>(z)});
    design.start.push_back(static_cast<Index>(design.column.size()));
  }
  const MatrixSource source(start.data(), gene.data(), count.data(), 2, n);
  const InputTransform transform{{1, 1}, {0, 0}};
  const std::vector<double> level = levels_of(source, design, transform, "nb");
  CHECK_NEAR(level[2] - level[0] - (level[3] - level[1]), std::log(2.0), 0.01);
  CHECK_NEAR(level[4] - level[5], 0.4, 0.005);
  // Alone, each has part of the other's effect.
  const std::vector<double> factor_alone = levels_of(source, design.factors(), transform, "nb");
  CHECK(factor_alone[2] - factor_alone[0] - (factor_alone[3] - factor_alone[1]) >
        std::log(2.0) + 0.3);
}
