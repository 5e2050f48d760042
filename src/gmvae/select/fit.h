// One fit of a Gaussian-mixture variational autoencoder from one seed: training, with the choice of
// the number of clusters where there are several to choose among, and how stable the result is.
#pragma once

#include <vector>

#include "gmvae/select/stability.h"
#include "gmvae/train/trainer.h"

namespace gmvae {

// An earlier fit of the same cells, to go on from with other numbers of clusters.
struct EarlierFit {
  std::vector<float> params;
  Index k;
  std::vector<double> latent;  // D x n, means
};

struct FitResult {
  TrainResult trained;
  std::vector<Stability> path;  // by k, on the latent means before the joint phase; empty where k
                                // was given
  Index n_small = 0;  // of the clusters chosen, small groups that the choice by halves had not
  double stability;   // of the final clusters: how well halves of the cells agree with each
                      // other or, where that is less, with the clusters; NaN as in path
  std::vector<double> cluster_stability;  // k
  Eigen::MatrixXd cluster_confusion;      // k x k
};

// All phases for one k.  For several, pretraining and warm-up, which know no clusters, come once;
// then the latent means choose k, with the chance alpha to divide too much (1: without tests), and
// the joint phase starts.  `earlier`, where not null, stands for what comes before the joint phase.
// `checkpoint`, where not null, is gone on from and written to; not together with `earlier`.
FitResult fit(const CellSource& source, const Covariates& covariates, const TrainOptions& options,
              const std::vector<Index>& k, double alpha, const EarlierFit* earlier,
              Workers& workers, Monitor& monitor, Checkpoint* checkpoint = nullptr);

}  // namespace gmvae
