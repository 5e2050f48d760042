#include "gmvae/select/fit.h"

#include <algorithm>

namespace gmvae {

namespace {

constexpr Index most_cells = 2000;  // of more, a random sample is halved
constexpr Index n_halvings = 6;
constexpr Index n_starts = 3;

Halves halves_of(const std::vector<double>& latent, const std::vector<Index>& k,
                 const Covariates& covariates, const TrainOptions& options, Workers& workers,
                 Monitor& monitor) {
  HalvesOptions halves;
  halves.k = k;
  halves.covariance = options.covariance;
  halves.most_cells = most_cells;
  halves.n_halvings = n_halvings;
  halves.n_init = n_starts;
  halves.max_iter = options.max_iter;
  halves.tol = options.tol;
  halves.seed = options.seed;
  if (covariates.design) halves.design = covariates.design->factors();
  const Index d = options.shape.n_latent;
  halves.n_classes = options.n_classes;
  if (options.n_classes > 0) {
    halves.label.assign(covariates.label,
                        covariates.label + latent.size() / static_cast<std::size_t>(d));
  }
  return fit_halves(ConstView<double>(latent.data(), d, static_cast<Index>(latent.size()) / d),
                    halves, workers, monitor);
}

// From 0, the first of equals.
std::vector<int> most_probable(const std::vector<double>& posterior, Index k) {
  std::vector<int> cluster;
  for (std::size_t at = 0; at < posterior.size(); at += static_cast<std::size_t>(k)) {
    const double* p = posterior.data() + at;
    cluster.push_back(static_cast<int>(std::max_element(p, p + k) - p));
  }
  return cluster;
}

}  // namespace

FitResult fit(const CellSource& source, const Covariates& covariates, const TrainOptions& options,
              const std::vector<Index>& ks, const EarlierFit* earlier, Workers& workers,
              Monitor& monitor) {
  const bool choose = ks.size() > 1;
  TrainOptions first = options;
  first.shape.k = earlier  ? earlier->k
                  : choose ? std::max<Index>(1, options.n_classes)
                           : ks.front();
  Trainer trainer(source, covariates, first, workers, monitor);
  std::vector<Phase> before, after;
  for (const Phase& phase : recipe(options)) {
    (phase.moves_mixture ? after : before).push_back(phase);
  }
  if (earlier) {
    trainer.start_from(earlier->params);
  } else {
    trainer.run(before);
  }
  FitResult result;
  Index k = ks.front();
  if (choose) {
    const Halves halves = halves_of(earlier ? earlier->latent : trainer.latent_means(), ks,
                                    covariates, options, workers, monitor);
    result.path = stabilities(halves, ks);
    k = choose_k(result.path);
  }
  if (choose || earlier) trainer.set_clusters(k);
  trainer.run(after);
  result.trained = trainer.result();
  const Encoding& cells = result.trained.cells;
  const Halves halves = halves_of(cells.mean, {k}, covariates, options, workers, monitor);
  const std::vector<int> cluster = most_probable(cells.posterior, k);
  result.stability = stabilities(halves, {k}).front().mean;
  result.stability = std::min(result.stability, agreement_with(halves, cluster));
  result.cluster_stability = cluster_stabilities(halves, cluster, k);
  return result;
}

}  // namespace gmvae
