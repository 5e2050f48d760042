#include "gmm/em.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/denormals.h"
#include "core/error.h"
#include "gmm/family.h"
#include "gmm/frame.h"
#include "gmm/init.h"
#include "gmm/standardise.h"

namespace gmvae {

namespace {

constexpr Index screening_steps = 12;   // of every start; then ...
constexpr Index n_finalists = 3;        // ... of the best, before ...
constexpr Index final_steps = 100;      // ... the best of them runs on
constexpr double least_spread = 1e-10;  // of the components; below, one has collapsed

// One start on its way.
struct Run {
  Index start = 0;
  Moments moments;              // for the next M-step
  Frame frame;                  // parameters after the last one
  std::vector<double> history;  // log-likelihood after each, in the units of the points
  bool collapsed = false;
  bool converged = false;

  double loglik() const {
    return collapsed ? -std::numeric_limits<double>::infinity() : history.back();
  }
};

class Em {
 public:
  Em(ConstView<double> x, const EmOptions& options, Workers& workers, Monitor& monitor)
      : options_(options), family_(find_family(options.model)),
        data_(standardise(x, family_.units)), points_{data_.points.data(), x.rows, x.cols},
        workers_(workers), monitor_(monitor) {}

  EmFit fit();

 private:
  Moments partition_moments(const std::vector<Index>& labels);
  Run random_start(Index start);
  std::vector<Run> screen();
  void iterate(Run& run, Index max_iter, const char* phase);
  void step(Run& run);
  bool m_step(const Moments& moments, double fewest_rows, Frame* frame) const;
  bool is_converged(const std::vector<double>& history) const;
  double fewest_rows() const;
  EmFit result(const Run& best, const std::vector<Run>& runs) const;
  [[noreturn]] void fail(std::size_t n_starts) const;

