#include "gmvae/halves.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/rng.h"
#include "gmm/search.h"
#include "gmm/select.h"
#include "gmvae/mixture_update.h"

namespace gmvae {

namespace {

ConstView<double> view(const Eigen::MatrixXd& x) { return {x.data(), x.rows(), x.cols()}; }

SearchResult fit_all(ConstView<double> points, const HalvesOptions& options, Workers& workers,
                     Monitor& monitor) {
  const Family* family = &find_family(mixture_model(options.covariance));
  std::vector<Cell> cells;
  for (Index k : options.k) {
    if (k <= points.cols) cells.push_back({family, k});
  }
  if (cells.empty()) return {};
  const Observations data(columns_of(points), RowFacts{}, workers);
  return search(data, cells,
                latent_search(options.n_init, options.max_iter, options.tol, options.seed), workers,
                monitor);
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
std::vector<GroupsSeen> look(const Eigen::MatrixXd& points, const std::vector<Index>& fitted,
                             const HalvesOptions& options, Workers& workers, Monitor& monitor) {
  const Eigen::MatrixXd own = select_columns(points, fitted);
  const SearchResult found = fit_all(view(own), options, workers, monitor);
  std::vector<GroupsSeen> seen(options.k.size());
  std::vector<double> log_density;
  for (std::size_t i = 0; i < found.cells.size(); ++i) {
    if (!found.cells[i].reason.empty()) continue;
    seen[i].component = most_probable(found.cells[i].mixture, view(points), workers, &log_density);
    for (Index j = 0; j < points.cols(); ++j) {
      if (std::binary_search(fitted.begin(), fitted.end(), j)) continue;
      seen[i].log_density += log_density[static_cast<std::size_t>(j)];
    }
    seen[i].log_density /= static_cast<double>(points.cols() - static_cast<Index>(fitted.size()));
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
  const Eigen::MatrixXd points = select_columns(
      Eigen::Map<const Eigen::MatrixXd>(latent.data, latent.rows, latent.cols), result.cells);
  const Index n = points.cols();

  const SearchResult found = fit_all(view(points), options, workers, monitor);
  result.whole.resize(options.k.size());
  std::vector<double> log_density;
  for (std::size_t i = 0; i < found.cells.size(); ++i) {
    const CellFit& fit = found.cells[i];
    if (!fit.reason.empty()) continue;
    result.whole[i] = {true, fit.loglik, fit.entropy, fit.n_parameters,
                       most_probable(fit.mixture, view(points), workers, &log_density)};
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
