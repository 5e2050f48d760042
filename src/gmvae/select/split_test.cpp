#include "gmvae/select/split_test.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numeric.h"
#include "gmvae/model/encode.h"
#include "gmvae/model/simulate.h"
#include "gmvae/select/agreement.h"

namespace gmvae {

namespace {

constexpr Index larger_ones = 3;  // that a number is compared with
constexpr Index halvings = 3;

// The gains of a few simulated data sets are taken for normal, and a gain that is as far above them
// as `clear` settles the test, as ranks would need a thousand of them to say so.
constexpr Index few = 3;
constexpr double clear = 1e-3;

// Where ranks can't tell: simulated data sets at most, and a p-value that more would not make
// small.
constexpr Index most_of_division = 9;
constexpr double hopeless = 0.5;

struct Gain {
  double mean, p;  // of the first test
  Index k;         // that gains most
};

// From the first of options.k to the best of the others.
Gain largest_gain(const Halves& halves, const std::vector<Index>& ks) {
  const std::size_t n = halves.cells.size(), n_halvings = halves.first.size();
  Gain best{-std::numeric_limits<double>::infinity(), 1, ks.front()};
  for (std::size_t i = 1; i < ks.size(); ++i) {
    std::vector<double> gain(n);
    bool found = true;
    for (const auto* side : {&halves.first, &halves.second}) {
      for (const std::vector<GroupsSeen>& seen : *side) {
        found = found && !seen[0].component.empty() && !seen[i].component.empty();
        if (!found) break;
        for (std::size_t j = 0; j < n; ++j) {
          if (seen[0].fitted[j]) continue;
          gain[j] += (seen[i].cell_density[j] - seen[0].cell_density[j]) / double(n_halvings);
        }
      }
    }
    if (!found) continue;
    double mean = 0, squares = 0;
    for (double g : gain) mean += g / double(n);
    if (!(mean > best.mean)) continue;
    for (double g : gain) squares += (g - mean) * (g - mean);
    const double se = std::sqrt(squares / double(n - 1) / double(n));
    best = {mean, se > 0 ? student_tail(mean / se, double(n - 1)) : mean > 0 ? 0.0 : 1.0, ks[i]};
  }
  return best;
}

// The continued fraction of the incomplete beta function (Press et al. 2007, section 6.4), by
// Lentz's method.
double beta_fraction(double x, double a, double b) {
  constexpr double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::fabs(d) < tiny ? tiny : d);
  double fraction = d;
  for (int m = 1; m <= 500; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double step = 1;
    for (double term : {even, odd}) {
      d = 1 + term * d;
      d = 1 / (std::fabs(d) < tiny ? tiny : d);
      c = 1 + term / c;
      if (std::fabs(c) < tiny) c = tiny;
      step = c * d;
      fraction *= step;
    }
    if (std::fabs(step - 1) < 1e-14) break;
  }
  return fraction;
}

// Gains of simulated data sets, one after the other.
class Simulation {
 public:
  explicit Simulation(double real) : real_(real) {}

  void add(double gain) {
    n_ += 1;
    if (gain >= real_) above_ = true;
    const double step = gain - mean_;
    mean_ += step / static_cast<double>(n_);
    squares_ += step * (gain - mean_);
  }

  // By rank; the simulation ends at the first gain that is as large as the real one (Besag &
  // Clifford 1991, <doi:10.1093/biomet/78.2.301>).
  double p() const { return 1 / static_cast<double>(above_ ? n_ : n_ + 1); }

  // By Student's distribution, of one more normal number beside n.
  double tail() const {
    const double n = static_cast<double>(n_), sd = std::sqrt(squares_ / (n - 1));
    return sd > 0 ? student_tail((real_ - mean_) / (sd * std::sqrt(1 + 1 / n)), n - 1) : 0;
  }

  bool is_clear() const { return n_ >= few && tail() <= clear; }
  bool above() const { return above_; }
  Index n() const { return n_; }

 private:
  double real_, mean_ = 0, squares_ = 0;
  Index n_ = 0;
  bool above_ = false;
};

// The tests of one model and its cells.
class SplitTests {
 public:
  SplitTests(const FittedModel& model, ConstView<double> latent, const Covariates& covariates,
             const HalvesOptions& options, Workers& workers, Monitor& monitor)
      : model_(model), latent_(latent), covariates_(covariates), halving_(options),
        workers_(workers), monitor_(monitor) {
    halving_.n_halvings = halvings;
    halving_.quick = true;
  }

  // Of k clusters against the next larger rungs.
  SplitTest split(Index k, const std::vector<Index>& rungs, double alpha) {
    const auto from = std::find(rungs.begin(), rungs.end(), k);
    halving_.k.assign(from, from + std::min<std::ptrdiff_t>(larger_ones + 1, rungs.end() - from));
    const Halves halves = halves_of(latent_.data, true);
    const Gain real = largest_gain(halves, halving_.k);
    SplitTest test{k, real.k, real.mean, real.p, real.p, 0};
    const WholeFit& enough = halves.whole.front();
    if (test.p > alpha || !enough.found || !model_.likelihood().whole) return test;
    const Index most = std::max<Index>(few, static_cast<Index>(std::ceil(1 / alpha - 1e-9)) - 1);
    Simulation simulation(real.mean);
    while (simulation.n() < most && !simulation.above() && !simulation.is_clear()) {
      simulate(enough.mixture, &simulation);
    }
    test.p = std::max(test.p, simulation.is_clear() ? simulation.tail() : simulation.p());
    test.n_simulated = simulation.n();
    return test;
  }

