// The number of clusters: how well mixtures of each size repeat themselves in halves of the cells,
// and which of them to take.
#pragma once

#include <vector>

#include "core/numeric.h"
#include "core/types.h"
#include "gmvae/select/agreement.h"
#include "gmvae/select/halves.h"
#include "gmvae/select/split_test.h"

namespace gmvae {

// What two divisions of the cells share, in nats: their mutual information less
// `price_of_difference` times what one leaves open about the other, (H(a|b) + H(b|a)) / 2, half
// their variation of information (Meila 2007, <doi:10.1016/j.jmva.2006.11.013>).  Each group counts
// for itself: to divide one adds what both divide alike, less what they do not, whatever the other
// groups do.  both: rows a, columns b, numbers of cells; with probabilities in place of labels,
// groups that overlap share less, however well the halves agree on where to cut.
constexpr double price_of_difference = 3;
double shared_information(const Eigen::MatrixXd& both);

// Of the cells of a group that is of one batch.
constexpr double nearly_all = 0.95;

// One number of clusters, by the halves of the cells.  NaN where some half has no such mixture.
struct Stability {
  Index k;
  double mean, sd;           // over halvings, of the adjusted Rand index of both halves' partitions
  double shared, shared_sd;  // over halvings, of their shared_information()
  double log_density;        // natural log, mean over the cells of the other half
  double bic, icl;           // of the mixture of all cells; smaller is better
  double smallest;           // share of the cells in its smallest group
  double one_batch;          // share of the cells in groups of one batch; 0 without batches
  bool candidate;            // see mark_candidates()
  bool stable;         // a candidate of at least `enough_stability`, and not below its neighbours
  double p_unseen, p;  // of the tests that k is enough, see split_test.h; NaN where there are none
  double shared_pcs = not_a_number, shared_pcs_sd = not_a_number;  // see add_components()
};

// batches: a row for each of the halves' cells, or empty.
std::vector<Stability> stabilities(const Halves& halves, const std::vector<Index>& k,
                                   const Design& batches = {});

// No candidates are
//   k beyond the one that gives the cells of the other half the highest density: their groups are
//     of one half only
//   k for which most cells are in groups of one batch, where another mixes the batches
// Of the candidates, 1 is not called stable, as it always is.
constexpr double enough_stability = 0.875;
void mark_candidates(std::vector<Stability>& path);

// Whether the density of the cells of the other half is highest before the last tenth of the
// numbers: then Gaussians describe the cells, and their number shows.  Clusters of other shapes are
// described ever better by more Gaussians.
bool density_falls(const std::vector<Stability>& path);

// Of `rungs` 1, and those below the chosen one whose halves share more than those of every smaller
// number: a test that stops at another would leave only numbers that it found too few.
std::vector<Index> worth_a_test(const std::vector<Stability>& path,
                                const std::vector<Index>& rungs);

// Whether halves share as much as those of the best number: less by at most `within` times the
// standard deviation of the difference between two halvings.
//   as_much_within: of means over eight halvings this is 1.7 standard errors, where a one-sided t
//     test has p = 0.05
//   as_much_between_networks: what networks of different seeds share differs by about as much as
//     what halvings do, so that this holds 95% of their differences
constexpr double as_much_within = 0.6, as_much_between_networks = 2;
bool shares_as_much(double shared, double sd, double best, double best_sd, double within);

// What halves share by the cells' principal components in place of latent means: networks differ
// from seed to seed, components do not.
//   halves: of the components, for the numbers of the path
void add_components(std::vector<Stability>& path, const Halves& halves);

// Of the candidates
//   where the density falls, the one of highest density among those whose halves share as much as
//     the most
//   elsewhere, where the path has components, the one whose halves share most by them, among those
//     that share as much as the most for all that one network can tell
//   elsewhere the one whose halves share most, the first of equals
// No number above 1 where 1 shares most.
Index choose_k(const std::vector<Stability>& path);

// The same among the numbers up to the first that a test finds to be enough.  The path, with new
// candidates, has what the tests gave.
Index choose_k(std::vector<Stability>& path, const std::vector<SplitTest>& tests, double alpha);

}  // namespace gmvae
