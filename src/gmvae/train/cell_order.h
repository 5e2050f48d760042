// In which order an epoch comes to the cells: a function of seed, epoch and their number alone, so
// that it is the same wherever the cells are stored.
//
// Few cells are shuffled one by one.  Of many, which may be on a disk, blocks of neighbours are
// shuffled and put into pools, and the cells of each pool are shuffled: whoever stores cells side
// by side then reads few places at a time.  A minibatch has cells of nearly as many blocks as it
// has cells, so that cells that are sorted train as well as shuffled ones (scDataset: D'Ascenzo &
// Cultrera di Montesano 2025, arXiv:2506.01883).
#pragma once

#include <cstdint>
#include <vector>

#include "core/types.h"

namespace gmvae {

struct CellOrder {
  std::vector<Index> cells;
  std::vector<Index> pool_start;  // places in `cells`, ascending from 0; one pool of few cells
};

constexpr Index cells_of_block = 64, blocks_of_pool = 256;

// cells: ascending.  most_single: more cells than that are shuffled by blocks.
CellOrder order_of_epoch(const std::vector<Index>& cells, std::uint64_t seed, Index epoch,
                         Index most_single);

}  // namespace gmvae
