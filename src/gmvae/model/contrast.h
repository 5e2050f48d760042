// Fold changes between groups of cells under a fitted model, from draws of its posterior.
#pragma once

#include <cstdint>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmvae/data/loader.h"
#include "gmvae/model/fitted_model.h"

namespace gmvae {

struct ContrastOptions {
  Index n_draws;             // latent points that are drawn for each group
  double pseudocount;        // added to expected values before their logarithm
  double threshold;          // of the absolute log fold change
  std::size_t modality = 0;  // whose genes are compared
};

// What the comparisons of a group with each other group have in common, G x K.
struct Summaries {
  std::vector<double> mean, median, least, largest;
};

struct Contrast {
  std::vector<double> level;  // G x K: mean log2 of what a cell of size 1 is expected to have
  Summaries change;           // of the log2 fold changes against the other groups
  Summaries probability;      // that |log2 fold change| > threshold
};

// latent_mean, latent_sd: D x n.  groups: at least two, cells of each, from 0.  A draw is a point
// of q(z | x) of a random cell of the group, decoded with each row of `designs` (none where the
// model has no design); its logarithm is the mean over the rows, by `weights`.  Values that the
// likelihood standardises stay as they are, without a logarithm.
Contrast contrast_groups(const FittedModel& model, ConstView<double> latent_mean,
                         ConstView<double> latent_sd, const std::vector<std::vector<Index>>& groups,
                         const Design& designs, const std::vector<double>& weights,
                         const ContrastOptions& options, Workers& workers, Monitor& monitor);

}  // namespace gmvae
