// Numerics against known values, random streams against published ones, and the worker pool.
#include <atomic>
#include <numeric>
#include <stdexcept>

#include "core/denormals.h"
#include "core/numeric.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "testing.h"

using namespace gmvae;

TEST("log_sum_exp(): neither overflows nor underflows") {
  const double large[] = {1000.0, 1000.0}, small[] = {-2000.0, -2000.0, -2000.0};
  CHECK_NEAR(log_sum_exp(large, 2), 1000.0 + std::log(2.0), 1e-15);
  CHECK_NEAR(log_sum_exp(small, 3), -2000.0 + std::log(3.0), 1e-15);
  const double none[] = {-INFINITY, -INFINITY};
  CHECK(log_sum_exp(none, 2) == -INFINITY);
}

TEST("softplus() and sigmoid(): both tails") {
  CHECK_NEAR(softplus(800.0), 800.0, 1e-15);
  CHECK(softplus(-40.0) > 0);
  CHECK_NEAR(softplus(-40.0) / std::exp(-40.0), 1.0, 1e-12);
  CHECK_NEAR(sigmoid(-800.0), 0.0, 1e-300);
  CHECK_NEAR(sigmoid(2.0) + sigmoid(-2.0), 1.0, 1e-15);
}

TEST("log_gamma(): the standard library's values") {
  for (double x : {1e-8, 1e-3, 0.5, 1.0, 1.5, 2.0, 3.7, 9.99, 10.0, 123.4, 1e4, 1e9}) {
    CHECK(std::abs(log_gamma(x) - std::lgamma(x)) <=
          1e-13 * std::max(1.0, std::abs(std::lgamma(x))));
  }
}

TEST("digamma(): values of Abramowitz & Stegun, and the recurrence") {
  CHECK_NEAR(digamma(1.0), -0.57721566490153286, 1e-14);
  CHECK_NEAR(digamma(0.5), -1.9635100260214235, 1e-14);
  CHECK_NEAR(digamma(2.0), 0.42278433509846714, 1e-14);
  for (double x : {1e-3, 0.3, 4.5, 77.0, 1e5}) {
    CHECK_NEAR(digamma(x + 1) - digamma(x), 1 / x, 1e-12);
  }
}

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

TEST("parallel_blocks(): every item once, ordered sums of the same bits") {
  double totals[4];
  const Index threads[] = {1, 2, 3, 8};
  for (int t = 0; t < 4; ++t) {
    Workers workers(threads[t]);
    std::vector<float> partial(static_cast<std::size_t>(n_blocks(10007, 64)));
    std::vector<std::atomic<int>> seen(10007);
    for (int repeat = 0; repeat < 20; ++repeat) {
      std::fill(partial.begin(), partial.end(), 0.0f);
      parallel_blocks(workers, 10007, 64, [&](Index block, Index begin, Index end) {
        for (Index i = begin; i < end; ++i) {
          partial[static_cast<std::size_t>(block)] += 1.0f / static_cast<float>(i + 1);
          ++seen[static_cast<std::size_t>(i)];
        }
      });
    }
    float total = 0;
    for (float part : partial) total += part;
    totals[t] = static_cast<double>(total);
    for (const auto& count : seen) CHECK(count == 20);
  }
  for (int t = 1; t < 4; ++t) CHECK(totals[t] == totals[0]);
}

TEST("parallel_blocks(): the first exception arrives, and the pool works on") {
  Workers workers(3);
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::string message;
    try {
      parallel_blocks(workers, 100, 1, [](Index block, Index, Index) {
        if (block % 10 == 3) throw std::runtime_error("block " + std::to_string(block));
      });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    CHECK(message == "block 3");
  }
  std::atomic<int> count{0};
  parallel_blocks(workers, 100, 1, [&](Index, Index, Index) { ++count; });
  CHECK(count == 100);
}

TEST("parallel_blocks(): nothing to do is done at once") {
  Workers workers(2);
  bool called = false;
  parallel_blocks(workers, 0, 16, [&](Index, Index, Index) { called = true; });
  CHECK(!called);
}
