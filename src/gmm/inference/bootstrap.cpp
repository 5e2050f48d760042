#include "gmm/inference/bootstrap.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include "core/denormals.h"
#include "core/numeric.h"
#include "core/rng.h"
#include "core/shared_monitor.h"
#include "gmm/data/noise.h"
#include "gmm/em/em.h"
#include "gmm/em/overall.h"
#include "gmm/inference/matching.h"
#include "gmm/search/search.h"

namespace gmvae {

namespace {

constexpr Purpose refit_purpose{21};  // of the searches' own seeds

// fn(i, monitor) for each replicate, shared out among the workers.
template <typename Fn>
void for_each_replicate(const char* phase, const Replicates& replicates, Workers& workers,
                        Monitor& monitor, Fn&& fn) {
  SharedMonitor shared(monitor);
  std::atomic<Index> n_done{0};
  shared.watch([&] {
    workers.run(replicates.n, [&](Index i) {
      const FlushDenormals flush;
      shared.poll();  // first, as drawing a sample is work, too
      fn(i, shared);
      shared.report({phase, ++n_done, replicates.n, not_a_number});
    });
  });
}

Index count_labels(const RowFacts& facts, Index n) {
  if (facts.labels == nullptr) return 0;
  return std::max(*std::max_element(facts.labels, facts.labels + n) + 1, 0);
}

Eigen::VectorXd pack(const Mixture& mixture) {
  const Index d = mixture.means.rows(), n_components = mixture.means.cols();
  Eigen::VectorXd out((d + 1) * n_components + 1 + n_components * d * (d + 1) / 2);
  double* next = std::copy_n(mixture.weights.data(), n_components, out.data());
  *next++ = mixture.noise;
  next = std::copy_n(mixture.means.data(), mixture.means.size(), next);
  for (const Eigen::MatrixXd& sigma : mixture.covariances) {
    for (Index j = 0; j < d; ++j) {
      for (Index i = j; i < d; ++i) *next++ = sigma(i, j);
    }
  }
  return out;
}

// EM on a sample from a mixture: what a search does where parameters are given, without what only a
// search needs.  Returns why there is no fit, or an empty string.
std::string refit_from(const Mixture& start, const Observations& data, const Candidate& candidate,
                       const SearchOptions& options, Monitor& monitor, Mixture* mixture) {
  Workers serial(1);
  NoiseDensity noise;
  Covariances overall;
  if (options.noise.on || options.em.prior.on) {
    const bool diagonal = candidate.family->scatter == Scatter::diagonal;
    overall =
        overall_parameters(data, overall_scatter(data, diagonal, options.noise.on), serial, monitor)
            .covariances;
  }
  if (options.noise.on) noise = noise_density(data, overall.matrix(0), options.noise);
  Em em(data, *candidate.family, candidate.k, options.em, noise, overall, serial, monitor);
  Run run = em.begin("parameters", to_parameters(start, data));
  em.iterate(run, options.em.max_iter);
  const std::string reason = em.objection(run);
  if (reason.empty()) *mixture = to_mixture(run.frame.parameters, noise, data);
  return reason;
}

// Samples of the population's rows stay in its units, which takes no pass over them; others are in
// their own, as where units are part of the model: a prior, a ridge and the box of noise follow
// them.
std::unique_ptr<const Observations> observe(const Resample& sample, const SearchOptions& options,
                                            const Observations& population) {
  const bool same_rows = sample.values.empty();
  if (same_rows && !options.noise.on && !options.em.prior.on && options.em.ridge == 0.0) {
    return std::make_unique<const Observations>(population, sample.weights.data());
  }
  Workers serial(1);
  return std::make_unique<const Observations>(sample.source, sample.facts(), serial);
}

}  // namespace

Refits refit(const Population& population, const Candidate& candidate, Resampling kind,
             const SearchOptions& options, const Replicates& replicates, Workers& workers,
             Monitor& monitor) {
  const Mixture& mixture = population.mixture();
  const Observations all(population.source(), population.facts(), workers);
  const Index n_labels = count_labels(population.facts(), population.source().n);
  Refits out;
  out.estimates.setConstant(pack(mixture).size(), replicates.n, not_a_number);
  out.reasons.resize(static_cast<std::size_t>(replicates.n));
  for_each_replicate("Bootstrapping", replicates, workers, monitor, [&](Index i, Monitor& shared) {
    const Resample sample = population.draw(kind, replicates.seed, replicates.first + i);
    const auto data = observe(sample, options, all);
    std::string& reason = out.reasons[static_cast<std::size_t>(i)];
    if (data->n_rows() < candidate.k) {
      reason = "there are fewer distinct rows than components";
      return;
    }
    Mixture fitted;
    reason = refit_from(mixture, *data, candidate, options, shared, &fitted);
    if (reason.empty()) out.estimates.col(i) = pack(matched_to(mixture, fitted, n_labels));
  });
  return out;
}

Eigen::MatrixXd null_logliks(const Population& population, const std::vector<Candidate>& candidates,
                             const SearchOptions& options, const Replicates& replicates,
                             Workers& workers, Monitor& monitor) {
  Eigen::MatrixXd out =
      Eigen::MatrixXd::Constant(static_cast<Index>(candidates.size()), replicates.n, not_a_number);
  for_each_replicate("Testing", replicates, workers, monitor, [&](Index i, Monitor& shared) {
    const Index item = replicates.first + i;
    const Resample sample = population.draw(Resampling::parametric, replicates.seed, item);
    Workers serial(1);
    const Observations data(sample.source, sample.facts(), serial);
    SearchOptions own = options;
    RngStream rng(replicates.seed, refit_purpose, 0, static_cast<std::uint64_t>(item));
    own.seed = rng.bits();
    const std::vector<CandidateFit> fits = search(data, candidates, own, serial, shared).candidates;
    for (std::size_t c = 0; c < fits.size(); ++c) {
      if (fits[c].reason.empty()) out(static_cast<Index>(c), i) = fits[c].loglik;
    }
  });
  return out;
}

}  // namespace gmvae
