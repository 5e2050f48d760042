// The number of clusters and the stability of each, by hand.
#include <cmath>
#include <limits>
#include <vector>

#include "gmvae/select/stability.h"
#include "testing.h"

using namespace gmvae;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// From k = 2 on.
std::vector<Stability> path_of(const std::vector<double>& stability,
                               const std::vector<double>& log_density = {},
                               const std::vector<double>& one_batch = {}) {
  std::vector<Stability> path;
  for (std::size_t i = 0; i < stability.size(); ++i) {
    Stability s{};
    s.k = static_cast<Index>(i) + 2;
    s.mean = stability[i];
    s.log_density = log_density.empty() ? static_cast<double>(i) : log_density[i];
    if (!one_batch.empty()) s.one_batch = one_batch[i];
    path.push_back(s);
  }
  return path;
}

Index chosen_in(std::vector<Stability> path) {
  mark_levels(path);
  return choose_k(path);
}

Index chosen(const std::vector<double>& stability, const std::vector<double>& log_density = {}) {
  return chosen_in(path_of(stability, log_density));
}

GroupsSeen seen(const std::vector<int>& component) { return {component, 0.0, {}, {}}; }

}  // namespace

TEST("choose_k(): the finest level that repeats itself") {
  // k:           2   3    4   5   6    7   8   9
  CHECK(chosen({1, .95, .7, .7, .92, .7, .6, .5}) == 6);
  CHECK(chosen({1, .95, .7, .7, .80, .7, .6, .5}) == 3);
  CHECK(chosen({1, .75, .7, .7, .80, .7, .6, .5}) == 6);
  CHECK(chosen({1, 1, 1, 1, .8, .8, .7, .6}) == 5);  // a plateau ends at its last place
}

TEST("choose_k(): two clusters only where nothing else may be chosen") {
  CHECK(chosen({1, .5, .4, .3}) == 3);
  CHECK(chosen({1}) == 2);
  CHECK(chosen({1, missing, missing}, {1, missing, missing}) == 2);
  CHECK(chosen({missing, missing}, {missing, missing}) == 2);
}

TEST("choose_k(): no level beyond the best density of the other half") {
  const std::vector<double> stability{.9, .9, .7, .7, .9, .7};
  CHECK(chosen(stability) == 6);
  CHECK(chosen(stability, {1, 2, 3, 2, 1, 1}) == 3);
}

TEST("choose_k(): a standard error below the border is stable enough") {
  std::vector<Stability> path = path_of({1, .95, .7, .7, .86, .7});
  CHECK(chosen_in(path) == 3);
  path[4].error = 0.02;
  CHECK(chosen_in(path) == 6);
}

TEST("choose_k(): no k that divides by batches where another mixes them") {
  const std::vector<double> stability{1, .95, .7, .9, .6, .95, .8};
  CHECK(chosen_in(path_of(stability, {}, {0, 0, .1, .1, .4, .8, .9})) == 5);
  CHECK(chosen_in(path_of(stability, {}, {.7, .7, .7, .7, .7, .7, .9})) == 7);  // all do
}

TEST("choose_k(): no k beyond the first that is enough") {
  const auto chosen_with = [](std::vector<SplitTest> tests) {
    std::vector<Stability> path = path_of({1, 1, .95, .7, .7, .92, .7});
    for (Stability& s : path) s.k -= 1;  // from 1 on
    mark_levels(path);
    return choose_k(path, tests, 0.05);
  };
  const SplitTest few{1, 2, 1.0, 1e-4, 1e-3, 5}, enough{1, 2, -1.0, 0.9, 0.9, 0};
  CHECK(chosen_with({}) == 6);
  CHECK(chosen_with({enough}) == 1);
  CHECK(chosen_with({few, {2, 3, 1.0, 0.01, 0.2, 5}}) == 2);
  CHECK(chosen_with({few, few, {4, 5, 0.0, 0.5, 0.5, 0}}) == 3);
  CHECK(chosen_with({few, {2, 3, 1.0, 0.01, 0.02, 19}}) == 6);
}

