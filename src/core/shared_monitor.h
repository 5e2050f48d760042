// One monitor for work that runs on several threads: calls from the thread that made it reach the
// host, and where the host stops the work there, the others stop at their next look.
#pragma once

#include <atomic>
#include <exception>
#include <stdexcept>
#include <thread>
#include <utility>

#include "core/monitor.h"

namespace gmvae {

class SharedMonitor : public Monitor {
 public:
  explicit SharedMonitor(Monitor& host) : host_(host) {}

  // Runs `work`; what the host threw goes before what other threads threw because of it.
  template <typename Work>
  void watch(Work&& work) {
    try {
      std::forward<Work>(work)();
    } catch (...) {
      if (cause_) std::rethrow_exception(cause_);
      throw;
    }
  }

  void poll() override {
    if (stopped_) throw std::runtime_error("The work was stopped.");
    if (std::this_thread::get_id() != owner_) return;
    try {
      host_.poll();
    } catch (...) {
      cause_ = std::current_exception();
      stopped_ = true;
      throw;
    }
  }

  void report(const Progress& progress) override {
    if (std::this_thread::get_id() == owner_) host_.report(progress);
  }

  // What a task among several has: it stops with the others, and its steps are not reported.
  class Quiet : public Monitor {
   public:
    explicit Quiet(SharedMonitor& shared) : shared_(shared) {}
    void poll() override { shared_.poll(); }

   private:
    SharedMonitor& shared_;
  };

 private:
  Monitor& host_;
  const std::thread::id owner_ = std::this_thread::get_id();
  std::exception_ptr cause_;
  std::atomic<bool> stopped_{false};
};

}  // namespace gmvae
