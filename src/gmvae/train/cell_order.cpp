#include "gmvae/train/cell_order.h"

#include <algorithm>
#include <numeric>

#include "core/rng.h"

namespace gmvae {

namespace {

constexpr Purpose shuffle_purpose{4};

}  // namespace

CellOrder order_of_epoch(const std::vector<Index>& cells, std::uint64_t seed, Index epoch,
                         Index most_single) {
  RngStream rng(seed, shuffle_purpose, static_cast<std::uint32_t>(epoch));
  const Index n = static_cast<Index>(cells.size());
  CellOrder order{{}, {0}};
  if (n <= most_single) {
    order.cells = cells;
    rng.shuffle(order.cells);
    return order;
  }
  const Index n_blocks = (n + cells_of_block - 1) / cells_of_block;
  const Index n_pools = (n_blocks + blocks_of_pool - 1) / blocks_of_pool;
  std::vector<Index> blocks(static_cast<std::size_t>(n_blocks)), pool;
  std::iota(blocks.begin(), blocks.end(), Index{0});
  rng.shuffle(blocks);
  order.cells.reserve(cells.size());
  for (Index p = 0; p < n_pools; ++p) {
    // Pools of equal size: a last one of few blocks would mix little.
    const auto first = blocks.begin() + n_blocks * p / n_pools;
    const auto last = blocks.begin() + n_blocks * (p + 1) / n_pools;
    pool.clear();
    for (auto block = first; block != last; ++block) {
      const auto from = cells.begin() + *block * cells_of_block;
      pool.insert(pool.end(), from, cells.begin() + std::min(n, (*block + 1) * cells_of_block));
    }
    rng.shuffle(pool);
    if (p > 0) order.pool_start.push_back(static_cast<Index>(order.cells.size()));
    order.cells.insert(order.cells.end(), pool.begin(), pool.end());
  }
  return order;
}

}  // namespace gmvae
