#include "gmvae/select/split_half.h"

#include <cmath>
#include <numeric>
#include <vector>

#include "core/rng.h"
#include "testing.h"

using namespace gmvae;

namespace {

// Logarithms 3 + loading f_i + shift b_i + e_ig of n cells and `n_genes` genes, f and e standard
// normal; the second half of the cells is batch 1.
struct OneFactor {
  std::vector<int> start{0}, gene, batch;
  std::vector<double> count, size;
  Index n_genes, n_cells;

  OneFactor(Index n, Index genes, double loading, double shift, int set = 0)
      : n_genes(genes), n_cells(n) {
    RngStream rng(11 + static_cast<std::uint64_t>(set), testing::purpose);
    for (Index i = 0; i < n; ++i) {
      batch.push_back(2 * i < n ? 0 : 1);
      const double level = 3 + loading * rng.normal() + shift * batch.back();
      for (Index g = 0; g < genes; ++g) {
        gene.push_back(static_cast<int>(g));
        count.push_back(std::exp(level + rng.normal()) - 1);  // may be negative, but above -1
      }
      start.push_back(static_cast<int>(gene.size()));
      size.push_back(1);
    }
  }

  SplitHalf split_half(const std::vector<int>& group) const {
    const MatrixSource source(start.data(), gene.data(), count.data(), n_genes, n_cells);
    Monitor monitor;
    return split_half_reliability(source, size.data(), group, monitor);
  }
  double reliability(const std::vector<int>& group) const { return split_half(group).overall; }
  double reliability() const { return reliability(std::vector<int>(batch.size(), 0)); }
};

// With weights of 1 / sqrt(G), half of the genes have the signal G loading^2 / 4.  Noise has the
// variance 1/2 in each of the ten components.  The weights of the other nine add up to 0, but
// those of half of the genes to +-1/2 in the mean square, and those of the rest to -+1/2: so much
// of the factor is in both with opposite signs.
double expected(Index n_genes, double loading) {
  const double signal = static_cast<double>(n_genes) * loading * loading / 4;
  const double opposite = 9 * loading * loading / 4;
  return (signal - opposite) / (signal + opposite + 10 * 0.5);
}

}  // namespace

STATISTICAL_TEST("split_half_reliability: of one factor, as computed by hand; of noise, 0") {
  for (double loading : {0.3, 0.5, 1.0}) {
    // The mean of several sets: eight halvings tell the opposite signs to a sixth of their share.
    constexpr int n_sets = 12;
    double mean = 0;
    for (int set = 0; set < n_sets; ++set) {
      mean += OneFactor(800, 80, loading, 0, set).reliability() / n_sets;
    }
    CHECK(std::fabs(mean - expected(80, loading)) < 0.01);
  }
  CHECK(std::fabs(OneFactor(1500, 80, 0, 0).reliability()) < 0.03);
}

TEST("split_half_reliability: of each component, as computed by hand") {
  for (double loading : {0.3, 1.0}) {
    const OneFactor cells(1500, 80, loading, 0);
    const std::vector<double> found =
        cells.split_half(std::vector<int>(cells.batch.size(), 0)).components;
    CHECK(found.size() == 30);
    const double signal = 80 * loading * loading / 4;
    CHECK_NEAR(found[0], signal / (signal + 0.5), 0.01);
    // The weights of the others add up to 0, so that halves see the factor with opposite signs.
    const double opposite = loading * loading / 4;
    const double mean = std::accumulate(found.begin() + 1, found.end(), 0.0) / 29;
    CHECK_NEAR(mean, -opposite / (opposite + 0.5), 0.05);
  }
  CHECK(OneFactor(30, 5, 1, 0).split_half(std::vector<int>(30, 0)).components.size() == 5);
}

TEST("split_half_reliability: what a batch has in common does not count") {
  const OneFactor cells(1000, 60, 0, 2);
  CHECK(cells.reliability() > 0.5);
  CHECK(std::fabs(cells.reliability(cells.batch)) < 0.05);
}

TEST("split_half_reliability: 0 along components on which the cells do not differ") {
  OneFactor cells(100, 40, 1, 0);
  for (std::size_t e = 0; e < cells.count.size(); ++e) {
    if (cells.gene[e] >= 4) cells.count[e] = 2;
  }
  const std::vector<double> found = cells.split_half(std::vector<int>(100, 0)).components;
  CHECK(found.size() == 30);
  CHECK(found[0] > 0.1);
  for (std::size_t l = 4; l < 30; ++l) CHECK(found[l] == 0);
}

TEST("split_half_reliability: NaN where there is too little to say") {
  CHECK(std::isnan(OneFactor(19, 60, 1, 0).reliability()));
  CHECK(std::isnan(OneFactor(100, 1, 1, 0).reliability()));
  OneFactor equal(100, 10, 1, 0);
  for (double& x : equal.count) x = 2;
  CHECK(std::isnan(equal.reliability()));
}
