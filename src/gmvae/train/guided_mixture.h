// Mixtures of latent points that heed what is known of the cells: their batches, and the labels of
// some.
//
// Components hold cells of every batch: what is left of a batch in the latent space is not to
// divide a group.  EM with, for cell i of batch b,
//   gamma_ic  ~  pi_c N(z_i; mu_c, Sigma_c) (pi_c / pi_c|b)^theta
// where pi_c|b, the component's share of the batch, is drawn by a tenth towards pi_c: at most
// theta log 11 for a component without cells of the batch, so that kinds of cells that a batch
// lacks stay apart from others.  The idea is Harmony's (Korsunsky et al. 2019,
// <doi:10.1038/s41592-019-0619-0>, there with a k-means and, as here, theta = 2).  Each further
// factor of the design has its own factor of gamma.
//
// Labelled cells have p(y_i | c) as a further factor of gamma, see label_model.h, whose noise EM
// estimates, and count more than others, see labelled_count().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/design.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "core/types.h"
#include "gmm/em/mixture.h"
#include "gmvae/model/label_model.h"

namespace gmvae {

struct GuidedPoints {
  ConstView<double> points;  // D x n
  Design design;             // n rows: indicators of the batches and other factors; or empty
  std::vector<int> label;    // n: the known class, from 0, or -1; or empty
  Index n_classes = 0;       // of the labels: the first components
};

struct GuidedMixture {
  Mixture mixture;  // classes first, then by weight
  double noise;     // of the labels
};

// From `plain`, a mixture found without regard to batches and labels, n_init k-means, and without
// labels as many matched_clusters(), that of the largest
//   log-likelihood - theta n I(c; b),   I the mutual information of component and batch,
// the likelihood that of points and labels.  With labels there are three kinds of starts:
//   the components of `plain`, which become the classes that most of their labelled points have:
//     wrong labels of small classes don't lead it astray
//   k-means from a cluster at each class
//   the labelled points, and k-means where no class is: this follows labels where groups overlap
// and the best of them has the largest objective, in which labels weigh more.  Where all break
// down, `plain` itself; throws NumericalError where that has no components.  Of many points a
// sample is used.
GuidedMixture fit_guided(const GuidedPoints& all, const Mixture& plain, Index k,
                         const std::string& covariance, Index n_init, std::uint64_t seed,
                         Workers& workers, Monitor& monitor);

}  // namespace gmvae
