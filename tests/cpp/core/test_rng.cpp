// Random streams against published numbers and moments.
#include "core/rng.h"

#include <numeric>

#include "testing.h"

using namespace gmvae;

TEST("Philox: known answers of its authors") {
  using Four = std::array<std::uint32_t, 4>;
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Four{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        Four{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Four{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST("streams: moments of draws; every part of the name makes another stream") {
  RngStream rng(7, testing::purpose);
  double sum = 0, square = 0, low = 1, high = 0;
  const int n = 200000;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal(), u = rng.uniform();
    sum += x;
    square += x * x;
    low = std::min(low, u);
    high = std::max(high, u);
  }
  CHECK(std::abs(sum / n) < 0.01);
  CHECK(std::abs(square / n - 1) < 0.02);
  CHECK(low > 0);
  CHECK(high < 1);
  const std::uint32_t first = RngStream(7, testing::purpose).bits();
  CHECK(first == RngStream(7, testing::purpose).bits());
  CHECK(first != RngStream(8, testing::purpose).bits());
  CHECK(first != RngStream(7, Purpose{5}).bits());
  CHECK(first != RngStream(7, testing::purpose, 1).bits());
  CHECK(first != RngStream(7, testing::purpose, 0, 1).bits());
}

TEST("streams: a shuffle is a permutation") {
  std::vector<int> items(101);
  std::iota(items.begin(), items.end(), 0);
  RngStream rng(1, testing::purpose);
  rng.shuffle(items);
  CHECK(!std::is_sorted(items.begin(), items.end()));
  std::sort(items.begin(), items.end());
  for (int i = 0; i < 101; ++i) CHECK(items[static_cast<std::size_t>(i)] == i);
}
