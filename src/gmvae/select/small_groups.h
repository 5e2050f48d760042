// Small groups of cells that a mixture of latent means has overlooked.  A group of 1% of the cells
// adds less to what halves of the cells share than large groups that overlap take away, so that the
// choice of k may pass it by.  Here it is looked for beside a mixture that stays as it is: a
// further component, of the covariance of the others, that begins at a cell of low density (Verbeek
// et al. 2003, <doi:10.1162/089976603762553004>), in each of two halves by itself.
#pragma once

#include "core/design.h"
#include "gmm/em/mixture.h"
#include "gmvae/select/halves.h"

namespace gmvae {

struct SmallGroup {
  double p;          // of "it describes the cells of the other half no better", as in split_test.h
  double agreement;  // Jaccard index of what both halves find, mean over halvings
  double gain;       // natural log, mean over the cells of the other half
  Mixture mixture;   // with the group, found in all points, as its last component
};

// Halves that agree by so much find the same group; see also cluster_stabilities().
constexpr double enough_agreement = 0.6;

// points: D x n.  Of options the number of halvings and the seed.
SmallGroup find_small_group(ConstView<double> points, const Mixture& mixture,
                            const HalvesOptions& options, Workers& workers, Monitor& monitor);

// Whether nearly all points of the last component are of one of the batches (n rows, indicators, or
// empty), and chance would put them there with a probability below 1%: the group may be an artefact
// of that batch.
bool is_of_one_batch(const Mixture& mixture, ConstView<double> points, const Design& batches,
                     Workers& workers);

}  // namespace gmvae
