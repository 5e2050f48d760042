#include "gmvae/select/halves.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include "core/numeric.h"
#include "core/rng.h"
#include "core/select.h"
#include "core/shared_monitor.h"
#include "gmm/search/search.h"
#include "gmvae/train/guided_mixture.h"
#include "gmvae/train/latent_search.h"

namespace gmvae {

namespace {

constexpr Purpose halves_purpose{10};

ConstView<double> view(const Eigen::MatrixXd& x) { return {x.data(), x.rows(), x.cols()}; }

struct Sample {
  Eigen::MatrixXd points;  // D x n
  Design design;           // n rows or none
  std::vector<int> label;  // n or none

  Sample at(const std::vector<Index>& places) const {
    Sample some{select_columns(points, places), design.rows(places), {}};
    for (Index place : places) {
      if (!label.empty()) some.label.push_back(label[static_cast<std::size_t>(place)]);
    }
    return some;
  }
};

// Mixtures for those of the k that the points suffice for, in their order.
std::vector<CandidateFit> fit_all(const Sample& sample, const HalvesOptions& options,
                                  Workers& workers, Monitor& monitor) {
  const Family* family = &find_family(options.covariance);
  const ConstView<double> points = view(sample.points);
  std::vector<Candidate> candidates;
  for (Index k : options.k) {
    if (k <= points.cols) candidates.push_back({family, k});
  }
  if (candidates.empty()) return {};
  const Observations data(columns_of(points), RowFacts{}, workers);
  SearchOptions how = latent_search(options.n_init, options.max_iter, options.tol, options.seed);
  how.more_if_cheap = !options.quick;
  std::vector<CandidateFit> fits = search(data, candidates, how, workers, monitor).candidates;
  if (sample.design.empty() && sample.label.empty()) return fits;
  for (CandidateFit& fit : fits) {
    if (!fit.reason.empty()) continue;
    fit.mixture = fit_guided({points, sample.design, sample.label, options.n_classes}, fit.mixture,
                             fit.mixture.means.cols(), options.covariance, options.n_init,
                             options.seed, workers, monitor)
                      .mixture;
  }
  return fits;
}

// All of a sample as a mixture sees it.
struct Seen {
  std::vector<int> component;       // n: the most probable one
  std::vector<double> log_density;  // n
  Eigen::MatrixXd posterior;        // k x n
  double entropy = 0.0;             // sum of the logs of its probabilities
};

Seen see(const Mixture& mixture, const Eigen::MatrixXd& points, Workers& workers) {
  const Index k = mixture.means.cols();
  Seen seen;
  seen.posterior.resize(k, points.cols());
  seen.log_density.resize(static_cast<std::size_t>(points.cols()));
  evaluate_mixture(mixture, view(points), workers, seen.log_density.data(), seen.posterior.data());
  for (Index j = 0; j < points.cols(); ++j) {
    const double* p = seen.posterior.data() + j * k;
    seen.component.push_back(static_cast<int>(std::max_element(p, p + k) - p));
    seen.entropy += std::log(p[seen.component.back()]);
  }
  return seen;
}

// By k.
struct Look {
  std::vector<GroupsSeen> groups;
  std::vector<Eigen::MatrixXd> posterior;  // k x n, or empty
};

// The fits to the points at `fitted` (places in the sample, ascending).
Look look(const Sample& sample, const std::vector<Index>& fitted, const HalvesOptions& options,
          Workers& workers, Monitor& monitor) {
  const std::vector<CandidateFit> fits = fit_all(sample.at(fitted), options, workers, monitor);
  const Index n = sample.points.cols();
  Look result{std::vector<GroupsSeen>(options.k.size()),
              std::vector<Eigen::MatrixXd>(options.k.size())};
  std::vector<GroupsSeen>& groups = result.groups;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    if (!fits[i].reason.empty()) continue;
    Seen seen = see(fits[i].mixture, sample.points, workers);
    groups[i].component = seen.component;
    groups[i].fitted.resize(static_cast<std::size_t>(n));
    for (Index j : fitted) groups[i].fitted[static_cast<std::size_t>(j)] = true;
    for (Index j = 0; j < n; ++j) {
      if (groups[i].fitted[static_cast<std::size_t>(j)]) continue;
      groups[i].log_density += seen.log_density[static_cast<std::size_t>(j)];
    }
    groups[i].log_density /= static_cast<double>(n - static_cast<Index>(fitted.size()));
    groups[i].cell_density = seen.log_density;
    result.posterior[i] = std::move(seen.posterior);
  }
  return result;
}

std::vector<WholeFit> fit_whole(const Sample& sample, const HalvesOptions& options,
                                Workers& workers, Monitor& monitor) {
  const std::vector<CandidateFit> fits = fit_all(sample, options, workers, monitor);
  std::vector<WholeFit> whole(options.k.size());
  for (std::size_t i = 0; i < fits.size(); ++i) {
    if (!fits[i].reason.empty()) continue;
    const Seen seen = see(fits[i].mixture, sample.points, workers);
    const double loglik = std::accumulate(seen.log_density.begin(), seen.log_density.end(), 0.0);
    whole[i] = {true, loglik, seen.entropy, fits[i].n_parameters, seen.component, fits[i].mixture};
  }
  return whole;
}

// Of places 0, ..., n - 1, ascending.
std::pair<std::vector<Index>, std::vector<Index>> halves_of(Index n, std::uint64_t seed,
                                                            Index halving) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  RngStream(seed, halves_purpose, 1, static_cast<std::uint64_t>(halving)).shuffle(order);
  std::vector<Index> first(order.begin(), order.begin() + n / 2);
  std::vector<Index> second(order.begin() + n / 2, order.end());
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  return {std::move(first), std::move(second)};
}

}  // namespace

