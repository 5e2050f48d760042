#include "gmm/inference/bootstrap.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "core/denormals.h"
#include "core/rng.h"
#include "core/shared_monitor.h"
#include "gmm/inference/matching.h"
#include "gmm/search/search.h"

namespace gmvae {

namespace {

constexpr Purpose refit_purpose{21};  // of the searches' own seeds
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

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

}  // namespace

Refits refit(const Population& population, const Candidate& candidate, Resampling kind,
             const SearchOptions& options, const Replicates& replicates, Workers& workers,
             Monitor& monitor) {
  const Mixture& mixture = *population.mixture;
  const Index n_labels = count_labels(population.facts, population.source.n);
  Refits out;
  out.estimates.setConstant(pack(mixture).size(), replicates.n, not_a_number);
  out.reasons.resize(static_cast<std::size_t>(replicates.n));
  SearchOptions from_mixture = options;
  from_mixture.start_mixture = &mixture;
  for_each_replicate("Bootstrapping", replicates, workers, monitor, [&](Index i, Monitor& shared) {
    const Resample sample = population.draw(kind, replicates.seed, replicates.first + i);
    Workers serial(1);
    const Observations data(sample.source, sample.facts(), serial);
    std::string& reason = out.reasons[static_cast<std::size_t>(i)];
    if (data.n_rows() < candidate.k) {
      reason = "there are fewer distinct rows than components";
      return;
    }
    const CandidateFit fit = search(data, {candidate}, from_mixture, serial, shared).candidates[0];
    reason = fit.reason;
    if (fit.reason.empty()) {
      out.estimates.col(i) = pack(matched_to(mixture, fit.mixture, n_labels));
    }
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
