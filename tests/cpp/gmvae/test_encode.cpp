// Cells encoded and decoded by a trained model.
#include "gmvae/simulated.h"

using namespace gmvae;
using namespace testing;

TEST("encode(): the training cells again, and cells one at a time") {
  const Simulated data = simulate();
  Workers workers(2);
  Monitor monitor;
  for (VariesBy dispersion : {VariesBy::gene, VariesBy::gene_cell, VariesBy::gene_cluster}) {
    TrainOptions o = options();
    o.dispersion = dispersion;
    const TrainResult fit = run(o, 2);
    const Encoding all =
        encode(fit.model, data.reader(), data.size.data(), 4, true, workers, monitor);
    CHECK(all.mean == fit.cells.mean);
    CHECK(all.posterior == fit.cells.posterior);
    for (Index i : {0, 77}) {
      const int start[] = {0, data.start[static_cast<std::size_t>(i) + 1] -
                                  data.start[static_cast<std::size_t>(i)]};
      const MatrixReader one(start, data.gene.data() + data.start[static_cast<std::size_t>(i)],
                             data.count.data() + data.start[static_cast<std::size_t>(i)],
                             data.n_genes, 1);
      const Encoding alone = encode(fit.model, one, data.size.data(), 4, true, workers, monitor);
      for (std::size_t d = 0; d < 4; ++d) {
        CHECK_NEAR(alone.mean[d], all.mean[static_cast<std::size_t>(i) * 4 + d], 1e-5);
      }
      CHECK_NEAR(alone.elbo[0], all.elbo[static_cast<std::size_t>(i)], 1e-4);
    }
  }
}

TEST("decode(): expected counts add up to the size; only the genes asked for") {
  const TrainResult fit = run(options(), 2);
  Workers workers(2);
  std::vector<Index> genes(60);
  for (Index g = 0; g < 60; ++g) genes[static_cast<std::size_t>(g)] = g;
  const double size[] = {2.0};
  const ConstView<double> point(fit.cells.mean.data(), 4, 1);
  const std::vector<double> all = decode(fit.model, point, size, genes, workers);
  double total = 0;
  for (double x : all) total += x;
  CHECK_NEAR(total, 200.0, 1e-5);
  const std::vector<double> some = decode(fit.model, point, size, {7, 3}, workers);
  CHECK(some.size() == 2);
  CHECK(some[0] == all[7]);
  CHECK(some[1] == all[3]);
}
