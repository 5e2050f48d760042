// Where the decoder starts.
#include <cmath>
#include <vector>

#include "gmvae/data/input_transform.h"
#include "likelihood/dispatch.h"
#include "testing.h"

using namespace gmvae;
using namespace testing;

TEST("design_levels(): how batches differ, by hand") {
  // Genes x cells: 4 0 | 2 0 and 1 2 | 0 1; a third gene without a count.
  const int start[] = {0, 2, 3, 4, 5}, gene[] = {0, 1, 1, 0, 1};
  const double count[] = {4, 1, 2, 2, 1};
  const MatrixSource source(start, gene, count, 3, 4);
  const Design batch = indicators({0, 0, 1, 1}, 2);
  const InputTransform transform{{2, 1, 1}, {1.5, 1, 0}};
  const auto levels = [&](const char* likelihood) {
    return design_levels(source, batch, transform, find_likelihood(likelihood));
  };
  const std::vector<double> counts = levels("nb");
  CHECK_NEAR(counts[0], std::log((4 + 1.0) / (7 * 6 / 10.0 + 1)), 1e-12);
  CHECK_NEAR(counts[4], std::log((1 + 1.0) / (3 * 4 / 10.0 + 1)), 1e-12);
  CHECK_NEAR(counts[2], 0.0, 0);
  const std::vector<double> measured = levels("gaussian");
  CHECK_NEAR(measured[0], 2 * (2 - 1.5), 1e-12);
  CHECK_NEAR(measured[3], 2 * (1 - 1.5), 1e-12);
  CHECK(design_levels(source, Design(), transform, find_likelihood("nb")).empty());
}

TEST("design_levels(): columns that are no indicators begin at zero") {
  const int start[] = {0, 1, 2}, gene[] = {0, 0};
  const double count[] = {4, 1};
  Design age;
  age.clear(1);
  age.column = {0, 0};
  age.value = {0.5f, 2.0f};
  age.start = {0, 1, 2};
  const InputTransform transform{{1}, {0}};
  CHECK(design_levels(MatrixSource(start, gene, count, 1, 2), age, transform,
                      find_likelihood("nb")) == std::vector<double>{0.0});
}
