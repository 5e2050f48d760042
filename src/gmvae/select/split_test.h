// Are more clusters than k more than noise?  Two tests on the latent means of a sample of the
// cells, from k to the better of a few larger numbers of clusters:
//   unseen cells   the log-density that mixtures of one half give the cells of the other is higher,
//                  by a paired one-sided t test over the cells (Vuong 1989,
//                  <doi:10.2307/1912557>, on cells that the mixtures were not fitted to)
//   simulation     it gains more than where there are k clusters: in cells drawn from a mixture of
//                  k, decoded to counts with the sizes and batches of the cells, encoded and
//                  halved alike (a parametric bootstrap, McLachlan 1987, <doi:10.2307/2347790>)
// The networks have seen the noise of the real counts and not that of simulated ones, which lends
// the real cells a little structure that is not there; the first test is for this.  The larger of
// both p-values is that of the split.
#pragma once

#include <vector>

#include "gmvae/data/loader.h"
#include "gmvae/model/fitted_model.h"
#include "gmvae/select/halves.h"

namespace gmvae {

// Of "k clusters are enough".
struct SplitTest {
  Index k;
  Index better;       // the larger number that gains most
  double gain;        // natural log, mean over the cells
  double p_unseen;    // of the first test alone
  double p;           // the larger of both
  Index n_simulated;  // data sets; 0 where the first test settles it
};

// The numbers to test, each compared with up to three larger ones: ascending, ever further apart,
// with the proposed number and the last of k among them.
std::vector<Index> rungs(const std::vector<Index>& k, Index proposed);

// Of `tested`, ascending and all among `rungs`: the first; the last, which settles all where it is
// clearly too few, as fewer are then too few as well; and otherwise the others, up to the first
// that is enough.  The chance to go past the right one is at most alpha.  The result is ascending
// in k. latent: D x n, of the cells in `halves.cells`; covariates: of the same cells.  The bits
// don't depend on the number of threads.
std::vector<SplitTest> test_splits(const FittedModel& model, ConstView<double> latent,
                                   const Covariates& covariates, const std::vector<Index>& rungs,
                                   const std::vector<Index>& tested, double alpha,
                                   const HalvesOptions& options, Workers& workers,
                                   Monitor& monitor);

// Of "these cells are one cluster", against the two that they are divided into.
struct DivisionTest {
  double p_unseen;    // of the test on unseen cells
  double p;           // the larger one of both tests
  double stability;   // adjusted Rand index with what halves of the cells make of the two, mean
  Index n_simulated;  // data sets; 0 where the first test settles it
};

// side: of each cell, 0 or 1, and n_clusters on both sides together.  latent: D x n; covariates: of
// these cells.  Mixtures of n_clusters components, each on the side of most of its cells, give the
// stability.  The p-value of the simulation is by Student's distribution, as a tree of divisions
// needs small ones.
DivisionTest test_division(const FittedModel& model, ConstView<double> latent,
                           const Covariates& covariates, const std::vector<int>& side,
                           Index n_clusters, const HalvesOptions& options, Workers& workers,
                           Monitor& monitor);

// P(T > t) of Student's distribution.
double student_tail(double t, double degrees);

}  // namespace gmvae
