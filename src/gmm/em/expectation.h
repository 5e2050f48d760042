// The E-step under one mixture as a lower bound of the log-likelihood of others (Neal & Hinton
// 1998, <doi:10.1007/978-94-011-5014-9_12>), so that an M-step alone tells what it is worth.
#pragma once

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmm/data/observations.h"
#include "gmm/model/frame.h"
#include "gmm/model/moments.h"

namespace gmvae {

struct Expectation {
  Moments moments;  // full, or diagonal
  Moments halves;   // of one half of each component: what split() needs
  double noise = 0.0;
  double gap = 0.0;  // of the mixture itself: log-likelihood minus complete_loglik()
};

// `kind`: diagonal only where all families look at no more.
Expectation expect(const Observations& data, const Frame& frame, Scatter kind, Workers& workers,
                   Monitor& monitor);

// Fills `halves`: components are cut at their means across their longest axes.
void expect_halves(const Observations& data, const Frame& frame, Workers& workers, Monitor& monitor,
                   Expectation* expectation);

// The expectation with component `which` in two, its halves (Ueda, Nakano, Ghahramani & Hinton
// 2000, <doi:10.1162/089976600300015088>): again a lower bound, because every row of the component
// goes to one of them as a whole.
Expectation split(const Expectation& whole, Index which);

// The expectation with components a < b as one, a; those after b move up.  Its gap is that of the
// whole, which is too much by how much the rows doubt between a and b (their entropy).
Expectation merge(const Expectation& whole, Index a, Index b);

// sum_k n_k (log w_k + mean log-density of component k) of the expectation's rows, noise included.
// Plus the gap it is at most the log-likelihood of the mixture, and equal to it at the mixture
// whose expectation it is.
double complete_loglik(const Expectation& expectation, const Frame& frame);

}  // namespace gmvae
