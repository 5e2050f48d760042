// What a fitted model expects.
#include <vector>

#include "gmvae/model/decode.h"
#include "gmvae/simulated.h"

using namespace gmvae;
using namespace testing;

TEST("decode(): expected counts add up to the size; only the genes asked for") {
  const TrainResult fit = run(options(), 2);
  Workers workers(2);
  std::vector<Index> genes(60);
  for (Index g = 0; g < 60; ++g) genes[static_cast<std::size_t>(g)] = g;
  const double size[] = {2.0};
  const ConstView<double> point(fit.cells.mean.data(), 4, 1);
  const std::vector<double> all = decode(fit.model, point, {size}, genes, workers);
  double total = 0;
  for (double x : all) total += x;
  CHECK_NEAR(total, 200.0, 1e-5);
  const std::vector<double> some = decode(fit.model, point, {size}, {7, 3}, workers);
  CHECK(some.size() == 2);
  CHECK(some[0] == all[7]);
  CHECK(some[1] == all[3]);
}
