#include "core/parallel.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "testing.h"

using namespace gmvae;

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

TEST("parallel_blocks(): a host stops the work between two blocks, and the pool works on") {
  struct Impatient : Monitor {
    int polls = 0;
    void poll() override {
      if (++polls > 5) throw std::domain_error("stop");
    }
  };
  for (Index n_threads : {1, 3}) {
    Impatient host;
    Workers workers(n_threads, &host);
    std::atomic<int> done{0};
    const auto slowly = [&](Index, Index, Index) {
      ++done;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
    CHECK_THROWS(parallel_blocks(workers, 1000, 1, slowly), std::domain_error);
    CHECK(done >= 5);
    CHECK(done < 500);
    // Jobs that are long poll for themselves.
    host.polls = 0;
    done = 0;
    workers.run(100, [&](Index) { ++done; });
    CHECK(done == 100);
    CHECK(host.polls == 0);
  }
}

TEST("parallel_blocks(): nothing to do is done at once") {
  Workers workers(2);
  bool called = false;
  parallel_blocks(workers, 0, 16, [&](Index, Index, Index) { called = true; });
  CHECK(!called);
}
