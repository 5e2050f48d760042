#include "gmvae/select/stability.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gmvae {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Sums in extended precision, as R's sd() has them.
double sd_of(const std::vector<double>& x) {
  const long double n = static_cast<long double>(x.size());
  if (x.size() < 2) return not_a_number;
  long double mean = 0, rest = 0, square = 0;
  for (double value : x) mean += value;
  mean /= n;
  for (double value : x) rest += value - mean;
  mean = static_cast<double>(mean + rest / n);
  for (double value : x) square += (value - mean) * (value - mean);
  return std::sqrt(static_cast<double>(square / (n - 1)));
}

// In nats, of sizes with the sum n.
template <typename Sizes>
double entropy(const Sizes& sizes, double n) {
  double sum = 0;
  for (Index i = 0; i < sizes.size(); ++i) {
    if (sizes(i) > 0) sum -= sizes(i) / n * std::log(sizes(i) / n);
  }
  return sum;
}

double smallest_share(const std::vector<int>& component, Index k) {
  std::vector<double> size(static_cast<std::size_t>(k));
  for (int c : component) size[static_cast<std::size_t>(c)] += 1;
  return *std::min_element(size.begin(), size.end()) /
         std::max<double>(static_cast<double>(component.size()), 1);
}

// Of the cells, in groups of which nearly all are of one batch.
double share_of_one_batch(const std::vector<int>& component, Index k, const Design& batches) {
  if (batches.empty() || component.empty()) return 0;
  std::vector<std::vector<double>> cells(
      static_cast<std::size_t>(k),
      std::vector<double>(static_cast<std::size_t>(batches.n_columns)));
  for (std::size_t i = 0; i < component.size(); ++i) {
    std::vector<double>& group = cells[static_cast<std::size_t>(component[i])];
    batches.for_row(static_cast<Index>(i),
                    [&](Index b, float value) { group[static_cast<std::size_t>(b)] += value; });
  }
  double held = 0;
  for (const std::vector<double>& group : cells) {
    double size = 0;
    for (double n : group) size += n;
    if (*std::max_element(group.begin(), group.end()) >= nearly_all * size) held += size;
  }
  return held / static_cast<double>(component.size());
}

// Place of the highest density of the cells of the other half; path.size() if there is none.
std::size_t densest(const std::vector<Stability>& path) {
  std::size_t best = path.size();
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!std::isfinite(path[i].mean)) continue;
    if (best == path.size() || path[i].log_density > path[best].log_density) best = i;
  }
  return best;
}

// Of the candidates above 1 whose halves share as much as those of `most`, see shares_as_much(),
// the one with the largest value; `most` where no other has a larger one.
const Stability* largest(const std::vector<Stability>& path, double Stability::*value,
                         const Stability* most, double within) {
  const Stability* best = most;
  for (const Stability& s : path) {
    if (s.candidate && s.k > 1 && s.*value > best->*value &&
        shares_as_much(s.shared, s.shared_sd, most->shared, most->shared_sd, within)) {
      best = &s;
    }
  }
  return best;
}

// by_density: of numbers whose halves share as much, whether the density decides.
Index choose(const std::vector<Stability>& path, bool by_density) {
  const Stability* most = nullptr;
  for (const Stability& s : path) {
    if (s.candidate && (!most || s.shared > most->shared)) most = &s;
  }
  if (!most) return path.front().k;
  if (most->k == 1) return 1;
  return by_density ? largest(path, &Stability::log_density, most, as_much_within)->k
                    : largest(path, &Stability::shared_pcs, most, as_much_between_networks)->k;
}

}  // namespace

bool shares_as_much(double shared, double sd, double best, double best_sd, double within) {
  return best - shared <= within * std::hypot(sd, best_sd);
}

bool density_falls(const std::vector<Stability>& path) {
  std::size_t n_larger = 0;
  for (std::size_t i = densest(path) + 1; i < path.size(); ++i) {
    n_larger += std::isfinite(path[i].mean);
  }
  return n_larger >= std::max<std::size_t>(path.size() / 10, 1);
}

void mark_candidates(std::vector<Stability>& path) {
  double least_of_one_batch = infinity;
  for (const Stability& s : path) {
    if (std::isfinite(s.mean) && s.k > 1) {
      least_of_one_batch = std::min(least_of_one_batch, s.one_batch);
    }
  }
  const std::size_t at = densest(path);
  const Index best_k = at < path.size() ? path[at].k : 0;
  const double most_of_one_batch = std::max(least_of_one_batch, 0.5);
  for (Stability& s : path) {
    s.candidate =
        std::isfinite(s.mean) && s.k <= best_k && (s.k == 1 || s.one_batch <= most_of_one_batch);
  }
  const auto stability = [&](std::size_t i) {
    return path[i].candidate && path[i].k > 1 ? path[i].mean : -infinity;
  };
  for (std::size_t i = 0; i < path.size(); ++i) {
    path[i].stable = stability(i) >= enough_stability &&
                     (i == 0 || stability(i) >= stability(i - 1)) &&
                     (i + 1 == path.size() || stability(i) >= stability(i + 1));
  }
}

