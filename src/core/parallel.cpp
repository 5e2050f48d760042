#include "core/parallel.h"

#include "core/denormals.h"

namespace gmvae {

namespace {

// Threads beyond the machine's cores only wait for each other; a few may, so that what a user asks
// for is also tried on small machines.
Index useful_threads(Index n_threads) {
  constexpr Index always = 8;
  // The system is asked no more often than needed: it reads a file to count its cores.
  if (n_threads <= always) return std::max<Index>(n_threads, 1);
  const Index cores = static_cast<Index>(std::thread::hardware_concurrency());
  return std::min(n_threads, std::max(cores, always));
}

// A training step has a dozen short loops: look for a moment before going to sleep.
template <typename Condition>
void spin_until(Condition&& holds) {
  for (int spin = 0; spin < 2000 && !holds(); ++spin) std::this_thread::yield();
}

}  // namespace

Workers::Workers(Index n_threads, Monitor* monitor) : monitor_(monitor) {
  n_threads = useful_threads(n_threads);
  taken_ = std::vector<Taken>(static_cast<std::size_t>(n_threads));
  threads_.reserve(static_cast<std::size_t>(n_threads));
  for (Index i = 1; i < n_threads; ++i) {
    try {
      threads_.emplace_back([this, i] { wait_for_work(i); });
    } catch (...) {
      break;  // the machine gives no more threads: the results are the same with fewer
    }
  }
}

Workers::~Workers() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    ++round_;
  }
  start_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::run(Index n_blocks, const std::function<void(Index)>& job, Share share) {
  const FlushDenormals flush;  // as the workers do: which thread takes a block can't matter
  const bool polls = monitor_ != nullptr && share == Share::nearby;
  if (threads_.empty() || n_blocks <= 1) {
    for (Index block = 0; block < n_blocks; ++block) {
      if (polls) monitor_->poll();
      job(block);
    }
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    job_ = &job;
    n_blocks_ = n_blocks;
    n_shares_ = share == Share::nearby ? n_threads() : 1;
    for (Taken& taken : taken_) taken.n = 0;
    busy_ = 0;
    open_ = true;
    error_ = nullptr;
    polls_ = polls;
    stopped_ = false;
    ++round_;
  }
  start_.notify_all();
  take_blocks(0);
  {
    // On a busy machine a thread may come when all blocks are taken: nobody waits for it.
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = false;
  }
  spin_until([this] { return busy_.load() == 0; });
  std::unique_lock<std::mutex> lock(mutex_);
  finish_.wait(lock, [this] { return busy_.load() == 0; });
  if (error_) std::rethrow_exception(error_);
}

void Workers::take_blocks(Index thread) {
  for (Index i = 0; i < n_shares_; ++i) take_blocks_of((thread + i) % n_shares_, thread == 0);
}

void Workers::take_blocks_of(Index share, bool caller) {
  const Index size = gmvae::n_blocks(n_blocks_, n_shares_);
  const Index end = std::min((share + 1) * size, n_blocks_);
  std::atomic<Index>& taken = taken_[static_cast<std::size_t>(share)].n;
  for (;;) {
    const Index block = share * size + taken.fetch_add(1);
    if (block >= end || stopped_) return;
    if (caller && polls_) poll_beside_others();
    if (!stopped_) do_block(block);
  }
}

// The others must finish their blocks before the exception may leave.
void Workers::poll_beside_others() {
  try {
    monitor_->poll();
  } catch (...) {
    std::lock_guard<std::mutex> lock(mutex_);
    error_ = std::current_exception();
    error_block_ = -1;
    stopped_ = true;
  }
}

void Workers::do_block(Index block) {
  try {
    (*job_)(block);
  } catch (...) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!error_ || block < error_block_) {
      error_ = std::current_exception();
      error_block_ = block;
    }
  }
}

void Workers::wait_for_work(Index thread) {
  const FlushDenormals flush;
  unsigned long seen = 0;
  for (;;) {
    spin_until([&] { return round_.load() != seen; });
    {
      std::unique_lock<std::mutex> lock(mutex_);
      start_.wait(lock, [&] { return round_.load() != seen; });
      seen = round_.load();
      if (stop_) return;
      if (!open_) continue;
      ++busy_;
    }
    take_blocks(thread);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      --busy_;
    }
    finish_.notify_one();
  }
}

}  // namespace gmvae
