// Which of two runs of EM is better, and which is not worth going on with.
#pragma once

#include "gmm/em/em.h"
#include "gmm/model/frame.h"

namespace gmvae {

// Solutions before what only grows on few rows.
bool better(const Run& a, const Run& b);

// The run is more than `patience` times its gain of the last iterations below `best`.
bool hopeless(const Run& run, double best, double patience);

// The same mixture but for what more iterations would change: each component of one has one of the
// other nearby.
bool alike(const Parameters& a, const Parameters& b);

}  // namespace gmvae
