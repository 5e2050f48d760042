#include "gmm/search/search.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <memory>

#include "core/denormals.h"
#include "core/error.h"
#include "core/numeric.h"
#include "core/shared_monitor.h"
#include "gmm/data/noise.h"
#include "gmm/em/expectation.h"
#include "gmm/em/overall.h"
#include "gmm/search/candidate_starts.h"
#include "gmm/search/neighbours.h"
#include "gmm/search/race.h"

namespace gmvae {

namespace {

constexpr Index sifting_steps = 2;       // of every start, ...
constexpr Index screening_steps = 5;     // ... of the better half of them; then ...
constexpr std::size_t n_rivals = 1;      // ... of the first and the best of the others ...
constexpr std::size_t n_alone = 2;       // ... (two where there is one candidate), before ...
constexpr Index final_steps = 15;        // ... they run on, the hopeless excepted
constexpr std::size_t n_promising = 3;   // of what neighbours have found, for one step; then ...
constexpr std::size_t n_finalists = 1;   // ... the best of these, as above
constexpr int most_rounds = 3;           // of looking at neighbours
constexpr double rough_tol = 3e-5;       // of all runs; a candidate's best goes on to the user's
constexpr double tree_patience = 100.0;  // with the tree's run, mclust's start: see hopeless()

// Where a pass costs fewer flops there is time for so many times the starts, the runs chosen and
// their steps.
constexpr double cheap_pass = 5e6;
constexpr Index more_starts = 3, more_steps = 2;
constexpr std::size_t more_runs = 6;

// A pass of so many flops is shared by threads; below, whole runs are.
constexpr double shared_pass = 5e6;

// What has been found for a candidate so far.
struct Found {
  std::vector<std::shared_ptr<const Run>> runs;  // each better than those before
  int round = 0;                                 // in which the last was found
  CandidateFit fit;
  Parameters parameters;  // of the fit, in standard units

  std::shared_ptr<const Run> best() const { return runs.empty() ? nullptr : runs.back(); }
};

class Search {
 public:
  Search(const Observations& data, const std::vector<Candidate>& candidates,
         const SearchOptions& options, Workers& workers, Monitor& monitor);

  SearchResult run();

 private:
  void for_each_candidate(const char* phase, const std::function<void(std::size_t)>& fn);
  void fit(std::size_t at, const EmOptions& options);
  std::vector<Neighbour> neighbours(int round);
  void refit(std::size_t at, int round, const std::vector<Neighbour>& neighbours);
  std::vector<Run> screen(Em& em, CandidateFit* fit);
  std::string too_many_parameters(const Em& em) const;
  Run begin_given(Em& em);
  void keep(Em& em, const Run& run, int round, Found* found);
  void polish(std::size_t at);
  void report(const Em& em, const Run& run, Found* found);
  std::vector<bool> kept() const;
  Index steps(Index n) const { return std::min(cheap_ ? more_steps * n : n, options_.em.max_iter); }
  std::size_t chosen(std::size_t n) const { return cheap_ ? more_runs * n : n; }
  Em em_for(const Candidate& candidate, const Observations& data, const EmOptions& options) {
    return Em(data, *candidate.family, candidate.k, options, noise_, overall_.covariances,
              *pass_workers_, shared_monitor_);
  }
  const Observations& first_rows() const {  // that runs begin with
    return starts_->sample() != nullptr ? *starts_->sample() : data_;
  }
  bool given() const { return options_.start_mixture != nullptr || options_.start.n > 0; }

  const Observations& data_;
  const std::vector<Candidate>& candidates_;
  const SearchOptions& options_;
  EmOptions rough_;  // of all runs but the last
  Workers& workers_;
  SharedMonitor shared_monitor_;
  Workers serial_{1};
  // Threads are shared at one level: candidates, starts of a candidate, or blocks of a pass.
  Workers *candidate_workers_ = &serial_, *start_workers_ = &serial_, *pass_workers_ = &serial_;

