// The core's Monitor over R: Ctrl-C and progress, on R's thread only.
#pragma once

#include <Rcpp.h>

#include <chrono>

#include "core/monitor.h"
#include "glue_convert.h"

namespace gmvae {

class RMonitor : public Monitor {
 public:
  // progress: NULL, or function(phase, done, total, value).
  explicit RMonitor(SEXP progress) : progress_(progress) {}

  void poll() override {
    const Clock::time_point now = Clock::now();
    if (now - last_poll_ < std::chrono::milliseconds(100)) return;
    last_poll_ = now;
    Rcpp::checkUserInterrupt();  // throws: every destructor on the way runs
  }

  void report(const Progress& progress) override {
    if (Rf_isNull(progress_)) return;
    const Clock::time_point now = Clock::now();
    if (progress.done < progress.total && now - last_report_ < std::chrono::milliseconds(200)) {
      return;
    }
    last_report_ = now;
    made_by_r([&] {
      SEXP arguments[] = {PROTECT(r_string(progress.phase)),
                          PROTECT(r_number(static_cast<double>(progress.done))),
                          PROTECT(r_number(static_cast<double>(progress.total))),
                          PROTECT(r_number(progress.value))};
      SEXP call =
          PROTECT(Rf_lang5(progress_, arguments[0], arguments[1], arguments[2], arguments[3]));
      SEXP value = Rf_eval(call, R_GlobalEnv);
      UNPROTECT(5);
      return value;
    });
  }

 private:
  using Clock = std::chrono::steady_clock;
  SEXP progress_;
  Clock::time_point last_poll_{}, last_report_{};
};

}  // namespace gmvae