  // n_clusters: on both sides together.
  DivisionTest division(const std::vector<int>& side, Index n_clusters) {
    halving_.k = {n_clusters};
    const double stability =
        agreement_with(halves_of(latent_.data, false), side, Joined::by_majority);
    halving_.k = {1, 2};
    const Halves halves = halves_of(latent_.data, true);
    const Gain real = largest_gain(halves, halving_.k);
    DivisionTest test{real.p, real.p, stability, 0};
    const WholeFit& one = halves.whole.front();
    if (test.p > hopeless || !one.found || !model_.likelihood().whole) return test;
    Simulation simulation(real.mean);
    while (simulation.n() < most_of_division && !simulation.is_clear() &&
           (simulation.n() < few || simulation.tail() < hopeless)) {
      simulate(one.mixture, &simulation);
    }
    test.p = std::max(test.p, simulation.tail());
    test.n_simulated = simulation.n();
    return test;
  }

 private:
  Halves halves_of(const double* points, bool whole) {
    halving_.whole = whole;
    monitor_.poll();
    return fit_halves(ConstView<double>(points, latent_.rows, latent_.cols), halving_, workers_,
                      silent_);
  }

  // Adds the gain of cells that a mixture makes up.
  void simulate(const Mixture& mixture, Simulation* simulation) {
    const Index n = latent_.cols, d = latent_.rows;
    const std::uint32_t sample =
        static_cast<std::uint32_t>(4096 * halving_.k.front() + simulation->n());
    const std::vector<double> points = simulate_latent(mixture, n, model_.seed, sample);
    const SimulatedCells cells = simulate_counts(model_, ConstView<double>(points.data(), d, n),
                                                 covariates_, sample, workers_);
    const Encoding encoded =
        encode(model_, cells.source(), covariates_, {0, false}, workers_, silent_);
    simulation->add(largest_gain(halves_of(encoded.mean.data(), false), halving_.k).mean);
  }

  const FittedModel& model_;
  ConstView<double> latent_;
  const Covariates& covariates_;
  HalvesOptions halving_;
  Workers& workers_;
  Monitor& monitor_;
  Monitor silent_;
};

}  // namespace

double student_tail(double t, double degrees) {
  const double a = degrees / 2, b = 0.5, x = degrees / (degrees + t * t);
  if (t == 0) return 0.5;
  const double front = std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) +
                                b * std::log1p(-x));
  const double both = x < (a + 1) / (a + b + 2) ? front * beta_fraction(x, a, b) / a
                                                : 1 - front * beta_fraction(1 - x, b, a) / b;
  return t > 0 ? both / 2 : 1 - both / 2;
}

std::vector<Index> rungs(const std::vector<Index>& k, Index proposed) {
  std::vector<Index> chosen;
  for (Index next : k) {
    const bool is_far =
        chosen.empty() || next >= chosen.back() + std::max<Index>(1, (2 * chosen.back()) / 5);
    if (is_far || next == proposed) chosen.push_back(next);
  }
  // Every number below the last has a larger one to be compared with.
  if (!k.empty() && chosen.back() != k.back()) chosen.push_back(k.back());
  return chosen;
}

std::vector<SplitTest> test_splits(const FittedModel& model, ConstView<double> latent,
                                   const Covariates& covariates, const std::vector<Index>& rungs,
                                   const std::vector<Index>& tested, double alpha,
                                   const HalvesOptions& options, Workers& workers,
                                   Monitor& monitor) {
  SplitTests test_of(model, latent, covariates, options, workers, monitor);
  std::vector<SplitTest> tests;
  const auto test = [&](Index k) {
    const auto after = std::upper_bound(tests.begin(), tests.end(), k,
                                        [](Index a, const SplitTest& b) { return a < b.k; });
    const double p = tests.insert(after, test_of.split(k, rungs, alpha))->p;
    monitor.report({"Testing k", static_cast<Index>(tests.size()),
                    static_cast<Index>(tested.size()), std::numeric_limits<double>::quiet_NaN()});
    return p;
  };
  if (tested.empty() || test(tested.front()) >= alpha || tested.size() == 1) return tests;
  // Where the last of them are clearly too few, so are all before.
  if (test(tested.back()) <= clear) return tests;
  for (std::size_t i = 1; i + 1 < tested.size(); ++i) {
    if (test(tested[i]) >= alpha) break;
  }
  return tests;
}

DivisionTest test_division(const FittedModel& model, ConstView<double> latent,
                           const Covariates& covariates, const std::vector<int>& side,
                           Index n_clusters, const HalvesOptions& options, Workers& workers,
                           Monitor& monitor) {
  const std::vector<Index> cells = sample_cells(latent.cols, options);
  const SomeCovariates some(covariates, cells);
  const Covariates of_sample = some.get();
  std::vector<double> points;
  std::vector<int> sampled;
  for (Index cell : cells) {
    points.insert(points.end(), latent.col(cell), latent.col(cell) + latent.rows);
    sampled.push_back(side[static_cast<std::size_t>(cell)]);
  }
  HalvesOptions halving = options;
  halving.design = of_sample.design->factors();
  const ConstView<double> view(points.data(), latent.rows, static_cast<Index>(cells.size()));
  return SplitTests(model, view, of_sample, halving, workers, monitor)
      .division(sampled, n_clusters);
}

}  // namespace gmvae
