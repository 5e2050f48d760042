// What genes are chosen by.
#include <cmath>
#include <vector>

#include "gmvae/data/gene_scores.h"
#include "gmvae/simulated.h"

using namespace gmvae;
using namespace testing;

TEST("feature_moments(): those of the dense matrix") {
  const Simulated data = simulate();
  std::vector<double> size(data.size);
  for (std::size_t i = 0; i < size.size(); ++i) size[i] = 0.5 + 0.01 * static_cast<double>(i);
  for (bool log : {false, true}) {
    const FeatureMoments moments = feature_moments(data.source(), size.data(), log);
    std::vector<double> dense(static_cast<std::size_t>(data.n_genes * data.n_cells));
    for (std::size_t i = 0; i < size.size(); ++i) {
      for (int e = data.start[i]; e < data.start[i + 1]; ++e) {
        const double x = data.count[static_cast<std::size_t>(e)] / size[i];
        dense[static_cast<std::size_t>(data.gene[static_cast<std::size_t>(e)]) * size.size() + i] =
            log ? std::log1p(x) : x;
      }
    }
    for (std::size_t g = 0; g < 60; ++g) {
      double mean = 0, square = 0;
      for (std::size_t i = 0; i < size.size(); ++i) mean += dense[g * size.size() + i];
      mean /= static_cast<double>(size.size());
      for (std::size_t i = 0; i < size.size(); ++i) {
        square += (dense[g * size.size() + i] - mean) * (dense[g * size.size() + i] - mean);
      }
      CHECK_NEAR(moments.mean[g], mean, 1e-12);
      CHECK_NEAR(moments.variance[g], square / static_cast<double>(size.size() - 1), 1e-12);
    }
  }
}
