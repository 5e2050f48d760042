// Which of two runs of EM is better, and which is not worth going on with.
#pragma once

#include "gmm/em.h"
#include "gmm/frame.h"

namespace gmvae {

// Solutions before what only grows on few rows.
bool better(const Run& a, const Run& b);

// The run's gains are too small for it to reach `best`.
bool hopeless(const Run& run, double best);

// The same mixture but for what more iterations would change: each component of one has one of the
// other nearby.
bool alike(const Parameters& a, const Parameters& b);

}  // namespace gmvae
