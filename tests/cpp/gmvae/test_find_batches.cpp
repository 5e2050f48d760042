#include "gmvae/select/find_batches.h"

#include "gmvae/kinds.h"

using namespace gmvae;
using testing::Cells;

namespace {

std::vector<bool> found_in(const Cells& cells, Index n_threads = 1) {
  Workers workers(n_threads);
  Monitor monitor;
  return find_batches(cells.source(), cells.size.data(), workers, monitor);
}

const std::vector<bool> none(400, false);

}  // namespace

TEST("find_batches(): two batches of three and of five kinds") {
  for (int n_kinds : {3, 5}) {
    const Cells cells(405, n_kinds, 2, 0.8);  // more of the first
    std::vector<bool> second;
    for (int b : cells.batch) second.push_back(b == 1);
    CHECK(found_in(cells, n_kinds == 3 ? 1 : 2) == second);
    if (n_kinds == 3) CHECK(found_in(cells, 3) == second);
  }
}

STATISTICAL_TEST("find_batches(): none where there are only kinds") {
  for (int n_kinds : {1, 2, 3, 5, 8}) CHECK(found_in(Cells(400, n_kinds, 1, 0)) == none);
}

STATISTICAL_TEST("find_batches(): none where batches could as well be kinds") {
  CHECK(found_in(Cells(400, 2, 2, 0.8)) == none);
  CHECK(found_in(Cells(400, 4, 4, 0.8)) == none);
}

TEST("find_batches(): none where they overlap, and none of few cells") {
  CHECK(found_in(Cells(400, 4, 2, 0.05)) == none);
  CHECK(found_in(Cells(90, 3, 2, 0.8)) == std::vector<bool>(90, false));
}

TEST("find_batches(): none of cells that are all alike") {
  Cells cells(400, 3, 2, 0.8);
  const std::size_t entries = static_cast<std::size_t>(cells.start[1]);
  cells.gene.resize(entries);
  cells.count.resize(entries);
  for (std::size_t i = 1; i < 400; ++i) {
    cells.start[i + 1] = cells.start[i] + static_cast<int>(entries);
    cells.gene.insert(cells.gene.end(), cells.gene.begin(), cells.gene.begin() + cells.start[1]);
    cells.count.insert(cells.count.end(), cells.count.begin(),
                       cells.count.begin() + cells.start[1]);
  }
  CHECK(found_in(cells) == none);
}