double shared_information(const Eigen::MatrixXd& both) {
  const Eigen::VectorXd in_a = both.rowwise().sum(), in_b = both.colwise().sum();
  const Eigen::Map<const Eigen::VectorXd> in_both(both.data(), both.size());
  const double n = both.sum();
  const double mean = (entropy(in_a, n) + entropy(in_b, n)) / 2;
  const double left_open = entropy(in_both, n) - mean;
  return mean - left_open - price_of_difference * left_open;
}

std::vector<Stability> stabilities(const Halves& halves, const std::vector<Index>& k,
                                   const Design& batches) {
  const std::size_t n_halvings = halves.first.size();
  const double log_n = std::log(static_cast<double>(halves.cells.size()));
  std::vector<Stability> path;
  for (std::size_t i = 0; i < k.size(); ++i) {
    std::vector<double> agreement, shared;
    double log_density = 0;
    for (std::size_t h = 0; h < n_halvings; ++h) {
      const GroupsSeen &first = halves.first[h][i], &second = halves.second[h][i];
      const bool missing = first.component.empty() || second.component.empty();
      agreement.push_back(missing ? not_a_number
                                  : adjusted_rand_index(first.component, second.component));
      shared.push_back(missing ? not_a_number : shared_information(halves.both[h][i]));
    }
    for (const auto* side : {&halves.first, &halves.second}) {
      for (const std::vector<GroupsSeen>& seen : *side) {
        log_density += seen[i].component.empty() ? not_a_number : seen[i].log_density;
      }
    }
    const WholeFit& whole = halves.whole[i];
    const double bic = whole.found
                           ? static_cast<double>(whole.n_parameters) * log_n - 2 * whole.loglik
                           : not_a_number;
    path.push_back({k[i], mean_of(agreement), sd_of(agreement), mean_of(shared), sd_of(shared),
                    log_density / static_cast<double>(2 * n_halvings), bic, bic - 2 * whole.entropy,
                    smallest_share(whole.component, k[i]),
                    share_of_one_batch(whole.component, k[i], batches), false, false, not_a_number,
                    not_a_number});
  }
  mark_candidates(path);
  return path;
}

void add_components(std::vector<Stability>& path, const Halves& halves) {
  std::vector<Index> k;
  for (const Stability& s : path) k.push_back(s.k);
  const std::vector<Stability> by_components = stabilities(halves, k);
  for (std::size_t i = 0; i < path.size(); ++i) {
    path[i].shared_pcs = by_components[i].shared;
    path[i].shared_pcs_sd = by_components[i].shared_sd;
  }
}

Index choose_k(const std::vector<Stability>& path) { return choose(path, density_falls(path)); }

std::vector<Index> worth_a_test(const std::vector<Stability>& path,
                                const std::vector<Index>& rungs) {
  const Index most = choose_k(path);
  std::vector<Index> tested;
  double best = 0;  // what one cluster shares, also where it is not compared
  for (const Stability& s : path) {
    if (!s.candidate || (s.k > 1 && s.shared <= best)) continue;
    best = std::max(best, s.shared);
    const bool is_rung = std::find(rungs.begin(), rungs.end(), s.k) != rungs.end();
    if (is_rung && (s.k == 1 || s.k < most)) tested.push_back(s.k);
  }
  return tested;
}

Index choose_k(std::vector<Stability>& path, const std::vector<SplitTest>& tests, double alpha) {
  Index most = std::numeric_limits<Index>::max();
  for (const SplitTest& test : tests) {
    if (test.p >= alpha) most = std::min(most, test.k);
  }
  std::vector<Stability> allowed, beyond;
  for (const Stability& s : path) (s.k <= most ? allowed : beyond).push_back(s);
  mark_candidates(allowed);
  const Index k = choose(allowed, density_falls(path));
  for (Stability& s : beyond) s.candidate = s.stable = false;
  path = allowed;
  path.insert(path.end(), beyond.begin(), beyond.end());
  for (Stability& s : path) {
    for (const SplitTest& test : tests) {
      if (test.k != s.k) continue;
      s.p_unseen = test.p_unseen;
      s.p = test.p;
    }
  }
  return k;
}

}  // namespace gmvae
