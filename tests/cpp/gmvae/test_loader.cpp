#include "gmvae/data/loader.h"

#include <cmath>
#include <vector>

#include "gmvae/kinds.h"
#include "likelihood/dispatch.h"

using namespace gmvae;
using testing::Cells;

namespace {

// Share of each cell's inputs that a mask hides, and the mean of all inputs with zeros for these.
struct Hidden {
  std::vector<double> share;
  double mean_input = 0;

  Hidden(const Cells& cells, const MaskRange& mask) {
    const MatrixSource source = cells.source();
    Workers workers(1);
    const InputTransform transform{
        std::vector<double>(static_cast<std::size_t>(cells.n_genes), 1.0),
        std::vector<double>(static_cast<std::size_t>(cells.n_genes), 0.0)};
    const std::vector<ModalityInput> inputs{{&find_likelihood("nb"), &transform, 1}};
    const Covariates covariates{cells.size.data()};
    CellLoader<double> loader(source, covariates, inputs, workers);
    CellBlocks<double> blocks;
    const std::vector<Index> all = all_cells(source);
    loader.load(all.data(), cells.n(), blocks);
    const double n_values = static_cast<double>(blocks[0].count.size());
    loader.mask_inputs({mask}, 1, 0, blocks);
    const CellBlock<double>& block = blocks[0];
    for (std::size_t j = 0; j < all.size(); ++j) {
      const Index left = block.input_end[j] - block.start[j];
      share.push_back(1 - static_cast<double>(left) /
                              static_cast<double>(block.start[j + 1] - block.start[j]));
      for (Index e = block.start[j]; e < block.input_end[j]; ++e) {
        mean_input += block.input[static_cast<std::size_t>(e)] / n_values;
      }
    }
  }
};

double mean_of(const std::vector<double>& x) {
  double sum = 0;
  for (double one : x) sum += one;
  return sum / static_cast<double>(x.size());
}

double sd_of(const std::vector<double>& x) {
  double sum = 0;
  for (double one : x) sum += (one - mean_of(x)) * (one - mean_of(x));
  return std::sqrt(sum / static_cast<double>(x.size()));
}

}  // namespace

TEST("mask_inputs: hides the share asked for, or a cell's own share of a range") {
  const Cells cells(2000, 3, 1, 0);  // of 120 genes
  const double plain = Hidden(cells, {0, 0}).mean_input;
  const Hidden half(cells, {0.5, 0.5}), range(cells, {0.1, 0.7});
  CHECK(std::fabs(mean_of(half.share) - 0.5) < 0.005);
  CHECK(std::fabs(mean_of(range.share) - 0.4) < 0.015);
  // Binomial for one number; for the range also uniform, of variance 0.6^2 / 12.
  CHECK(std::fabs(sd_of(half.share) - std::sqrt(0.25 / 120)) < 0.003);
  CHECK(std::fabs(sd_of(range.share) - std::sqrt(0.03 + 0.21 / 120)) < 0.01);
  CHECK(std::fabs(half.mean_input / plain - 1) < 0.01);
  CHECK(std::fabs(range.mean_input / plain - 1) < 0.01);
}
