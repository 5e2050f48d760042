#include "gmvae/select/small_groups.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/dense.h"
#include "core/rng.h"
#include "gmvae/select/split_test.h"
#include "gmvae/select/stability.h"

namespace gmvae {

namespace {

constexpr Purpose small_groups_purpose{17};

constexpr std::size_t most_seeds = 150;  // cells of the lowest densities
constexpr std::size_t n_runs = 8;        // from the best of them
constexpr double first_weight = 0.01;
constexpr Index n_steps = 15;
constexpr double least_cells = 3;

// A component beside a mixture: its mean, where the covariance is that of the unit sphere.
struct Component {
  double weight = 0;
  Eigen::VectorXd mean;
  double gain = -std::numeric_limits<double>::infinity();  // natural log, of the cells it is of
};

class Finder {
 public:
  Finder(ConstView<double> points, const Mixture& mixture, Workers& workers)
      : log_density_(points.cols) {
    const Index d = points.rows;
    Eigen::MatrixXd within = Eigen::MatrixXd::Zero(d, d);
    for (Index c = 0; c < mixture.means.cols(); ++c) {
      within += mixture.weights[c] * mixture.covariances[static_cast<std::size_t>(c)];
    }
    cholesky(within, &root_);
    points_ = solve_lower(root_, Eigen::Map<const Eigen::MatrixXd>(points.data, d, points.cols));
    Eigen::MatrixXd posterior(mixture.means.cols(), points.cols);
    evaluate_mixture(mixture, points, workers, log_density_.data(), posterior.data());
    constant_ = -0.5 * (static_cast<double>(d) * log_two_pi + cholesky_log_determinant(root_));
  }

  Index n_cells() const { return points_.cols(); }

  Component find(const std::vector<Index>& cells) const {
    std::vector<Index> seeds = cells;
    std::stable_sort(seeds.begin(), seeds.end(),
                     [&](Index a, Index b) { return log_density_[a] < log_density_[b]; });
    seeds.resize(std::min(seeds.size(), most_seeds));
    std::vector<Component> starts;
    for (Index seed : seeds) {
      Component start{first_weight, points_.col(seed), 0};
      start.gain = gain(start, cells);
      starts.push_back(start);
    }
    std::stable_sort(starts.begin(), starts.end(),
                     [](const Component& a, const Component& b) { return a.gain > b.gain; });
    Component best;
    for (std::size_t i = 0; i < std::min(n_runs, starts.size()); ++i) {
      const Component run = iterate(starts[i], cells);
      if (run.gain > best.gain) best = run;
    }
    return best;
  }

  // log(1 + (w N(z) - w p(z)) / p(z)), of a cell of density p(z)
  double gain_of(const Component& component, Index cell) const {
    return std::log1p(component.weight * std::expm1(std::min(excess(component, cell), 500.0)));
  }

  double posterior(const Component& component, Index cell) const {
    const double odds = component.weight / (1 - component.weight);
    return 1 / (1 + std::exp(-excess(component, cell)) / odds);
  }

  Eigen::VectorXd mean(const Component& component) const {
    return multiply_lower(root_, component.mean);
  }

 private:
  double excess(const Component& component, Index cell) const {
    return constant_ - 0.5 * (points_.col(cell) - component.mean).squaredNorm() -
           log_density_[cell];
  }

  double gain(const Component& component, const std::vector<Index>& cells) const {
    double sum = 0;
    for (Index cell : cells) sum += gain_of(component, cell);
    return sum;
  }

  // EM with the mixture as it is.
  Component iterate(Component component, const std::vector<Index>& cells) const {
    for (Index step = 0; step < n_steps; ++step) {
      double size = 0;
      Eigen::VectorXd sum = Eigen::VectorXd::Zero(component.mean.size());
      for (Index cell : cells) {
        const double p = posterior(component, cell);
        size += p;
        sum += p * points_.col(cell);
      }
      if (size < least_cells) return {};
      component.weight = std::min(size / static_cast<double>(cells.size()), 0.5);
      component.mean = sum / size;
    }
    component.gain = gain(component, cells);
    return component;
  }

  Eigen::MatrixXd root_, points_;  // D x D, D x n
  Eigen::VectorXd log_density_;    // n, of the mixture
  double constant_;
};

}  // namespace

SmallGroup find_small_group(ConstView<double> points, const Mixture& mixture,
                            const HalvesOptions& options, Workers& workers, Monitor& monitor) {
  const Finder finder(points, mixture, workers);
  const Index n = finder.n_cells();
  SmallGroup group{1, 0, 0, mixture};
  std::vector<Index> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), Index{0});
  const Component whole = finder.find(all);
  if (!std::isfinite(whole.gain)) return group;
  const double share = 1 / static_cast<double>(options.n_halvings);
  std::vector<double> gain(all.size());
  for (Index h = 0; h < options.n_halvings; ++h) {
    monitor.poll();
    std::vector<Index> order = all;
    RngStream(options.seed, small_groups_purpose, 0, static_cast<std::uint64_t>(h)).shuffle(order);
    const std::vector<Index> halves[] = {{order.begin(), order.begin() + n / 2},
                                         {order.begin() + n / 2, order.end()}};
    const Component found[] = {finder.find(halves[0]), finder.find(halves[1])};
    if (!std::isfinite(found[0].gain) || !std::isfinite(found[1].gain)) return group;
    for (int side : {0, 1}) {
      for (Index cell : halves[1 - side]) {
        gain[static_cast<std::size_t>(cell)] += share * finder.gain_of(found[side], cell);
      }
    }
    double both = 0, either = 0;
    for (Index cell : all) {
      const double a = finder.posterior(found[0], cell), b = finder.posterior(found[1], cell);
      both += std::min(a, b);
      either += std::max(a, b);
    }
    if (either > 0) group.agreement += share * both / either;
  }
  double squares = 0;
  for (double g : gain) group.gain += g / static_cast<double>(n);
  for (double g : gain) squares += (g - group.gain) * (g - group.gain);
  const double se = std::sqrt(squares / static_cast<double>(n - 1) / static_cast<double>(n));
  group.p = se > 0 ? student_tail(group.gain / se, static_cast<double>(n - 1)) : 1;
  const Index k = mixture.means.cols();
  group.mixture.weights.conservativeResize(k + 1);
  group.mixture.weights.head(k) *= 1 - whole.weight;
  group.mixture.weights[k] = whole.weight;
  group.mixture.means.conservativeResize(Eigen::NoChange, k + 1);
  group.mixture.means.col(k) = finder.mean(whole);
  group.mixture.covariances.push_back(mixture.covariances.front());
  return group;
}

bool is_of_one_batch(const Mixture& mixture, ConstView<double> points, const Design& batches,
                     Workers& workers) {
  if (batches.empty()) return false;
  const Index k = mixture.means.cols(), n = points.cols;
  std::vector<double> log_density(static_cast<std::size_t>(n));
  Eigen::MatrixXd posterior(k, n);
  evaluate_mixture(mixture, points, workers, log_density.data(), posterior.data());
  double size = 0;
  Eigen::VectorXd all = Eigen::VectorXd::Zero(batches.n_columns), inside = all;
  for (Index j = 0; j < n; ++j) {
    const double p = posterior(k - 1, j);
    size += p;
    batches.for_row(j, [&](Index b, float value) {
      all[b] += value;
      inside[b] += value * p;
    });
  }
  for (Index b = 0; b < all.size(); ++b) {
    const double by_chance = std::pow(all[b] / static_cast<double>(n), size);
    if (inside[b] >= nearly_all * size && by_chance < 0.01) return true;
  }
  return false;
}

}  // namespace gmvae
