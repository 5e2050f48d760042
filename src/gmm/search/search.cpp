#include "gmm/search/search.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <memory>

#include "core/denormals.h"
#include "core/error.h"
#include "core/shared_monitor.h"
#include "gmm/data/noise.h"
#include "gmm/em/expectation.h"
#include "gmm/search/compare.h"
#include "gmm/search/neighbours.h"
#include "gmm/start/sample.h"
#include "gmm/start/starts.h"

namespace gmvae {

namespace {

constexpr Index many_models = 4;         // with as many components share the starts out
constexpr Index sifting_steps = 2;       // of every start, ...
constexpr Index screening_steps = 5;     // ... of the better half of them; then ...
constexpr std::size_t n_rivals = 1;      // ... of the first and the best of the others ...
constexpr std::size_t n_alone = 2;       // ... (where no other cell makes up for them), before ...
constexpr Index final_steps = 15;        // ... they run on, the hopeless excepted, with a look ...
constexpr Index look_steps = 5;          // ... at the others after so many
constexpr std::size_t n_promising = 3;   // of what other cells have found, for one step; then ...
constexpr std::size_t n_finalists = 1;   // ... the best of these, as above
constexpr std::size_t n_merges = 4;      // pairs of components to join
constexpr int most_rounds = 3;           // of looking at other cells
constexpr double rough_tol = 3e-5;       // of all runs; a cell's best goes on to the user's
constexpr double usual_patience = 10.0;  // with runs that fall behind, see hopeless() ...
constexpr double tree_patience = 100.0;  // ... and with the tree's, mclust's start

// Where a pass costs fewer flops there is time for so many times the starts, the runs chosen and
// their steps.
constexpr double cheap_pass = 5e6;
constexpr Index more_starts = 3, more_steps = 2;
constexpr std::size_t more_runs = 6;

// A pass of so many flops is shared by threads; below, whole runs are.
constexpr double shared_pass = 5e6;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Mean and covariance of all rows in standard units; missing entries as EM would have them.
Parameters overall_parameters(const Observations& data, Workers& workers, Monitor& monitor) {
  const Index d = data.n_dimensions();
  Parameters parameters;
  parameters.weights.setOnes(1);
  parameters.means.setZero(d, 1);
  parameters.covariances.matrices.setIdentity(d, d);
  const int steps = data.patterns().empty() ? 1 : 20;
  for (int step = 0; step < steps; ++step) {
    Frame frame;
    if (!make_frame(parameters, {}, &frame, &monitor)) break;
    const Moments moments =
        to_moments(gather(data, frame, Scatter::full, nullptr, workers, monitor), frame);
    parameters.means = moments.means;
    parameters.covariances.matrices = moments.scatter / moments.counts[0];
  }
  return parameters;
}

// What a cell has found so far.
struct Found {
  std::vector<std::shared_ptr<const Run>> runs;    // each better than those before
  int round = 0;                                   // in which the last was found
  std::shared_ptr<const Expectation> expectation;  // for the next round
  CellFit fit;

  const Run* best() const { return runs.empty() ? nullptr : runs.back().get(); }
};

class Search {
 public:
  Search(const Observations& data, const std::vector<Cell>& cells, const SearchOptions& options,
         Workers& workers, Monitor& monitor);

  SearchResult run();

 private:
  void make_starts();
  void for_each_cell(const char* phase, const std::function<void(std::size_t)>& fn);
  void fit(std::size_t at, const EmOptions& options);
  void expect(int round);
  void refit(std::size_t at, int round, const std::vector<Found>& others);
  std::vector<Run> promising(Em& em, const Cell& cell, const std::vector<Found>& others) const;
  void run_on(Em& em, Run& run, const Run* known, double patience) const;
  void finish(Em& em, std::vector<Run>& runs, const Run* known) const;
  std::vector<const Start*> starts_of(const Cell& cell) const;
  std::vector<Run> screen(Em& em, CellFit* fit);
  Run begin(Em& em, const Start& start);
  Run begin_given(Em& em);
  void keep(Em& em, const Run& run, int round, Found* found);
  void polish(std::size_t at);
  void report(const Em& em, const Run& run, CellFit* cell);
  Index steps(Index n) const { return std::min(cheap_ ? more_steps * n : n, options_.em.max_iter); }
  std::size_t chosen(std::size_t n) const { return cheap_ ? more_runs * n : n; }
  Em em_for(const Cell& cell, const Observations& data, const EmOptions& options) {
    return Em(data, *cell.family, cell.k, options, noise_, overall_.covariances.matrices,
              *pass_workers_, shared_monitor_);
  }
  bool given() const { return options_.start_mixture != nullptr || options_.start.n > 0; }