TEST("cluster_stabilities(): clusters that halves find again, by hand") {
  // Cells 0 and 9 are not in the sample; the third cluster of the fit is what both halves make of
  // the second and third, the fourth is empty.
  Halves halves;
  for (Index cell = 1; cell < 9; ++cell) halves.cells.push_back(cell);
  halves.first = {{seen({0, 0, 0, 0, 1, 1, 1, 1})}};
  halves.second = {{seen({2, 2, 2, 3, 3, 3, 3, 3})}};
  const std::vector<int> cluster{2, 0, 0, 0, 0, 1, 1, 1, 2, 2};
  const std::vector<double> both = cluster_stabilities(halves, cluster, 4);
  CHECK_NEAR(both[0], (1 + 3.0 / 4) / 2, 1e-12);
  CHECK_NEAR(both[1], (3.0 / 4 + 3.0 / 5) / 2, 1e-12);
  CHECK_NEAR(both[2], (1.0 / 4 + 1.0 / 5) / 2, 1e-12);
  CHECK(std::isnan(both[3]));
  halves.first = {{seen({})}};
  CHECK_NEAR(cluster_stabilities(halves, cluster, 4)[1], 3.0 / 5, 1e-12);
  halves.second = {{seen({})}};
  CHECK(std::isnan(cluster_stabilities(halves, cluster, 4)[0]));
}

TEST("agreement_with(): the clusters and what halves make of them") {
  Halves halves;
  halves.cells = {1, 2, 3, 4};  // cell 0 is not in the sample
  halves.first = {{seen({0, 0, 1, 1})}};
  halves.second = {{seen({0, 1, 0, 1})}};
  CHECK_NEAR(agreement_with(halves, {0, 1, 1, 0, 0}), (1 - 0.5) / 2, 1e-12);
  // However well the halves agree: all cells in one cluster reproduce nothing.
  halves.second = halves.first;
  CHECK_NEAR(agreement_with(halves, {2, 2, 2, 2, 2}), 0.0, 0);
  halves.second = {{seen({})}};
  CHECK(std::isnan(agreement_with(halves, {0, 1, 1, 0, 0})));
}

TEST("adjusted_rand_index(): the textbook's cases") {
  CHECK_NEAR(adjusted_rand_index({0, 0, 1, 1}, {1, 1, 0, 0}), 1.0, 0);
  CHECK_NEAR(adjusted_rand_index({0, 0, 0, 0}, {0, 0, 0, 0}), 1.0, 0);
  CHECK_NEAR(adjusted_rand_index({0, 0, 1, 1}, {0, 1, 0, 1}), -0.5, 1e-12);
  // Hubert & Arabie's formula by hand: 2 pairs in both, 4 in each, of 15.
  CHECK_NEAR(adjusted_rand_index({0, 0, 0, 1, 1, 2}, {0, 0, 1, 1, 1, 2}),
             (2 - 4.0 * 4 / 15) / ((4 + 4) / 2.0 - 4.0 * 4 / 15), 1e-12);
}

TEST("stabilities(): means over halvings, NaN where a half has no mixture") {
  Halves halves;
  halves.cells = {0, 1, 2, 3};
  halves.first = {{seen({0, 0, 1, 1}), seen({0, 1, 1, 0})}, {seen({0, 0, 1, 1}), seen({})}};
  halves.second = {{seen({0, 0, 1, 1}), seen({0, 1, 1, 0})},
                   {seen({0, 1, 0, 1}), seen({0, 0, 1, 1})}};
  halves.whole.resize(2);
  halves.whole[0] = {true, -10.0, -0.5, 7, {0, 0, 0, 1}, {}};
  const std::vector<Stability> path = stabilities(halves, {2, 3}, indicators({0, 0, 1, 1}, 2));
  CHECK_NEAR(path[0].mean, (1 - 0.5) / 2, 1e-12);
  CHECK_NEAR(path[0].sd, 1.5 / std::sqrt(2.0), 1e-12);
  CHECK_NEAR(path[0].error, path[0].sd / std::sqrt(2.0), 1e-12);
  CHECK_NEAR(path[0].one_batch, 0.25, 1e-12);
  CHECK_NEAR(path[0].bic, 7 * std::log(4.0) + 20, 1e-12);
  CHECK_NEAR(path[0].icl, path[0].bic + 1, 1e-12);
  CHECK_NEAR(path[0].smallest, 0.25, 1e-12);
  CHECK(std::isnan(path[1].mean) && std::isnan(path[1].bic) && !path[1].level);
}
