#include "gmvae/halves.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/rng.h"
#include "gmm/search.h"
#include "gmvae/mixture_update.h"

namespace gmvae {

namespace {

std::vector<double> columns(ConstView<double> x, const std::vector<Index>& which) {
  std::vector<double> chosen;
  for (Index j : which) chosen.insert(chosen.end(), x.col(j), x.col(j) + x.rows);
  return chosen;
}

SearchResult fit_all(ConstView<double> points, const HalvesOptions& options, Workers& workers,
                     Monitor& monitor) {
  SearchOptions search_options;
  search_options.em.max_iter = options.max_iter;
  search_options.em.tol = options.tol;
  search_options.em.ridge = latent_ridge;
  search_options.n_init = options.n_init;
  search_options.seed = options.seed;
  const Family* family = &find_family(mixture_model(options.covariance));
  std::vector<Cell> cells;
  for (Index k : options.k) {
    if (k <= points.cols) cells.push_back({family, k});
  }
  if (cells.empty()) return {};
  const Observations data(columns_of(points), RowFacts{}, workers);
  return search(data, cells, search_options, workers, monitor);
}

std::vector<int> most_probable(const Mixture& mixture, ConstView<double> points, Workers& workers,
                               std::vector<double>* log_density) {
  const Index k = mixture.means.cols();
  std::vector<double> posterior(static_cast<std::size_t>(k * points.cols));
  log_density->resize(static_cast<std::size_t>(points.cols));
  evaluate_mixture(mixture, points, workers, log_density->data(), posterior.data());
  std::vector<int> component;
  for (Index j = 0; j < points.cols; ++j) {
    const double* p = posterior.data() + j * k;
    component.push_back(static_cast<int>(std::max_element(p, p + k) - p));
  }
  return component;
}

// The fits to the points at `fitted` (places among `points`, ascending), by k.
std::vector<GroupsSeen> look(ConstView<double> points, const std::vector<Index>& fitted,
                             const HalvesOptions& options, Workers& workers, Monitor& monitor) {
  const std::vector<double> own = columns(points, fitted);
  const SearchResult found =
      fit_all(ConstView<double>(own.data(), points.rows, static_cast<Index>(fitted.size())),
              options, workers, monitor);
  std::vector<GroupsSeen> seen(options.k.size());
  std::vector<double> log_density;
  for (std::size_t i = 0; i < found.cells.size(); ++i) {
    if (!found.cells[i].reason.empty()) continue;
    seen[i].component = most_probable(found.cells[i].mixture, points, workers, &log_density);
    for (Index j = 0; j < points.cols; ++j) {
      if (std::binary_search(fitted.begin(), fitted.end(), j)) continue;
      seen[i].log_density += log_density[static_cast<std::size_t>(j)];
    }
    seen[i].log_density /= static_cast<double>(points.cols - static_cast<Index>(fitted.size()));
  }
  return seen;
}

}  // namespace

Halves fit_halves(ConstView<double> latent, const HalvesOptions& options, Workers& workers,
                  Monitor& monitor) {
  Halves result;
  result.cells.resize(static_cast<std::size_t>(latent.cols));
  std::iota(result.cells.begin(), result.cells.end(), Index{0});
  if (latent.cols > options.most_cells) {
    RngStream(options.seed, Purpose::halves, 0, 0).shuffle(result.cells);
    result.cells.resize(static_cast<std::size_t>(options.most_cells));
    std::sort(result.cells.begin(), result.cells.end());
  }
  const std::vector<double> sampled = columns(latent, result.cells);
  const Index n = static_cast<Index>(result.cells.size());
  const ConstView<double> points(sampled.data(), latent.rows, n);

  const SearchResult found = fit_all(points, options, workers, monitor);
  result.whole.resize(options.k.size());
  std::vector<double> log_density;
  for (std::size_t i = 0; i < found.cells.size(); ++i) {
    const CellFit& fit = found.cells[i];
    if (!fit.reason.empty()) continue;
    result.whole[i] = {true, fit.loglik, fit.entropy, fit.n_parameters,
                       most_probable(fit.mixture, points, workers, &log_density)};
  }
  for (Index halving = 0; halving < options.n_halvings; ++halving) {
    std::vector<Index> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), Index{0});
    RngStream(options.seed, Purpose::halves, 1, static_cast<std::uint64_t>(halving)).shuffle(order);
    std::vector<Index> first(order.begin(), order.begin() + n / 2);
    std::vector<Index> second(order.begin() + n / 2, order.end());
    std::sort(first.begin(), first.end());
    std::sort(second.begin(), second.end());
    result.first.push_back(look(points, first, options, workers, monitor));
    result.second.push_back(look(points, second, options, workers, monitor));
    monitor.report(
        {"Choosing k", halving + 1, options.n_halvings, std::numeric_limits<double>::quiet_NaN()});
  }
  return result;
}

}  // namespace gmvae
