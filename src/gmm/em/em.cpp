#include "gmm/em/em.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "core/dense.h"

namespace gmvae {

namespace {

constexpr std::size_t plain_steps = 10;  // of EM, which settle where a run leads to
constexpr double elbo_tol = 1e-2;        // of the M-step that bounds what a start is worth
constexpr double tiny_share = 1e-6;      // of a column's variance within components

// Covariances after the columns were multiplied by `units`.
Covariances in_units(Covariances covariances, const Eigen::VectorXd& units) {
  switch (covariances.form) {
  case Form::own:
    for (Index k = 0; k < covariances.n_components(); ++k) {
      auto matrix = nth_block(covariances.matrices, k);
      matrix = scale_both_sides(matrix, units);
    }
    break;
  case Form::common:
    covariances.basis = units.asDiagonal() * covariances.basis;
    break;
  case Form::diagonal:
    covariances.variances = units.cwiseAbs2().asDiagonal() * covariances.variances;
    break;
  }
  return covariances;
}

Moments in_units(Moments moments, const Eigen::VectorXd& units) {
  if (moments.kind == Scatter::diagonal) {
    moments.scatter = units.cwiseAbs2().asDiagonal() * moments.scatter;
    return moments;
  }
  const Index d = units.size();
  for (Index begin = 0; begin < moments.scatter.cols(); begin += d) {
    auto scatter = moments.scatter.middleCols(begin, d);
    scatter = scale_both_sides(scatter, units);
  }
  return moments;
}

// Moments as one vector for extrapolation: shares, means, scatter per row.
Eigen::VectorXd pack(const Moments& moments, double noise) {
  const Index d = moments.n_dimensions(), n_components = moments.n_components();
  const double n = moments.counts.sum() + noise;
  std::vector<double> packed;
  packed.reserve(static_cast<std::size_t>(1 + n_components * (1 + d) + moments.scatter.size()));
  packed.push_back(noise / n);
  for (Index k = 0; k < n_components; ++k) packed.push_back(moments.counts[k] / n);
  packed.insert(packed.end(), moments.means.data(), moments.means.data() + moments.means.size());
  for (Index j = 0; j < moments.scatter.cols(); ++j) {
    const bool triangle = moments.kind != Scatter::diagonal;
    const double rows = moments.kind == Scatter::pooled ? n : moments.counts[triangle ? j / d : j];
    for (Index i = triangle ? j % d : 0; i < d; ++i) packed.push_back(moments.scatter(i, j) / rows);
  }
  return Eigen::Map<const Eigen::VectorXd>(packed.data(), static_cast<Index>(packed.size()));
}

// The same back, shaped like `moments`; returns the weight of noise.
double unpack(const Eigen::VectorXd& packed, Moments* moments, double noise) {
  const Index d = moments->n_dimensions(), n_components = moments->n_components();
  const double n = moments->counts.sum() + noise;
  const double* next = packed.data();
  const double new_noise = *next++ * n;
  for (Index k = 0; k < n_components; ++k) moments->counts[k] = *next++ * n;
  for (Index e = 0; e < moments->means.size(); ++e) moments->means.data()[e] = *next++;
  for (Index j = 0; j < moments->scatter.cols(); ++j) {
    const bool triangle = moments->kind != Scatter::diagonal;
    const double rows =
        moments->kind == Scatter::pooled ? n : moments->counts[triangle ? j / d : j];
    for (Index i = triangle ? j % d : 0; i < d; ++i) {
      moments->scatter(i, j) = *next++ * rows;
      if (triangle) moments->scatter(j % d, j - j % d + i) = moments->scatter(i, j);
    }
  }
  return new_noise;
}

std::string shrank_to(double rows) {
  std::ostringstream out;
  out.precision(3);
  out << rows;
  return "a component shrank to " + out.str() + (out.str() == "1" ? " row" : " rows");
}

const char* const singular = "the covariance of a component became singular";
const char* const tied_values = "a component collapsed onto equal values";

}  // namespace

Run::Run() = default;
Run::~Run() = default;
Run::Run(const Run& other) = default;
Run::Run(Run&& other) noexcept = default;
Run& Run::operator=(const Run& other) = default;
Run& Run::operator=(Run&& other) noexcept = default;

double Run::objective() const {
  return collapsed() || history.empty() ? -std::numeric_limits<double>::infinity() : history.back();
}

Run Run::without_moments() const {
  Run run = *this;
  run.next = Moments();
  run.image.means.resize(0, 0);
  run.image.scatter.resize(0, 0);
  run.acceleration.clear();
  return run;
}

Em::Em(const Observations& data, const Family& family, Index k, const EmOptions& options,
       const NoiseDensity& noise, const Covariances& overall, Workers& workers, Monitor& monitor)
    : data_(data), family_(family), k_(k), options_(options), noise_(noise),
      penalty_(family, k, options.prior, options.ridge, data, overall), workers_(workers),
      monitor_(monitor) {
  const double norm = data.scale().norm() / std::sqrt(static_cast<double>(data.n_dimensions()));
  common_units_ = data.scale() / norm;
}

Index Em::n_parameters() const {
  return (options_.equal_weights ? 0 : k_ - 1) + k_ * data_.n_dimensions() +
         family_.n_parameters(k_, data_.n_dimensions());
}

// The expected share of noise, or that of one row.
double Em::first_noise() const {
  return std::max(noise_.share, 1.0 / static_cast<double>(data_.n_rows()));
}

// Weights that sum to less than the number of rows are taken in units of their mean.
double Em::effective_rows(double weight) const {
  return weight * std::max(1.0, static_cast<double>(data_.n_rows()) / data_.total_weight());
}

Covariances Em::estimate(const Moments& augmented, const Covariances* before, double tol) const {
  if (family_.units == Units::column) return family_.estimate(augmented, before, tol);
  Covariances common;
  if (before != nullptr) common = in_units(*before, common_units_);
  return in_units(family_.estimate(in_units(augmented, common_units_),
                                   before != nullptr ? &common : nullptr, tol),
                  common_units_.cwiseInverse());
}

// Rows that a component of a solution must have.  Half a row of slack: responsibilities leave a
// little of each row to other components.
double Em::least_rows() const {
  if (penalty_.on()) return 0.5;  // below, a component is there for its penalty alone
  double rows = options_.min_rows;
  if (std::isnan(rows) && family_.one_covariance) {
    rows = 2.0;  // a mean of its own for one row says nothing
  } else if (std::isnan(rows)) {
    rows = static_cast<double>(data_.n_dimensions() + 1);
    // Variances alone can do with fewer, where there are many columns for the rows.
    if (family_.scatter == Scatter::diagonal) {
      rows = std::min(rows, 0.5 * static_cast<double>(data_.n_rows()) / static_cast<double>(k_));
    }
  }
  return std::max(rows - 0.5, 0.5);
}

// The first column in which all rows of a component have the same value, or -1.  Two values of a
// column differ by its smallest gap g at least, so that n rows of which one differs have a variance
// above g^2 / (2 n), whatever the units and however far apart the components are.  Where components
// share variances one of them may lie on equal values; all of them may not.
Index Em::tied_column(const Moments& moments, const Covariances& covariances) const {
  if (k_ == 1 || penalty_.on() || options_.min_eigen_ratio == 0.0) return -1;
  const Index d = data_.n_dimensions();
  const double n = moments.counts.sum();
  Eigen::MatrixXd scatter(d, moments.kind == Scatter::pooled ? 1 : k_);  // diagonals
  if (moments.kind == Scatter::diagonal) {
    scatter = moments.scatter;
  } else {
    for (Index k = 0; k < scatter.cols(); ++k) {
      scatter.col(k) = nth_block(moments.scatter, k).diagonal();
    }
  }
  const Eigen::ArrayXd pooled = scatter.rowwise().sum().array() / n;
  const auto least = [&](Index j) {
    const double gap = data_.smallest_gaps()[j];
    return 0.25 * gap * gap / static_cast<double>(data_.n_rows());
  };
  for (Index j = 0; j < d; ++j) {
    // Sums of squares from the origin leave that much rounding.
    const double rounding = moments.kind == Scatter::pooled ? 1e-13 : 0.0;
    if (pooled[j] < tiny_share && pooled[j] < std::max(least(j), rounding)) return j;
  }
  if (family_.one_covariance) return -1;
  for (Index k = 0; k < k_; ++k) {
    const Eigen::ArrayXd variances = covariances.variances_of(k);
    for (Index j = 0; j < d; ++j) {
      const double own = scatter(j, k) / moments.counts[k];
      if (variances[j] < tiny_share * pooled[j] && own < tiny_share && own < least(j)) return j;
    }
  }
  return -1;
}

std::string Em::objection(const Run& run) const {
  if (run.collapsed()) return run.collapse;
  if (run.tied_column >= 0) return tied_values;
  const double rows = effective_rows(run.image.counts.minCoeff());
  if (rows < least_rows()) return shrank_to(rows);
  if (eigen_spread(run.frame) < options_.min_eigen_ratio) {
    return singular;
  }
  return "";
}

// Parameters from moments; false, and why, where a component has collapsed.  On its way a run may
// have fewer rows in a component than a solution.
bool Em::m_step(const Moments& moments, double noise, const Covariances* before, double tol,
                bool first, Frame* frame, std::string* collapse, Index* tied) {
  const double fewest = effective_rows(moments.counts.minCoeff());
  if (!(fewest > (first ? 0.0 : 0.5 * least_rows()))) {
    *collapse = shrank_to(std::max(fewest, 0.0));
    return false;
  }
  if (!moments.means.allFinite() || !moments.scatter.allFinite() || noise < 0.0) {
    *collapse = "numbers beyond the range of doubles came up";
    return false;
  }
  Parameters parameters;
  const double total = moments.counts.sum() + noise;
  parameters.noise = noise_.on ? noise / total : 0.0;
  parameters.weights = moments.counts / total;
  if (options_.equal_weights) {
    parameters.weights.setConstant((1.0 - parameters.noise) / static_cast<double>(k_));
  }
  if (penalty_.on()) {
    const Moments augmented = penalty_.augment(moments);
    parameters.covariances = estimate(augmented, before, tol);
    parameters.means = augmented.means;
  } else {
    parameters.covariances = estimate(moments, before, tol);
    parameters.means = moments.means;
  }
  *tied = tied_column(moments, parameters.covariances);
  if (*tied >= 0) {
    *collapse = tied_values;
    return false;
  }
  if (!make_frame(std::move(parameters), noise_, frame, &monitor_) ||
      !(spread(*frame) > options_.min_eigen_ratio)) {
    *collapse = singular;
    return false;
  }
  return true;
}

Run Em::begin(const std::string& name, const Given& given, const Parameters& overall, bool smooth) {
  Parameters same = overall;
  same.weights.setConstant(k_, 1.0 / static_cast<double>(k_));
  same.means = overall.means.col(0).replicate(1, k_);
  same.covariances.matrices = overall.covariances.matrices.replicate(1, k_);
  same.covariances.variances = overall.covariances.variances.replicate(1, k_);
  Frame frame;
  Run run;
  run.start = name;
  if (!make_frame(same, noise_, &frame, &monitor_)) {
    // The data are collinear; where nothing is missing the covariance doesn't matter.
    same.covariances.matrices =
        Eigen::MatrixXd::Identity(data_.n_dimensions(), data_.n_dimensions()).replicate(1, k_);
    make_frame(same, noise_, &frame, &monitor_);
  }
  const Statistics statistics = gather(data_, frame, family_.scatter, &given, workers_, monitor_);
  run.next = to_moments(statistics, frame);
  run.next_noise = statistics.noise;
  // A weight of zero would stay zero.
  if (noise_.on && !(run.next_noise > 0.0)) run.next_noise = first_noise() * data_.total_weight();
  if (smooth && family_.scatter != Scatter::pooled) {
    const Index width = run.next.scatter.cols() / k_;
    const double n = run.next.counts.sum(), extra = static_cast<double>(data_.n_dimensions() + 1);
    Eigen::MatrixXd pooled = Eigen::MatrixXd::Zero(data_.n_dimensions(), width);
    for (Index k = 0; k < k_; ++k) pooled += run.next.scatter.middleCols(k * width, width) / n;
    for (Index k = 0; k < k_; ++k) {
      const double rows = effective_rows(run.next.counts[k]);
      if (rows >= 2.0 * extra) continue;
      auto scatter = run.next.scatter.middleCols(k * width, width);
      scatter = (scatter + (run.next.counts[k] / rows) * extra * pooled) * (rows / (rows + extra));
    }
  }
  return run;
}

Run Em::begin(const std::string& name, const Parameters& parameters) {
  Run run;
  run.start = name;
  Frame frame;
  if (!make_frame(parameters, noise_, &frame, &monitor_)) {
    run.collapse = "the covariance of a component is singular";
    return run;
  }
  const Statistics statistics = gather(data_, frame, family_.scatter, nullptr, workers_, monitor_);
  run.next = to_moments(statistics, frame);
  run.next_noise = statistics.noise;
  return run;
}

bool Em::expect(const Parameters& parameters, Scatter kind, bool halves,
                Expectation* expectation) const {
  Frame frame;
  if (!make_frame(parameters, noise_, &frame, &monitor_)) return false;
  *expectation = gmvae::expect(data_, frame, kind, workers_, monitor_);
  if (halves) expect_halves(data_, frame, workers_, monitor_, expectation);
  return true;
}

Run Em::begin(const std::string& name, const Expectation& expectation, double* bound) {
  Run run;
  run.start = name;
  run.next = reduced(expectation.moments, family_.scatter);
  run.next_noise = expectation.noise;
  if (bound != nullptr) {
    Frame frame;
    std::string collapse;
    Index tied = -1;
    *bound = -std::numeric_limits<double>::infinity();
    if (m_step(run.next, run.next_noise, nullptr, elbo_tol, true, &frame, &collapse, &tied)) {
      *bound =
          expectation.gap + complete_loglik(expectation, frame) + penalty_.value(frame.parameters);
    }
  }
  return run;
}

Run Em::transfer(const Run& run) {
  if (run.collapsed()) return run;
  Parameters parameters = run.frame.parameters;
  if (noise_.on && parameters.noise * static_cast<double>(data_.n_rows()) < 1.0) {
    parameters.weights *= (1.0 - first_noise()) / parameters.weights.sum();
    parameters.noise = first_noise();
  }
  return begin(run.start, parameters);
}

void Em::resume(Run& run) {
  const Statistics statistics =
      gather(data_, run.frame, family_.scatter, nullptr, workers_, monitor_);
  run.image = to_moments(statistics, run.frame);
  run.noise = statistics.noise;
  run.converged = false;
  retreat(run);
}

// Back to where plain EM leads.
void Em::retreat(Run& run) const {
  run.acceleration.clear();
  run.n_accepted = 0;
  run.next = run.image;
  run.next_noise = run.noise;
  run.extrapolated = false;
}

void Em::iterate(Run& run, Index max_iter) {
  while (run.running() && run.n_iterations() < max_iter) {
    if (!step(run) && run.running()) {
      retreat(run);
      run.history.push_back(run.history.back());
    }
    monitor_.poll();
  }
}

// One iteration; false where it didn't raise the objective and left the parameters as they were.
bool Em::step(Run& run) {
  const bool first = run.history.empty();
  Frame frame;
  std::string collapse;
  Index tied = -1;
  const Covariances* before = first ? nullptr : &run.frame.parameters.covariances;
  bool good =
      m_step(run.next, run.next_noise, before, options_.inner_tol, first, &frame, &collapse, &tied);
  Statistics statistics;
  double objective = -std::numeric_limits<double>::infinity();
  if (good) {
    statistics = gather(data_, frame, family_.scatter, nullptr, workers_, monitor_);
    objective = statistics.loglik + penalty_.value(frame.parameters);
    good = std::isfinite(objective);
    if (!good) collapse = "the log-likelihood is not finite";
  }
  if (!good || (!first && objective < run.history.back())) {
    if (run.extrapolated) return false;  // too far
    if (!good) {
      run.collapse = collapse;
      run.tied_column = tied;
    }
    // Only rounding makes EM fall: the best is behind us.
    if (good && options_.tol > 0.0) run.converged = true;
    return false;
  }
  run.history.push_back(objective);
  ++run.n_accepted;
  const Moments from = std::move(run.next);  // propose() makes another
  const double from_noise = run.next_noise;
  run.image = to_moments(statistics, frame);
  run.noise = statistics.noise;
  run.frame = std::move(frame);
  run.tied_column = tied_column(run.image, run.frame.parameters.covariances);
  run.sound = run.tied_column < 0 && effective_rows(run.image.counts.minCoeff()) >= least_rows();
  run.converged = is_converged(run);
  if (run.running()) propose(run, from, from_noise);
  return true;
}

void Em::propose(Run& run, const Moments& from, double from_noise) {
  run.next = run.image;
  run.next_noise = run.noise;
  run.extrapolated = false;
  if (!options_.accelerate || run.history.size() < plain_steps) return;
  const Eigen::VectorXd image = pack(run.image, run.noise);
  const Eigen::VectorXd beyond = run.acceleration.next(pack(from, from_noise), image);
  if (!beyond.allFinite() || beyond == image) return;
  Moments moments = run.image;
  const double noise = unpack(beyond, &moments, run.noise);
  if (!(moments.counts.array() > 0.0).all() || noise < 0.0) return;
  run.next = std::move(moments);
  run.next_noise = noise;
  run.extrapolated = true;
}

// Plain EM: Aitken's estimate of what the objective has still to gain.  Accelerated: the gain of
// the last two iterations, neither after a step too far.  Never where tol is 0, as gains aren't
// negative.
bool Em::is_converged(const Run& run) const {
  const std::vector<double>& history = run.history;
  const std::size_t n = history.size();
  if (n < 3 || options_.tol == 0.0) return false;
  const double limit = options_.tol * data_.total_weight();
  const double gain = history[n - 1] - history[n - 2], before = history[n - 2] - history[n - 3];
  if (options_.accelerate) return run.n_accepted > 2 && gain + before < limit;
  if (gain >= limit) return false;
  return gain == 0.0 || (gain < before && gain * gain / (before - gain) < limit);
}

}  // namespace gmvae