  const Observations& data_;
  const std::vector<Cell>& cells_;
  const SearchOptions& options_;
  EmOptions rough_;  // of all runs but the last
  Workers& workers_;
  SharedMonitor shared_monitor_;
  Workers serial_{1};
  // Threads are shared at one level: cells, starts of a cell, or blocks of a pass.
  Workers *cell_workers_ = &serial_, *start_workers_ = &serial_, *pass_workers_ = &serial_;

  Parameters overall_;
  NoiseDensity noise_;
  Index most_components_ = 1;                   // of any cell
  Index n_labels_ = 0;                          // components that labels name
  bool cheap_ = false;                          // a pass is: time to try more
  std::unique_ptr<Observations> sample_;        // null: all rows
  std::vector<Index> sample_rows_;              // that starts are made of: without initial noise
  std::map<Index, std::vector<Start>> starts_;  // by number of components
  std::vector<Found> found_;
};

Search::Search(const Observations& data, const std::vector<Cell>& cells,
               const SearchOptions& options, Workers& workers, Monitor& monitor)
    : data_(data), cells_(cells), options_(options), rough_(options.em), workers_(workers),
      shared_monitor_(monitor), found_(cells.size()) {
  if (!given() && rough_.tol < rough_tol) {
    rough_.tol = rough_tol;
    rough_.inner_tol = 0.1 * rough_tol;
  }
  for (const Cell& cell : cells) most_components_ = std::max(most_components_, cell.k);
  for (Index row = 0; data.has_labels() && row < data.n_source_rows(); ++row) {
    n_labels_ = std::max<Index>(n_labels_, data.label(row) + 1);
  }
  const double d = static_cast<double>(data.n_dimensions());
  const double flops = 4.0 * d * (d + 10.0) * static_cast<double>(most_components_ * data.n_rows());
  cheap_ = flops < cheap_pass;
  if (cells.size() >= 2 * static_cast<std::size_t>(workers.n_threads())) {
    cell_workers_ = &workers;
  } else if (flops < shared_pass) {
    start_workers_ = &workers;
  } else {
    pass_workers_ = &workers;
  }
}

SearchResult Search::run() {
  shared_monitor_.watch([&] {
    overall_ = overall_parameters(data_, workers_, shared_monitor_);
    if (options_.noise.on) {
      noise_ = noise_density(data_, overall_.covariances.matrices, options_.noise.density);
    }
    if (!given()) make_starts();
    for_each_cell("Fitting mixtures", [&](std::size_t at) { fit(at, rough_); });
    for (int round = 1; round <= most_rounds && !given(); ++round) {
      expect(round);
      const std::vector<Found> others = found_;
      for_each_cell("Comparing mixtures", [&](std::size_t at) { refit(at, round, others); });
    }
    for_each_cell("Finishing mixtures", [&](std::size_t at) { polish(at); });
  });
  SearchResult result;
  for (Found& found : found_) result.cells.push_back(std::move(found.fit));
  result.log_noise_density = not_a_number;
  if (noise_.on) {
    const Eigen::ArrayXd range = noise_.log_range.array().exp() * data_.scale().array();
    result.log_noise_density = noise_.log_density - data_.scale().array().log().sum();
    result.noise_range.assign(range.data(), range.data() + range.size());
  }
  return result;
}

void Search::make_starts() {
  Sample sample = take_sample(data_, most_components_, options_.noise, options_.seed, workers_,
                              shared_monitor_);
  sample_ = std::move(sample.observations);
  sample_rows_ = std::move(sample.rows);
  const Starts starts(std::move(sample.points), std::move(sample.weights), std::move(sample.labels),
                      options_.seed, workers_, shared_monitor_);
  for (const Cell& cell : cells_) {
    if (starts_.count(cell.k) > 0) continue;
    starts_[cell.k] = starts.make(cell.k, cheap_ ? more_starts * options_.n_init : options_.n_init,
                                  workers_, shared_monitor_);
  }
}

void Search::for_each_cell(const char* phase, const std::function<void(std::size_t)>& fn) {
  std::atomic<Index> n_done{0};
  const Index n = static_cast<Index>(cells_.size());
  // Cells of most components, which take longest, mostly come last: they are begun first.
  cell_workers_->run(n, [&](Index at) {
    fn(static_cast<std::size_t>(n - 1 - at));
    shared_monitor_.poll();
    shared_monitor_.report({phase, ++n_done, n, not_a_number});
  });
}

Run Search::begin(Em& em, const Start& start) {
  const Index n = data_.n_source_rows();
  std::vector<int> partition(static_cast<std::size_t>(n), -1);
  for (std::size_t i = 0; i < start.partition.size(); ++i) {
    partition[static_cast<std::size_t>(sample_rows_[i])] = static_cast<int>(start.partition[i]);
  }
  Given given;
  given.partition = partition.data();
  given.n = n;
  return em.begin(start.name, given, overall_, true);
}

// Where many models have as many components, each tries every second start but the first two, one
// model the even and the next the odd ones: what it finds the others look at.
std::vector<const Start*> Search::starts_of(const Cell& cell) const {
  const auto n_models = std::count_if(cells_.begin(), cells_.end(),
                                      [&](const Cell& other) { return other.k == cell.k; });
  const std::vector<Start>& all = starts_.at(cell.k);
  std::vector<const Start*> starts;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool mine = (static_cast<Index>(i) + (cell.family - families)) % 2 == 0;
    if (cheap_ || n_models < many_models || i < 2 || mine) starts.push_back(&all[i]);
  }
  return starts;
}

// Short runs of every start, longer ones of the best few; best first.
std::vector<Run> Search::screen(Em& em, CellFit* fit) {
  const std::vector<const Start*> starts = starts_of(fit->cell);
  std::vector<Run> runs(starts.size());
  start_workers_->run(static_cast<Index>(runs.size()), [&](Index at) {
    runs[static_cast<std::size_t>(at)] = begin(em, *starts[static_cast<std::size_t>(at)]);
  });
  // The tree's run, the first, is always among them.
  const auto iterate_best = [&](std::size_t n_best, Index n_steps) {
    start_workers_->run(static_cast<Index>(n_best), [&](Index at) {
      em.iterate(runs[static_cast<std::size_t>(at)], steps(n_steps));
    });
    std::stable_sort(runs.begin() + 1, runs.end(), better);
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
  const std::size_t most = chosen(cells_.size() > 1 ? n_rivals : n_alone) + 1;
  const std::size_t n_chosen = std::min(runs.size(), most);
  iterate_best(n_chosen, final_steps);
  std::vector<Run> others(std::make_move_iterator(runs.begin() + n_chosen),
                          std::make_move_iterator(runs.end()));
  runs.resize(n_chosen);
  const bool has_rival = n_chosen > 1 && em.objection(runs[1]).empty();
  run_on(em, runs[0], has_rival ? &runs[1] : nullptr, tree_patience);
  finish(em, runs, nullptr);
  // Where all of these end on too few rows, another may not.
  for (Run& other : others) {
    if (em.objection(runs[0]).empty()) break;
    std::vector<Run> one(1, std::move(other));
    finish(em, one, nullptr);
    runs[0] = std::move(one[0]);
  }
  return runs;
}

// On to convergence, unless the run seems to end below or at what is known.
void Search::run_on(Em& em, Run& run, const Run* known, double patience) const {
  while (run.running() && static_cast<Index>(run.history.size()) < options_.em.max_iter) {
    if (known != nullptr && !run.history.empty() && run.objective() <= known->objective() &&
        (hopeless(run, known->objective(), patience) ||
         alike(run.frame.parameters, known->frame.parameters))) {
      return;
    }
    const Index steps = static_cast<Index>(run.history.size()) + look_steps;
    em.iterate(run, std::min(steps, options_.em.max_iter));
  }
}

// The same of several, the best first; sorted.
void Search::finish(Em& em, std::vector<Run>& runs, const Run* known) const {
  std::stable_sort(runs.begin(), runs.end(), better);
  for (Run& run : runs) {
    run_on(em, run, known, usual_patience);
    if ((known == nullptr || run.objective() > known->objective()) && em.objection(run).empty()) {
      known = &run;
    }
  }
  std::stable_sort(runs.begin(), runs.end(), better);
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
  found.fit.cell = cells_[at];
  Em em = em_for(cells_[at], data_, options);
  std::vector<Run> runs;
  if (given()) {
    runs.push_back(begin_given(em));
    em.iterate(runs[0], options_.em.max_iter);
    found.fit.starts.assign(1, runs[0].objective());
    found.fit.start_names.assign(1, runs[0].start);
  } else if (sample_ == nullptr) {
    runs = screen(em, &found.fit);
  } else {
    Em on_sample = em_for(cells_[at], *sample_, options);
    runs = screen(on_sample, &found.fit);
    runs.resize(1);
    runs[0] = em.transfer(runs[0]);
    em.iterate(runs[0], options_.em.max_iter);
  }
  for (const Run& run : runs) keep(em, run, 0, &found);
}

// What the mixtures of the round before expect, for all cells that look at them.
void Search::expect(int round) {
  cell_workers_->run(static_cast<Index>(cells_.size()), [&](Index at) {
    Found& found = found_[static_cast<std::size_t>(at)];
    found.expectation.reset();
    const Run* best = found.best();
    if (best == nullptr || found.round != round - 1) return;
    const Em em = em_for(found.fit.cell, sample_ ? *sample_ : data_, rough_);
    auto expectation = std::make_shared<Expectation>();
    const bool halves = std::any_of(cells_.begin(), cells_.end(), [&](const Cell& cell) {
      return cell.family == found.fit.cell.family && cell.k == found.fit.cell.k + 1;
    });
    if (em.expect(best->frame.parameters, halves, expectation.get())) {
      found.expectation = expectation;
    }
  });
}

// The best starts from what other cells found in the round before: other models with as many
// components, and the same model with one more or less.
std::vector<Run> Search::promising(Em& em, const Cell& cell,
                                   const std::vector<Found>& others) const {
  struct Candidate {
    Run run;
    double bound;
  };
  std::vector<Candidate> list;
  const auto add = [&](const std::string& name, const Expectation& expectation) {
    double bound = 0.0;
    Run run = em.begin(name, expectation, &bound);
    list.push_back({std::move(run), bound});
  };
  for (const Found& other : others) {
    if (other.expectation == nullptr) continue;
    const Cell& from = other.fit.cell;
    if (from.k == cell.k && from.family != cell.family) {
      add(from.family->code, *other.expectation);
    } else if (from.family == cell.family && from.k == cell.k + 1 && from.k > n_labels_) {
      const Parameters& mixture = other.best()->frame.parameters;
      for (const auto& [a, b] : closest_pairs(mixture, n_labels_, n_merges)) {
        add("merged components", merge(*other.expectation, a, b));
      }
    } else if (from.family == cell.family && from.k == cell.k - 1) {
      for (Index k = 0; k < from.k; ++k) add("split component", split(*other.expectation, k));
    }
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const Candidate& a, const Candidate& b) { return a.bound > b.bound; });
  list.resize(std::min(list.size(), chosen(n_promising)));
  std::vector<Run> runs;
  for (Candidate& candidate : list) runs.push_back(std::move(candidate.run));
  return runs;
}

void Search::refit(std::size_t at, int round, const std::vector<Found>& others) {
  if (cells_[at].k == 1) return;
  Em on_sample = em_for(cells_[at], sample_ ? *sample_ : data_, rough_);
  std::vector<Run> runs = promising(on_sample, cells_[at], others);
  if (runs.empty()) return;
  for (Run& run : runs) on_sample.iterate(run, 1);
  // What leads back to what the cell has found is no news.
  const Run* own = others[at].best();
  const auto known = [&](const Run& run) {
    return own != nullptr && !run.history.empty() &&
           alike(run.frame.parameters, own->frame.parameters);
  };
  runs.erase(std::remove_if(runs.begin(), runs.end(), known), runs.end());
  if (runs.empty()) return;
  std::stable_sort(runs.begin(), runs.end(), better);
  runs.resize(std::min(runs.size(), chosen(n_finalists)));
  for (Run& run : runs) on_sample.iterate(run, steps(screening_steps));
  Em em = em_for(cells_[at], data_, rough_);
  if (sample_) {
    // What the cell has found competes on the sample too.
    Run competitor;
    if (own != nullptr) {
      competitor = on_sample.transfer(*own);
      on_sample.iterate(competitor, 1);
    }
    finish(on_sample, runs, std::isfinite(competitor.objective()) ? &competitor : nullptr);
    runs.resize(1);
    if (runs[0].objective() <= competitor.objective()) return;
    runs[0] = em.transfer(runs[0]);
  }
  finish(em, runs, own);
  for (const Run& run : runs) keep(em, run, round, &found_[at]);
}

// The run becomes what the cell has found, if it is better.
void Search::keep(Em& em, const Run& run, int round, Found* found) {
  const std::string reason = em.objection(run);
  CellFit& fit = found->fit;
  if (!reason.empty()) {
    if (found->runs.empty() && fit.reason.empty()) fit.reason = reason;
    return;
  }
  // Not for what convergence leaves open.
  const double least = options_.em.tol * data_.total_weight();
  if (!found->runs.empty() && run.objective() <= found->best()->objective() + least) return;
  fit.reason.clear();
  found->round = round;
  found->runs.push_back(std::make_shared<const Run>(run.without_moments()));
}

// The cell's result: its best run, to the user's tolerance, or the one before where that ends on
// too few rows.
void Search::polish(std::size_t at) {
  std::vector<std::shared_ptr<const Run>>& runs = found_[at].runs;
  if (runs.empty()) return;
  CellFit& cell = found_[at].fit;
  Em em = em_for(cells_[at], data_, options_.em);
  const bool rough = rough_.tol > options_.em.tol;
  for (; !runs.empty(); runs.pop_back()) {
    Run run = *runs.back();
    if (rough) {
      em.resume(run);
      em.iterate(run, options_.em.max_iter);
    }
    cell.reason = em.objection(run);
    if (cell.reason.empty()) return report(em, run, &cell);
  }
  // All over again: of runs that go all the way more are tried.
  fit(at, options_.em);
  if (!runs.empty()) report(em, *runs.back(), &cell);
}

void Search::report(const Em& em, const Run& run, CellFit* cell) {
  CellFit& fit = *cell;
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
  fit.mixture = sorted_by_weight(to_mixture(run.frame.parameters, noise_, data_), n_labels_);
}

}  // namespace

