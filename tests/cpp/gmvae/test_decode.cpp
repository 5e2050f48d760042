// What a fitted model expects.
#include <limits>
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
  Monitor silent;
  std::vector<double> all(60), some(2);
  decode(fit.model, point, {size}, genes, workers, silent, View<double>(all.data(), 60, 1));
  double total = 0;
  for (double x : all) total += x;
  CHECK_NEAR(total, 200.0, 1e-5);
  decode(fit.model, point, {size}, {7, 3}, workers, silent, View<double>(some.data(), 2, 1));
  CHECK(some[0] == all[7]);
  CHECK(some[1] == all[3]);
}

TEST("decode(): parameters that are no numbers are an error, never a result") {
  TrainResult fit = run(options(), 2);
  for (float& parameter : fit.model.params) parameter = std::numeric_limits<float>::quiet_NaN();
  Workers workers(2);
  Monitor silent;
  const double size[] = {2.0};
  double expected[] = {0.0};
  CHECK_THROWS(decode(fit.model, ConstView<double>(fit.cells.mean.data(), 4, 1), {size}, {0},
                      workers, silent, View<double>(expected, 1, 1)),
               NumericalError);
}
