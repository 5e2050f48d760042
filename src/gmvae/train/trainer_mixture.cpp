// The mixture that a phase begins with.
#include "gmvae/data/design_levels.h"
#include "gmvae/train/guided_mixture.h"
#include "gmvae/train/latent_search.h"
#include "gmvae/train/trainer.h"

namespace gmvae {

// The best of several EM starts.  Where all collapse (few different cells, held out perhaps), the
// model with the fewest demands, and then all cells, come to help: the joint phase has priors that
// EM has not.
Mixture Trainer::fit_latent() {
  const std::vector<Index> all = all_cells(source_);
  const std::string simplest = "tied";
  const std::pair<const std::vector<Index>*, std::string> attempts[] = {
      {&training_, options_.covariance},
      {&training_, simplest},
      {&all, options_.covariance},
      {&all, simplest}};
  for (const auto& [cells, model] : attempts) {
    const std::vector<double> latent = latent_means_of(*cells);
    const ConstView<double> points(latent.data(), n_latent(), static_cast<Index>(cells->size()));
    try {
      return fit_points(*cells, points, model);
    } catch (const NumericalError&) {
      continue;
    }
  }
  throw NumericalError(
      "The latent means of the cells do not fall into `k` groups to start from: in every start "
      "some group was empty. Use a smaller `k`.");
}

// Of cells and their latent points; with regard to batches and labels, if there are any.
Mixture Trainer::fit_points(const std::vector<Index>& cells, ConstView<double> points,
                            const std::string& covariance) {
  const bool labelled = labels_.n_classes > 0;
  Mixture plain;
  Index n_init = options_.n_init;
  // The mixture with small groups, which are looked for without labels only.
  if (!labelled && start_.means.cols() == k()) {
    SearchOptions how = latent_search(1, options_.max_iter, options_.tol, options_.seed);
    how.start_mixture = &start_;
    const Observations data(columns_of(points), RowFacts{}, compute_.workers);
    const CandidateFit fit =
        search(data, {{&find_family(covariance), k()}}, how, compute_.workers, monitor_)
            .candidates.front();
    if (fit.reason.empty()) {
      plain = fit.mixture;
      n_init = 0;  // k-means would not find them
    }
  }
  if (n_init > 0) {
    try {
      plain = fit_mixture(points, covariance, k(),
                          latent_search(n_init, options_.max_iter, options_.tol, options_.seed),
                          compute_.workers, monitor_)
                  .mixture;
    } catch (const NumericalError&) {
      if (!labelled) throw;  // the classes may be a start where nothing else is
    }
  }
  if (!labelled && factors_.empty()) return plain;
  GuidedPoints guided{points, factors_.rows(cells), {}, labels_.n_classes};
  for (Index cell : cells) {
    if (labelled) guided.label.push_back(covariates_.label[cell]);
  }
  const GuidedMixture found =
      fit_guided(guided, plain, k(), covariance, n_init, options_.seed, compute_.workers, monitor_);
  labels_.noise = labelled ? found.noise : labels_.noise;
  return found.mixture;
}

}  // namespace gmvae
