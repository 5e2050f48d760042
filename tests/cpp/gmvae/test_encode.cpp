// New cells under a fitted model.
#include <vector>

#include "gmvae/model/encode.h"
#include "gmvae/simulated.h"

using namespace gmvae;
using namespace testing;

TEST("encode(): the training cells again, and cells one at a time") {
  const Simulated data = simulate();
  Workers workers(2);
  Monitor monitor;
  for (VariesBy dispersion : {VariesBy::gene, VariesBy::gene_cell, VariesBy::gene_cluster}) {
    TrainOptions o = options();
    o.shape.modalities[0].dispersion = dispersion;
    const TrainResult fit = run(o, 2);
    const Encoding all =
        encode(fit.model, data.source(), {data.size.data()}, {4, true, {}}, workers, monitor);
    CHECK(all.mean == fit.cells.mean);
    CHECK(all.posterior == fit.cells.posterior);
    for (Index i : {0, 77}) {
      const int start[] = {0, data.start[static_cast<std::size_t>(i) + 1] -
                                  data.start[static_cast<std::size_t>(i)]};
      const MatrixSource one(start, data.gene.data() + data.start[static_cast<std::size_t>(i)],
                             data.count.data() + data.start[static_cast<std::size_t>(i)],
                             data.n_genes, 1);
      const Encoding alone =
          encode(fit.model, one, {data.size.data()}, {4, true, {}}, workers, monitor);
      for (std::size_t d = 0; d < 4; ++d) {
        CHECK_NEAR(alone.mean[d], all.mean[static_cast<std::size_t>(i) * 4 + d], 1e-5);
      }
      CHECK_NEAR(alone.elbo[0], all.elbo[static_cast<std::size_t>(i)], 1e-4);
    }
  }
}
