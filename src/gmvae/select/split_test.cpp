#include "gmvae/select/split_test.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numeric.h"
#include "gmvae/model/encode.h"
#include "gmvae/model/simulate.h"

namespace gmvae {

namespace {

constexpr Index larger_ones = 3;  // that a number is compared with
constexpr Index halvings = 3;

// After a few simulated data sets their gains are taken for normal, and a gain that is as far above
// them as `clear` settles the test, as ranks would need a thousand of them to say so.
constexpr Index few = 5;
constexpr double clear = 1e-3;

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

  bool above() const { return above_; }
  Index n() const { return n_; }

 private:
  double real_, mean_ = 0, squares_ = 0;
  Index n_ = 0;
  bool above_ = false;
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

std::vector<Index> rungs(const std::vector<Index>& k) {
  std::vector<Index> chosen;
  for (Index next : k) {
    if (chosen.empty() || next >= chosen.back() + std::max<Index>(1, (2 * chosen.back()) / 5)) {
      chosen.push_back(next);
    }
  }
  return chosen;
}

std::vector<SplitTest> test_splits(const FittedModel& model, ConstView<double> latent,
                                   const Covariates& covariates, const std::vector<Index>& rungs,
                                   const std::vector<Index>& tested, double alpha,
                                   const HalvesOptions& options, Workers& workers,
                                   Monitor& monitor) {
  Monitor silent;
  const Index n = latent.cols, d = latent.rows;
  HalvesOptions halving = options;
  halving.n_halvings = halvings;
  const auto halves_of = [&](const double* points) {
    monitor.poll();
    return fit_halves(ConstView<double>(points, d, n), halving, workers, silent);
  };
  // Latent means of cells of k clusters.
  const auto simulate = [&](const Mixture& mixture, std::uint32_t sample) {
    const std::vector<double> points = simulate_latent(mixture, n, model.seed, sample);
    const SimulatedCells cells =
        simulate_counts(model, ConstView<double>(points.data(), d, n), covariates, sample, workers);
    return encode(model, cells.source(), covariates, {0, false}, workers, silent).mean;
  };
  const Index most_simulated =
      std::max<Index>(few, static_cast<Index>(std::ceil(1 / alpha - 1e-9)) - 1);

  std::vector<SplitTest> tests;
  for (std::size_t i = 0; i + 1 < rungs.size(); ++i) {
    if (std::find(tested.begin(), tested.end(), rungs[i]) == tested.end()) continue;
    const std::size_t end = std::min(i + 1 + larger_ones, rungs.size());
    halving.k.assign(rungs.begin() + static_cast<std::ptrdiff_t>(i),
                     rungs.begin() + static_cast<std::ptrdiff_t>(end));
    const Halves halves = halves_of(latent.data);
    const Gain real = largest_gain(halves, halving.k);
    SplitTest test{rungs[i], real.k, real.mean, real.p, real.p, 0};
    const WholeFit& enough = halves.whole.front();
    if (test.p <= alpha && enough.found && model.likelihood().whole) {
      Simulation simulation(real.mean);
      double p = 1;
      while (simulation.n() < most_simulated && !simulation.above() && p > clear) {
        const std::uint32_t sample = static_cast<std::uint32_t>(4096 * rungs[i] + simulation.n());
        const std::vector<double> latent_means = simulate(enough.mixture, sample);
        simulation.add(largest_gain(halves_of(latent_means.data()), halving.k).mean);
        p = simulation.p();
        if (simulation.n() == few && simulation.tail() <= clear) p = simulation.tail();
      }
      test.p = std::max(test.p, p);
      test.n_simulated = simulation.n();
    }
    tests.push_back(test);
    monitor.report({"Testing k", static_cast<Index>(i) + 1, static_cast<Index>(rungs.size()),
                    std::numeric_limits<double>::quiet_NaN()});
    if (test.p >= alpha) break;
  }
  return tests;
}

}  // namespace gmvae
