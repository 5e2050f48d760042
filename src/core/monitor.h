// How long work talks to its host: the core calls, the host overrides.  Both calls come from the
// thread that started the work, never from a worker.
#pragma once

#include "core/types.h"

namespace gmvae {

struct Progress {
  const char* phase;  // what is being done, for the user to read
  Index done;         // steps done of this piece of work ...
  Index total;        // ... and all its steps
  double value;       // the objective so far (log-likelihood or bound); NaN where there is none
};

struct Monitor {
  virtual ~Monitor() = default;
  virtual void poll() {}  // may throw, to stop the work
  virtual void report(const Progress&) {}
};

}  // namespace gmvae