  Scatter scatter_ = Scatter::full;  // that families look at, or diagonal where all look at no more
  Parameters overall_;
  NoiseDensity noise_;
  Index n_labels_ = 0;                       // components that labels name
  bool cheap_ = false;                       // a pass is: time to try more
  std::unique_ptr<CandidateStarts> starts_;  // null: the user gave one
  std::vector<Found> found_;
};

Search::Search(const Observations& data, const std::vector<Candidate>& candidates,
               const SearchOptions& options, Workers& workers, Monitor& monitor)
    : data_(data), candidates_(candidates), options_(options), rough_(options.em),
      workers_(workers), shared_monitor_(monitor), found_(candidates.size()) {
  if (!given() && rough_.tol < rough_tol) {
    rough_.tol = rough_tol;
    rough_.inner_tol = 0.1 * rough_tol;
  }
  Index most_components = 1;
  for (const Candidate& candidate : candidates) {
    most_components = std::max(most_components, candidate.k);
  }
  const bool diagonal = std::all_of(candidates.begin(), candidates.end(), [](const Candidate& c) {
    return c.family->scatter == Scatter::diagonal;
  });
  scatter_ = overall_scatter(data, diagonal, options.noise.on);
  for (Index row = 0; data.has_labels() && row < data.n_source_rows(); ++row) {
    n_labels_ = std::max<Index>(n_labels_, data.label(row) + 1);
  }
  const double d = static_cast<double>(data.n_dimensions());
  const double flops = 4.0 * d * (d + 10.0) * static_cast<double>(most_components * data.n_rows());
  cheap_ = options.more_if_cheap && flops < cheap_pass;
  if (data.elsewhere() != nullptr) {
    // Only this thread may ask others; it has help with runs on a sample.
  } else if (candidates.size() >= 2 * static_cast<std::size_t>(workers.n_threads())) {
    candidate_workers_ = &workers;
  } else if (flops < shared_pass) {
    start_workers_ = &workers;
  } else {
    pass_workers_ = &workers;
  }
}

SearchResult Search::run() {
  shared_monitor_.watch([&] {
    overall_ = overall_parameters(data_, scatter_, workers_, shared_monitor_);
    if (options_.noise.on) {
      noise_ = noise_density(data_, overall_.covariances.matrix(0), options_.noise);
    }
    if (!given()) {
      const Index n_starts = cheap_ ? more_starts * options_.n_init : options_.n_init;
      starts_ = std::make_unique<CandidateStarts>(data_, candidates_, options_, n_starts, workers_,
                                                  shared_monitor_);
      if (data_.elsewhere() != nullptr && starts_->sample() != nullptr) start_workers_ = &workers_;
    }
    for_each_candidate("Fitting mixtures", [&](std::size_t at) { fit(at, rough_); });
    for (int round = 1; round <= most_rounds && !given(); ++round) {
      const std::vector<Neighbour> found = neighbours(round);
      for_each_candidate("Comparing mixtures", [&](std::size_t at) { refit(at, round, found); });
    }
    for_each_candidate("Finishing mixtures", [&](std::size_t at) { polish(at); });
  });
  SearchResult result;
  const std::vector<bool> keep = kept();
  for (std::size_t at = 0; at < found_.size(); ++at) {
    Found& found = found_[at];
    if (keep[at]) {
      found.fit.mixture = sorted_by_weight(to_mixture(found.parameters, noise_, data_), n_labels_);
    }
    result.candidates.push_back(std::move(found.fit));
  }
  result.log_noise_density = not_a_number;
  if (noise_.on) {
    const Eigen::ArrayXd range = noise_.log_range.array().exp() * data_.scale().array();
    result.log_noise_density = noise_.log_density - data_.scale().array().log().sum();
    result.noise_range.assign(range.data(), range.data() + range.size());
  }
  return result;
}

void Search::for_each_candidate(const char* phase, const std::function<void(std::size_t)>& fn) {
  std::atomic<Index> n_done{0};
  const Index n = static_cast<Index>(candidates_.size());
  // Candidates of most components, which take longest, mostly come last: they are begun first.
  candidate_workers_->run(n, [&](Index at) {
    fn(static_cast<std::size_t>(n - 1 - at));
    shared_monitor_.poll();
    shared_monitor_.report({phase, ++n_done, n, not_a_number});
  });
}

// Short runs of every start, longer ones of the best few; best first.
std::vector<Run> Search::screen(Em& em, CandidateFit* fit) {
  std::vector<Run> runs = starts_->begin(em, fit->candidate, overall_, !cheap_, *start_workers_);
  // The tree's run, the first, is always among them.
  const auto iterate_best = [&](std::size_t n_best, Index n_steps) {
    start_workers_->run(static_cast<Index>(n_best), [&](Index at) {
      em.iterate(runs[static_cast<std::size_t>(at)], steps(n_steps));
    });
    sort_best_first(&runs, 1);
  };
  if (!cheap_) iterate_best(runs.size(), sifting_steps);
  iterate_best(cheap_ ? runs.size() : (runs.size() + 1) / 2, screening_steps);
  const double units = em.data().total_log_units();
  fit->start_names.clear();
  fit->starts.clear();
  for (const Run& run : runs) {
    fit->start_names.push_back(run.start);
    fit->starts.push_back(run.collapsed() ? not_a_number : run.objective() - units);
  }
  const std::size_t most = chosen(candidates_.size() > 1 ? n_rivals : n_alone) + 1;
  const std::size_t n_chosen = std::min(runs.size(), most);
  iterate_best(n_chosen, final_steps);
  std::vector<Run> best;
  for (std::size_t i = 0; i < n_chosen; ++i) best.push_back(std::move(runs[i]));
  const bool has_rival = n_chosen > 1 && em.objection(best[1]).empty();
  run_on(em, best[0], has_rival ? &best[1] : nullptr, tree_patience);
  finish(em, &best, nullptr);
  // Where all of these end on too few rows, another may not.
  for (std::size_t i = n_chosen; i < runs.size() && !em.objection(best[0]).empty(); ++i) {
    best[0] = std::move(runs[i]);
    run_on(em, best[0], nullptr, tree_patience);
  }
  return best;
}

// Mixtures with as many parameters as the data have values describe the values one by one.
std::string Search::too_many_parameters(const Em& em) const {
  if (em.n_components() == 1 || em.penalty().on() || given()) return "";
  const double rows = std::max(data_.total_weight(), static_cast<double>(data_.n_rows()));
  const double n_values = rows * data_.n_values() / static_cast<double>(data_.n_rows());
  if (static_cast<double>(em.n_parameters()) < n_values) return "";
  return "the mixture has " + std::to_string(em.n_parameters()) + " parameters for " +
         std::to_string(static_cast<long long>(n_values)) + " values";
}

// The start that the user gave.
Run Search::begin_given(Em& em) {
  if (options_.start_mixture != nullptr) {
    return em.begin("parameters", to_parameters(*options_.start_mixture, data_));
  }
  return em.begin(options_.start.partition != nullptr ? "partition" : "responsibilities",
                  options_.start, overall_, false);
}

void Search::fit(std::size_t at, const EmOptions& options) {
  Found& found = found_[at];
  found.fit.candidate = candidates_[at];
  Em em = em_for(candidates_[at], data_, options);
  found.fit.reason = too_many_parameters(em);
  if (!found.fit.reason.empty()) return;
  std::vector<Run> runs;
  if (given()) {
    runs.push_back(begin_given(em));
    em.iterate(runs[0], options_.em.max_iter);
    found.fit.starts.assign(1, runs[0].objective());
    found.fit.start_names.assign(1, runs[0].start);
  } else if (starts_->sample() == nullptr) {
    runs = screen(em, &found.fit);
  } else {
    Em on_sample = em_for(candidates_[at], *starts_->sample(), options);
    runs = screen(on_sample, &found.fit);
    runs.resize(1);
    runs[0] = em.transfer(runs[0]);
    em.iterate(runs[0], options_.em.max_iter);
  }
  for (const Run& run : runs) keep(em, run, 0, &found);
}

// What all candidates have found so far.  Those whose best is of the round before say what it
// expects.
std::vector<Neighbour> Search::neighbours(int round) {
  std::vector<Neighbour> all(candidates_.size());
  candidate_workers_->run(static_cast<Index>(all.size()), [&](Index at) {
    const Found& found = found_[static_cast<std::size_t>(at)];
    Neighbour& own = all[static_cast<std::size_t>(at)];
    own.candidate = found.fit.candidate;
    own.best = found.best();
    if (own.best == nullptr || found.round != round - 1) return;
    const Em em = em_for(own.candidate, first_rows(), rough_);
    const auto some = [&](auto&& wants) {
      return std::any_of(candidates_.begin(), candidates_.end(),
                         [&](const Candidate& other) { return wants(other, own.candidate); });
    };
    if (!some(are_neighbours)) return;
    const bool halves = some(splits);
    auto expectation = std::make_shared<Expectation>();
    if (em.expect(own.best->frame.parameters, scatter_, halves, expectation.get())) {
      own.expectation = std::move(expectation);
    }
  });
  return all;
}

void Search::refit(std::size_t at, int round, const std::vector<Neighbour>& neighbours) {
  const Candidate& candidate = candidates_[at];
  if (candidate.k == 1) return;
  const Run* own = neighbours[at].best.get();
  Em on_sample = em_for(candidate, first_rows(), rough_);
  if (!too_many_parameters(on_sample).empty()) return;
  std::vector<Run> runs;
  for (Run& run :
       starts_from_neighbours(on_sample, candidate, neighbours, n_labels_, chosen(n_promising))) {
    on_sample.iterate(run, 1);
    // What leads back to what the candidate has found is no news.
    const bool known = own != nullptr && !run.history.empty() &&
                       alike(run.frame.parameters, own->frame.parameters);
    if (!known) runs.push_back(std::move(run));
  }
  if (runs.empty()) return;
  sort_best_first(&runs);
  runs.resize(std::min(runs.size(), chosen(n_finalists)));
  for (Run& run : runs) on_sample.iterate(run, steps(screening_steps));
  Em em = em_for(candidate, data_, rough_);
  if (starts_->sample() != nullptr) {
    // What the candidate has found competes on the sample too.
    Run competitor;
    if (own != nullptr) {
      competitor = on_sample.transfer(*own);
      on_sample.iterate(competitor, 1);
    }
    finish(on_sample, &runs, std::isfinite(competitor.objective()) ? &competitor : nullptr);
    runs.resize(1);
    if (runs[0].objective() <= competitor.objective()) return;
    runs[0] = em.transfer(runs[0]);
  }
  finish(em, &runs, own);
  for (const Run& run : runs) keep(em, run, round, &found_[at]);
}

// The run becomes what the candidate has found, if it is better.
void Search::keep(Em& em, const Run& run, int round, Found* found) {
  const std::string reason = em.objection(run);
  CandidateFit& fit = found->fit;
  if (!reason.empty()) {
    // Equal values are what a user can do something about.
    const bool telling = fit.reason.empty() || (fit.tied_column < 0 && run.tied_column >= 0);
    if (found->runs.empty() && telling) {
      fit.reason = reason;
      fit.tied_column = run.tied_column;
    }
    return;
  }
  // Not for what convergence leaves open.
  const double least = options_.em.tol * data_.total_weight();
  if (!found->runs.empty() && run.objective() <= found->best()->objective() + least) return;
  fit.reason.clear();
  found->round = round;
  found->runs.push_back(std::make_shared<const Run>(run.without_moments()));
}

// The candidate's result: its best run, to the user's tolerance, or the one before where that ends
// on too few rows.
void Search::polish(std::size_t at) {
  Found& found = found_[at];
  std::vector<std::shared_ptr<const Run>>& runs = found.runs;
  if (runs.empty()) return;
  CandidateFit& result = found.fit;
  Em em = em_for(candidates_[at], data_, options_.em);
  const bool rough = rough_.tol > options_.em.tol;
  for (; !runs.empty(); runs.pop_back()) {
    Run run = *runs.back();
    if (rough) {
      em.resume(run);
      em.iterate(run, options_.em.max_iter);
    }
    result.reason = em.objection(run);
    result.tied_column = run.tied_column;
    if (result.reason.empty()) return report(em, run, &found);
  }
  // All over again: of runs that go all the way more are tried.
  fit(at, options_.em);
  if (!runs.empty()) report(em, *runs.back(), &found);
}

void Search::report(const Em& em, const Run& run, Found* found) {
  CandidateFit& fit = found->fit;
  const auto named = std::find(fit.start_names.begin(), fit.start_names.end(), run.start);
  fit.best_start = named - fit.start_names.begin();
  if (named == fit.start_names.end()) {
    fit.start_names.push_back(run.start);
    fit.starts.push_back(not_a_number);
  }
  const double units = data_.total_log_units();
  fit.starts[static_cast<std::size_t>(fit.best_start)] = run.objective() - units;
  fit.history = run.history;
  for (double& objective : fit.history) objective -= units;
  fit.objective = fit.history.back();
  fit.loglik = fit.objective - em.penalty().value(run.frame.parameters);
  fit.converged = run.converged;
  fit.n_parameters = em.n_parameters();
  if (noise_.on) fit.n_parameters += std::isnan(options_.noise.density) ? 2 : 1;
  fit.entropy = evaluate(data_, run.frame, {}, *pass_workers_, shared_monitor_);
  found->parameters = run.frame.parameters;
}

// The candidates whose mixtures are returned.
std::vector<bool> Search::kept() const {
  std::vector<std::size_t> fitted;
  for (std::size_t at = 0; at < found_.size(); ++at) {
    if (found_[at].fit.reason.empty()) fitted.push_back(at);
  }
  std::vector<bool> keep(found_.size(), false);
  const std::size_t n = options_.n_kept > 0
                            ? std::min(fitted.size(), static_cast<std::size_t>(options_.n_kept))
                            : fitted.size();
  const double log_rows = std::log(data_.total_weight());
  const auto best_by = [&](auto&& criterion) {
    std::stable_sort(fitted.begin(), fitted.end(), [&](std::size_t a, std::size_t b) {
      return criterion(found_[a].fit) < criterion(found_[b].fit);
    });
    for (std::size_t i = 0; i < n; ++i) keep[fitted[i]] = true;
  };
  const auto bic = [&](const CandidateFit& fit) {
    return -2.0 * fit.loglik + log_rows * static_cast<double>(fit.n_parameters);
  };
  best_by(bic);
  best_by([&](const CandidateFit& fit) { return bic(fit) - 2.0 * fit.entropy; });
  best_by([](const CandidateFit& fit) {
    return -2.0 * fit.loglik + 2.0 * static_cast<double>(fit.n_parameters);
  });
  return keep;
}

}  // namespace

SearchResult search(const Observations& data, const std::vector<Candidate>& candidates,
                    const SearchOptions& options, Workers& workers, Monitor& monitor) {
  ensure(options.em.max_iter >= 1 && options.n_init >= 1,
         "max_iter and n_init must be at least 1.");
  ensure(options.em.tol >= 0.0 && options.em.ridge >= 0.0, "tol and ridge must be at least 0.");
  for (const Candidate& candidate : candidates) {
    ensure(candidate.k >= 1 && candidate.k <= data.n_rows(),
           "k must be from 1 to the number of rows.");
  }
  const FlushDenormals flush;
  return Search(data, candidates, options, workers, monitor).run();
}

CandidateFit fit_mixture(ConstView<double> x, const std::string& model, Index k,
                         const SearchOptions& options, Workers& workers, Monitor& monitor) {
  const Observations data(columns_of(x), RowFacts{}, workers);
  const Family* family = &find_family(model);
  std::vector<Candidate> candidates{{family, k}};
  if (k > 2) candidates.push_back({family, k - 1});
  if (k > 1 && k < data.n_rows()) candidates.push_back({family, k + 1});
  CandidateFit fit = search(data, candidates, options, workers, monitor).candidates[0];
  if (!fit.reason.empty()) {
    throw NumericalError("With k = " + std::to_string(k) + " and model " + model + ", " +
                         fit.reason + ".");
  }
  return fit;
}

}  // namespace gmvae