std::vector<Index> sample_cells(Index n, const HalvesOptions& options) {
  std::vector<Index> cells(static_cast<std::size_t>(n));
  std::iota(cells.begin(), cells.end(), Index{0});
  if (n > options.most_cells) {
    RngStream(options.seed, halves_purpose, 0, 0).shuffle(cells);
    cells.resize(static_cast<std::size_t>(options.most_cells));
    std::sort(cells.begin(), cells.end());
  }
  return cells;
}

Halves fit_halves(ConstView<double> latent, const HalvesOptions& options, Workers& workers,
                  Monitor& monitor) {
  Halves result;
  result.cells = sample_cells(latent.cols, options);
  const Sample everything{Eigen::Map<const Eigen::MatrixXd>(latent.data, latent.rows, latent.cols),
                          options.design, options.label};
  const Sample sample = everything.at(result.cells);
  const Index n = sample.points.cols();

  const std::size_t n_halvings = static_cast<std::size_t>(options.n_halvings);
  result.whole.resize(options.k.size());
  std::vector<Look> first(n_halvings), second(n_halvings);
  // Each half and the whole is a task of one thread.
  const auto fit_task = [&](Index task, Monitor& watched) {
    Workers alone(1);
    if (task == 2 * options.n_halvings) {
      if (options.whole) result.whole = fit_whole(sample, options, alone, watched);
      return;
    }
    const auto [one, other] = halves_of(n, options.seed, task / 2);
    Look& side = (task % 2 == 0 ? first : second)[static_cast<std::size_t>(task / 2)];
    side = look(sample, task % 2 == 0 ? one : other, options, alone, watched);
  };
  SharedMonitor shared(monitor);
  std::atomic<Index> n_done{0};
  shared.watch([&] {
    const Index n_tasks = 2 * options.n_halvings + 1;
    workers.run(n_tasks, [&](Index at) {
      SharedMonitor::Quiet watched(shared);
      fit_task(n_tasks - 1 - at, watched);  // the whole, which takes longest, first
      shared.poll();
      shared.report({"Choosing k", ++n_done, n_tasks, not_a_number});
    });
  });
  for (std::size_t h = 0; h < n_halvings; ++h) {
    result.both.emplace_back(options.k.size());
    for (std::size_t i = 0; i < options.k.size(); ++i) {
      if (first[h].posterior[i].size() == 0 || second[h].posterior[i].size() == 0) continue;
      result.both.back()[i] = first[h].posterior[i] * second[h].posterior[i].transpose();
    }
    result.first.push_back(std::move(first[h].groups));
    result.second.push_back(std::move(second[h].groups));
  }
  return result;
}

void append(Halves& halves, Halves&& more) {
  const auto move_to = [](auto& to, auto& from) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
  };
  move_to(halves.whole, more.whole);
  for (std::size_t h = 0; h < halves.first.size(); ++h) {
    move_to(halves.first[h], more.first[h]);
    move_to(halves.second[h], more.second[h]);
    move_to(halves.both[h], more.both[h]);
  }
}

}  // namespace gmvae
