#include "gmvae/data/inputs.h"

#include <cmath>

#include "testing.h"

using namespace gmvae;

TEST("batch_levels(): how batches differ, by hand") {
  // Genes x cells: 4 0 | 2 0 and 1 2 | 0 1; a third gene without a count.
  const int start[] = {0, 2, 3, 4, 5}, gene[] = {0, 1, 1, 0, 1};
  const double count[] = {4, 1, 2, 2, 1};
  const MatrixReader reader(start, gene, count, 3, 4);
  const std::int32_t batch[] = {0, 0, 1, 1};
  const InputTransform transform{{2, 1, 1}, {1.5, 1, 0}};
  const auto levels = [&](const char* likelihood) {
    return batch_levels(reader, batch, 2, transform, likelihood);
  };
  const std::vector<double> counts = levels("nb");
  CHECK_NEAR(counts[0], std::log((4 + 1.0) / (7 * 6 / 10.0 + 1)), 1e-12);
  CHECK_NEAR(counts[4], std::log((1 + 1.0) / (3 * 4 / 10.0 + 1)), 1e-12);
  CHECK_NEAR(counts[2], 0.0, 0);
  const std::vector<double> measured = levels("gaussian");
  CHECK_NEAR(measured[0], 2 * (2 - 1.5), 1e-12);
  CHECK_NEAR(measured[3], 2 * (1 - 1.5), 1e-12);
  CHECK(batch_levels(reader, nullptr, 0, transform, "nb").empty());
}
