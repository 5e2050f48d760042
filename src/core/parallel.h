// Block-parallel loops over a pool of std::thread workers that one fit owns.
//
// Blocks have a fixed size whatever the number of threads, and callers add partial sums up in
// block order, so results have the same bits for any number of threads.  OpenMP is not used: its
// threads do not survive a fork (mclapply), and macOS's compiler has none.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/monitor.h"
#include "core/types.h"

namespace gmvae {

// Which blocks a thread takes.
//   in_order  the next one
//   nearby    a run of them, the same in every loop, and then what is left of the others': what it
//             wrote before is still in its cache, and nobody else writes to lines at the borders
enum class Share { in_order, nearby };

// At most n_threads - 1 threads that wait for work, beside the caller.  Joined on destruction.
// In loops over nearby blocks the caller polls `monitor`, unless it is null, before each block that
// it takes, so that a host can stop the work however large a single step is.  Other jobs are long:
// they poll for themselves, each of them, so that all stop.
class Workers {
 public:
  explicit Workers(Index n_threads, Monitor* monitor = nullptr);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  Index n_threads() const { return static_cast<Index>(threads_.size()) + 1; }

  // Calls job(block) once for each block in 0, ..., n_blocks - 1 and returns when all are done.
  // The first exception in block order is rethrown here; where the monitor throws, its exception,
  // and blocks that nobody has begun are left out.  Not reentrant.
  void run(Index n_blocks, const std::function<void(Index)>& job, Share share = Share::in_order);

 private:
  // How many blocks of a share have been taken.
  struct alignas(64) Taken {
    std::atomic<Index> n{0};
  };

  void wait_for_work(Index thread);
  void take_blocks(Index thread);
  void take_blocks_of(Index share, bool caller);
  void do_block(Index block);
  void poll_beside_others();

  Monitor* monitor_;
  std::vector<std::thread> threads_;
  std::vector<Taken> taken_;
  std::mutex mutex_;
  std::condition_variable start_, finish_;
  const std::function<void(Index)>* job_ = nullptr;
  Index n_blocks_ = 0;
  Index n_shares_ = 1;
  std::atomic<Index> busy_{0};
  std::atomic<unsigned long> round_{0};
  bool polls_ = false;  // in this loop
  bool open_ = false;   // a loop has blocks to take
  bool stop_ = false;
  std::atomic<bool> stopped_{false};  // this loop, by the monitor
  std::exception_ptr error_;
  Index error_block_ = 0;
};

inline Index n_blocks(Index n_items, Index block_size) {
  return (n_items + block_size - 1) / block_size;
}

// fn(block, begin, end) for each block [begin, end) of 0, ..., n_items - 1.
template <typename Fn>
void parallel_blocks(Workers& workers, Index n_items, Index block_size, Fn&& fn) {
  const auto job = [&](Index block) {
    const Index begin = block * block_size;
    fn(block, begin, std::min(begin + block_size, n_items));
  };
  workers.run(n_blocks(n_items, block_size), job, Share::nearby);
}

}  // namespace gmvae