  const EmOptions& options_;
  const Family& family_;
  const Standardised data_;
  const ConstView<double> points_;
  Workers& workers_;
  Monitor& monitor_;
};

// Half a row of slack: responsibilities leave a little of each row to other components.
double Em::fewest_rows() const {
  return options_.ridge > 0.0 ? 0.5 : family_.fewest_rows(points_.rows) - 0.5;
}

// Parameters from moments; false where a component has collapsed.
bool Em::m_step(const Moments& moments, double fewest_rows, Frame* frame) const {
  if (!(moments.counts.array() > fewest_rows).all()) return false;
  Eigen::MatrixXd covariances = family_.estimate(moments);
  if (family_.scatter == Scatter::diagonal) {
    covariances.array() += options_.ridge;
  } else {
    for (Index k = 0; k < options_.k; ++k) {
      nth_block(covariances, k).diagonal().array() += options_.ridge;
    }
  }
  return make_frame(moments.counts / moments.counts.sum(), moments.means, covariances,
                    family_.scatter, frame, &monitor_) &&
         spread(*frame) > least_spread;
}

// M-step, then E-step under the new parameters.
void Em::step(Run& run) {
  Frame frame;
  if (!m_step(run.moments, run.history.empty() ? 0.0 : fewest_rows(), &frame)) {
    run.collapsed = true;
    return;
  }
  const Statistics statistics = gather(points_, frame, nullptr, workers_, monitor_);
  if (!std::isfinite(statistics.loglik)) {
    run.collapsed = true;
    return;
  }
  // Only rounding, or the ridge, can make EM fall: the best is behind us.
  if (!run.history.empty() && statistics.loglik < run.history.back()) {
    run.converged = true;
    return;
  }
  run.history.push_back(statistics.loglik);
  run.moments = to_moments(statistics, frame, &monitor_);
  run.frame = std::move(frame);
  run.converged = is_converged(run.history);
}

// Aitken's estimate of what the log-likelihood has still to gain, per observation.
bool Em::is_converged(const std::vector<double>& history) const {
  const std::size_t n = history.size();
  if (n < 3) return false;
  const double before = history[n - 2] - history[n - 3], gain = history[n - 1] - history[n - 2];
  const double limit = options_.tol * static_cast<double>(points_.cols);
  if (gain >= limit) return false;
  return gain == 0.0 || (gain < before && gain * gain / (before - gain) < limit);
}

void Em::iterate(Run& run, Index max_iter, const char* phase) {
  while (!run.collapsed && !run.converged && static_cast<Index>(run.history.size()) < max_iter) {
    step(run);
    if (phase != nullptr && !run.collapsed) {
      monitor_.report({phase, static_cast<Index>(run.history.size()), max_iter, run.loglik()});
    }
  }
}

Moments Em::partition_moments(const std::vector<Index>& labels) {
  const Index d = points_.rows, k = options_.k;
  Eigen::MatrixXd identity = Eigen::MatrixXd::Ones(d, k);
  if (family_.scatter == Scatter::full) {
    identity = Eigen::MatrixXd::Identity(d, d).replicate(1, k);
  }
  Frame unit;
  make_frame(Eigen::VectorXd::Ones(k), Eigen::MatrixXd::Zero(d, k), identity, family_.scatter,
             &unit, &monitor_);
  return to_moments(gather(points_, unit, labels.data(), workers_, monitor_), unit, &monitor_);
}

// k-means++, with each scatter drawn towards the pooled one as if d + 1 more rows had that: a
// small cluster is no collapse yet.
Run Em::random_start(Index start) {
  Run run;
  run.start = start;
  run.moments = partition_moments(
      kmeans(points_, options_.k,
             RngStream(options_.seed, Purpose::mixture_start, 0, static_cast<std::uint64_t>(start)),
             workers_, monitor_));
  const Index width = run.moments.scatter.cols() / options_.k;
  Eigen::MatrixXd pooled = Eigen::MatrixXd::Zero(points_.rows, width);
  for (Index k = 0; k < options_.k; ++k) {
    pooled += run.moments.scatter.middleCols(k * width, width);
  }
  pooled /= run.moments.counts.sum();
  const double extra = static_cast<double>(points_.rows + 1);
  for (Index k = 0; k < options_.k; ++k) {
    const double rows = run.moments.counts[k];
    auto scatter = run.moments.scatter.middleCols(k * width, width);
    scatter = (scatter + extra * pooled) * (rows / (rows + extra));
  }
  return run;
}

// Short runs of every start, longer ones of the best few; best first.
std::vector<Run> Em::screen() {
  std::vector<Run> runs;
  if (!options_.start.empty()) {
    runs.emplace_back();
    runs[0].moments = partition_moments(options_.start);
    return runs;
  }
  const auto by_loglik = [](const Run& a, const Run& b) { return a.loglik() > b.loglik(); };
  const Index n_init = options_.k == 1 ? 1 : options_.n_init;
  double best = -std::numeric_limits<double>::infinity();
  for (Index start = 0; start < n_init; ++start) {
    runs.push_back(random_start(start));
    iterate(runs.back(), std::min(screening_steps, options_.max_iter), nullptr);
    best = std::max(best, runs.back().loglik());
    monitor_.report({"Comparing starts", start + 1, n_init, best});
  }
  std::stable_sort(runs.begin(), runs.end(), by_loglik);
  if (n_init == 1) return runs;
  const auto finalists_end = runs.begin() + std::min(n_init, n_finalists);
  for (auto run = runs.begin(); run != finalists_end; ++run) {
    iterate(*run, std::min(final_steps, options_.max_iter), nullptr);
  }
  std::stable_sort(runs.begin(), runs.end(), by_loglik);
  return runs;
}

EmFit Em::fit() {
  std::vector<Run> runs = screen();
  for (Run& run : runs) {
    iterate(run, options_.max_iter, "Running EM");
    if (!run.collapsed) return result(run, runs);
  }
  fail(runs.size());
}

// Back to the user's units, components by decreasing weight.
EmFit Em::result(const Run& best, const std::vector<Run>& runs) const {
  const Index d = points_.rows, k = options_.k;
  const Frame& frame = best.frame;
  const double shift = -data_.scale.array().log().sum() * static_cast<double>(points_.cols);

  Mixture mixture;
  mixture.weights = frame.weights;
  mixture.means.resize(d, k);
  for (Index j = 0; j < k; ++j) {
    mixture.means.col(j) = data_.centre.array() + data_.scale.array() * frame.means.col(j).array();
    Eigen::MatrixXd covariance;
    if (family_.scatter == Scatter::full) {
      covariance = nth_block(frame.covariances, j);
    } else {
      covariance = frame.covariances.col(j).asDiagonal();
    }
    mixture.covariances.push_back(data_.scale.asDiagonal() * covariance * data_.scale.asDiagonal());
  }
  EmFit fit;
  fit.mixture = sorted_by_weight(mixture);
  fit.history = best.history;
  for (double& loglik : fit.history) loglik += shift;
  fit.loglik = fit.history.back();
  fit.n_iter = static_cast<Index>(fit.history.size());
  fit.converged = best.converged;
  fit.best_start = best.start;
  fit.n_parameters = k - 1 + k * d + family_.n_parameters(k, d);
  fit.starts.assign(runs.size(), std::numeric_limits<double>::quiet_NaN());
  for (const Run& run : runs) {
    if (!run.collapsed) fit.starts[static_cast<std::size_t>(run.start)] = run.loglik() + shift;
  }
  return fit;
}

void Em::fail(std::size_t n_starts) const {
  const std::string starts = options_.start.empty()
                                 ? "In each of " + std::to_string(n_starts) + " starts"
                                 : std::string("From the given start");
  throw NumericalError(starts + " with k = " + std::to_string(options_.k) + " and model " +
                       family_.code +
                       ", a component collapsed onto too few rows or onto linearly dependent "
                       "columns: use a smaller k, a simpler model or a ridge above 0.");
}

}  // namespace

Mixture sorted_by_weight(const Mixture& mixture) {
  std::vector<Index> order(static_cast<std::size_t>(mixture.weights.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return mixture.weights[a] > mixture.weights[b]; });
  Mixture sorted = mixture;
  for (std::size_t to = 0; to < order.size(); ++to) {
    const Index from = order[to];
    sorted.weights[static_cast<Index>(to)] = mixture.weights[from];
    sorted.means.col(static_cast<Index>(to)) = mixture.means.col(from);
    sorted.covariances[to] = mixture.covariances[static_cast<std::size_t>(from)];
  }
  return sorted;
}

EmFit fit_mixture(ConstView<double> x, const EmOptions& options, Workers& workers,
                  Monitor& monitor) {
  ensure(x.rows >= 1 && x.cols >= 1, "The data must have at least one row and one column.");
  ensure(options.k >= 1 && options.k <= x.cols, "k must be from 1 to the number of observations.");
  ensure(options.max_iter >= 1 && options.n_init >= 1, "max_iter and n_init must be at least 1.");
  ensure(options.tol > 0.0 && options.ridge >= 0.0, "tol must be above 0, ridge at least 0.");
  ensure(options.start.empty() || static_cast<Index>(options.start.size()) == x.cols,
         "A start must have one component for each observation.");
  for (const Index component : options.start) {
    ensure(component >= 0 && component < options.k, "A start must name components from 1 to k.");
  }
  const FlushDenormals flush;
  return Em(x, options, workers, monitor).fit();
}

void evaluate_mixture(const Mixture& mixture, ConstView<double> x, Workers& workers,
                      double* log_density, double* posterior) {
  const Index d = mixture.means.rows(), k = mixture.means.cols();
  ensure(x.rows == d, "The points must have as many coordinates as the mixture.");
  // The mixture's own centre and spread: large offsets and units cancel before anything else.
  const Eigen::VectorXd centre = mixture.means * mixture.weights;
  Eigen::MatrixXd means = mixture.means.colwise() - centre;
  Eigen::VectorXd variances = means.array().square().matrix() * mixture.weights;
  Eigen::MatrixXd covariances(d, d * k);
  for (Index j = 0; j < k; ++j) {
    nth_block(covariances, j) = mixture.covariances[static_cast<std::size_t>(j)];
    variances += mixture.weights[j] * nth_block(covariances, j).diagonal();
  }
  const Eigen::VectorXd scale = variances.cwiseSqrt().cwiseInverse();
  means = scale.asDiagonal() * means;
  for (Index j = 0; j < k; ++j) {
    auto covariance = nth_block(covariances, j);
    covariance = (scale.asDiagonal() * covariance * scale.asDiagonal()).eval();
  }
  const FlushDenormals flush;
  Frame frame;
  if (!make_frame(mixture.weights, means, covariances, Scatter::full, &frame)) {
    throw NumericalError("The covariances of a mixture must be positive definite.");
  }
  evaluate(x, frame, centre, scale, workers, log_density, posterior);
}

}  // namespace gmvae
