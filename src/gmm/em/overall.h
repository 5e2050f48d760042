// The rows as one component.
#pragma once

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmm/data/observations.h"
#include "gmm/model/frame.h"
#include "gmm/model/moments.h"

namespace gmvae {

// Mean and covariance of all rows in standard units; missing entries as EM would have them.
// `kind`: diagonal leaves the variances.
Parameters overall_parameters(const Observations& data, Scatter kind, Workers& workers,
                              Monitor& monitor);

// What of that covariance mixtures need: the diagonal where `diagonal` families look at no more and
// columns are many, but all of it where entries are missing or noise has a box.
Scatter overall_scatter(const Observations& data, bool diagonal, bool noise);

}  // namespace gmvae