SearchResult search(const Observations& data, const std::vector<Cell>& cells,
                    const SearchOptions& options, Workers& workers, Monitor& monitor) {
  ensure(options.em.max_iter >= 1 && options.n_init >= 1,
         "max_iter and n_init must be at least 1.");
  ensure(options.em.tol > 0.0 && options.em.ridge >= 0.0, "tol must be above 0, ridge at least 0.");
  for (const Cell& cell : cells) {
    ensure(cell.k >= 1 && cell.k <= data.n_rows(), "k must be from 1 to the number of rows.");
  }
  const FlushDenormals flush;
  return Search(data, cells, options, workers, monitor).run();
}

CellFit fit_mixture(ConstView<double> x, const std::string& model, Index k,
                    const SearchOptions& options, Workers& workers, Monitor& monitor) {
  const Observations data(columns_of(x), RowFacts{}, workers);
  const Family* family = &find_family(model);
  std::vector<Cell> cells{{family, k}};
  if (k > 2) cells.push_back({family, k - 1});
  if (k > 1 && k < data.n_rows()) cells.push_back({family, k + 1});
  SearchResult found = search(data, cells, options, workers, monitor);
  if (!found.cells[0].reason.empty()) {
    throw NumericalError("With k = " + std::to_string(k) + " and model " + model + ", " +
                         found.cells[0].reason + ".");
  }
  return found.cells[0];
}

}  // namespace gmvae
