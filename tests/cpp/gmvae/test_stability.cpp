// The number of clusters and the stability of each, by hand.
#include <cmath>
#include <limits>
#include <vector>

#include "gmvae/select/stability.h"
#include "testing.h"

using namespace gmvae;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// From k = 1 on.
std::vector<Stability> path_of(const std::vector<double>& shared,
                               const std::vector<double>& log_density = {},
                               const std::vector<double>& one_batch = {}) {
  std::vector<Stability> path;
  for (std::size_t i = 0; i < shared.size(); ++i) {
    Stability s{};
    s.k = static_cast<Index>(i) + 1;
    s.shared = shared[i];
    s.mean = std::isnan(shared[i]) ? missing : 1;
    s.log_density = log_density.empty() ? static_cast<double>(i) : log_density[i];
    if (!one_batch.empty()) s.one_batch = one_batch[i];
    path.push_back(s);
  }
  return path;
}

Index chosen(const std::vector<double>& shared, const std::vector<double>& log_density = {},
             const std::vector<double>& one_batch = {}) {
  std::vector<Stability> path = path_of(shared, log_density, one_batch);
  mark_candidates(path);
  return choose_k(path);
}

GroupsSeen seen(const std::vector<int>& component) { return {component, 0.0, {}, {}}; }

}  // namespace

TEST("choose_k(): the candidate whose halves share most") {
  CHECK(chosen({0, .6, .9, 1.2, .8}) == 4);
  CHECK(chosen({0, .6, 1.2, 1.2, .8}) == 3);  // the first of equals
  CHECK(chosen({0, -.6, -.2, -.1}) == 1);     // no division repeats itself
  CHECK(chosen({0, .6, missing, .4, missing}) == 2);
  CHECK(chosen({missing, missing}) == 1);
}

TEST("choose_k(): none beyond the best density of the other half") {
  CHECK(chosen({0, .6, .9, 1.2, .8}, {1, 2, 3, 2, 1}) == 3);
}

TEST("choose_k(): of numbers that share as much the densest, where the density falls") {
  const auto chosen_with = [](double sd, std::vector<double> log_density) {
    std::vector<Stability> path = path_of({0, .6, .9, 1.2, 1.1, 1.05, .8, .7}, log_density);
    for (Stability& s : path) s.shared_sd = sd;
    mark_candidates(path);
    return choose_k(path);
  };
  const std::vector<double> falls{1, 2, 3, 4, 5, 6, 5, 4}, falls_at_5{1, 2, 3, 4, 6, 5, 4, 3};
  CHECK(chosen_with(.2, falls) == 6);
  CHECK(chosen_with(.2, falls_at_5) == 5);
  CHECK(chosen_with(.12, falls) == 5);                    // 6 shares less
  CHECK(chosen_with(.05, falls) == 4);                    // so does 5
  CHECK(chosen_with(.2, {1, 2, 3, 4, 5, 6, 7, 8}) == 4);  // ever denser
  CHECK(chosen_with(missing, falls) == 4);                // one halving has no deviation
  std::vector<Stability> path = path_of({0, -.1, -.2, -.3}, {1, 3, 2, 1});
  for (Stability& s : path) s.shared_sd = .5;
  mark_candidates(path);
  CHECK(choose_k(path) == 1);                              // no division repeats itself
  CHECK(!density_falls(path_of({0, 1, 1.1}, {1, 2, 3})));  // of few numbers, the last is densest
  CHECK(density_falls(path_of({0, 1, 1.1}, {1, 3, 2})));
  CHECK(!density_falls(path_of({missing, missing})));
  CHECK(!density_falls(path_of({0, 1, missing}, {1, 2, 3})));
  std::vector<double> density(20);  // of 1 to 20, highest at the 19th, then at the 18th
  for (std::size_t i = 0; i < 20; ++i) density[i] = static_cast<double>(i < 19 ? i : 17);
  const std::vector<double> shared(20, 1.0);
  CHECK(!density_falls(path_of(shared, density)));
  density[18] = 16;
  CHECK(density_falls(path_of(shared, density)));
}

TEST("shares_as_much(): less by a part of the standard deviation of the difference") {
  CHECK(shares_as_much(1, .3, 1.29, .4, .6));  // .5 * .6 = .3
  CHECK(!shares_as_much(1, .3, 1.31, .4, .6));
  CHECK(shares_as_much(1, 0, 1, 0, .6));
  CHECK(shares_as_much(2, .1, 1, .1, .6));
  CHECK(!shares_as_much(missing, .1, 1, .1, .6));
  CHECK(!shares_as_much(1, missing, 1, .1, .6));
}

TEST("choose_k(): elsewhere components decide, of numbers that networks do not tell apart") {
  const auto chosen_with = [](double sd, std::vector<double> shared_pcs) {
    std::vector<Stability> path = path_of({0, .6, .9, 1.2, 1.1, 1.05, .8, .7});
    for (std::size_t i = 0; i < path.size(); ++i) {
      path[i].shared_sd = sd;
      path[i].shared_pcs = shared_pcs[i];
    }
    mark_candidates(path);
    return choose_k(path);
  };
  const std::vector<double> six{0, .3, .6, .7, .8, .9, .5, .4};
  CHECK(chosen_with(.1, six) == 6);  // 2 * sqrt(2) * .1 = .28, and 6 shares less by .15
  CHECK(chosen_with(.05, six) == 5);
  CHECK(chosen_with(.03, six) == 4);
  CHECK(chosen_with(1, {5, -1, -1, -1, -1, -.9, -1, -1}) == 6);  // 1 is for the tests to find
  CHECK(chosen_with(1, std::vector<double>(8, missing)) == 4);
  CHECK(chosen_with(missing, six) == 4);
  std::vector<Stability> path = path_of({0, -.1, -.2});
  for (Stability& s : path) s.shared_sd = s.shared_pcs = static_cast<double>(s.k);
  mark_candidates(path);
  CHECK(choose_k(path) == 1);  // no division repeats itself
}

TEST("add_components(): what halves share, of each number") {
  Halves halves{{0, 1, 2, 3}, {{}, {}}, {}, {}, {}};
  Eigen::MatrixXd both(2, 2);
  both << 2, 0, 0, 2;
  for (int halving = 0; halving < 2; ++halving) {
    halves.first.push_back({seen({0, 0, 0, 0}), seen({0, 0, 1, 1})});
    halves.second.push_back({seen({0, 0, 0, 0}), seen({0, 0, 1, 1})});
    halves.both.push_back({Eigen::MatrixXd::Constant(1, 1, 4), both});
    both << 1, 1, 1, 1;
  }
  std::vector<Stability> path = path_of({0, .6});
  const std::vector<Stability> before = path;
  add_components(path, halves);
  const double log_2 = std::log(2.0), last = -price_of_difference * log_2;
  CHECK(path[0].shared_pcs == 0 && path[0].shared_pcs_sd == 0);
  CHECK_NEAR(path[1].shared_pcs, (log_2 + last) / 2, 1e-12);
  CHECK_NEAR(path[1].shared_pcs_sd, (log_2 - last) / std::sqrt(2.0), 1e-12);
  CHECK(path[1].shared == before[1].shared && path[1].mean == before[1].mean);
}

TEST("choose_k(): no k that divides by batches where another mixes them") {
  const std::vector<double> shared{0, .6, .9, 1.2, 1.4};
  CHECK(chosen(shared, {}, {1, 0, .1, .4, .8}) == 4);
  CHECK(chosen(shared, {}, {1, .7, .7, .7, .9}) == 4);  // all do
}

TEST("mark_candidates(): what is stable beside what is chosen") {
  std::vector<Stability> path = path_of({0, .6, .7, .5, .9, .8});
  const std::vector<double> mean{1, .95, .99, .7, .88, .9};
  for (std::size_t i = 0; i < path.size(); ++i) path[i].mean = mean[i];
  path[5].log_density = -1;  // no candidate
  mark_candidates(path);
  std::vector<bool> stable;
  for (const Stability& s : path) stable.push_back(s.stable);
  CHECK((stable == std::vector<bool>{false, false, true, false, true, false}));
}

TEST("choose_k(): no k beyond the first that is enough") {
  const auto chosen_with = [](std::vector<SplitTest> tests) {
    std::vector<Stability> path = path_of({0, .6, .9, .8, .7, 1.2, 1});
    mark_candidates(path);
    return choose_k(path, tests, 0.05);
  };
  const SplitTest few{1, 2, 1.0, 1e-4, 1e-3, 5}, enough{1, 2, -1.0, 0.9, 0.9, 0};
  CHECK(chosen_with({}) == 6);
  CHECK(chosen_with({enough}) == 1);
  CHECK(chosen_with({few, {2, 3, 1.0, 0.01, 0.2, 5}}) == 2);
  CHECK(chosen_with({few, few, {4, 5, 0.0, 0.5, 0.5, 0}}) == 3);
  CHECK(chosen_with({few, {2, 3, 1.0, 0.01, 0.02, 19}}) == 6);
}

TEST("worth_a_test(): numbers that a test may leave as the choice") {
  std::vector<Stability> path = path_of({0, -.7, .9, .6, 1.2, 1});
  mark_candidates(path);
  CHECK((worth_a_test(path, {1, 2, 3, 4, 5, 6}) == std::vector<Index>{1, 3}));
  CHECK((worth_a_test(path, {2, 3, 5}) == std::vector<Index>{3}));
  path = path_of({0, -.7, -.2});
  mark_candidates(path);
  CHECK((worth_a_test(path, {1, 2, 3}) == std::vector<Index>{1}));
}

TEST("shared_information(): by hand") {
  const double log_2 = std::log(2.0), log_3 = std::log(3.0);
  Eigen::MatrixXd both(2, 2);
  both << 0, 2, 2, 0;
  CHECK_NEAR(shared_information(both), log_2, 1e-12);
  both << 1, 1, 1, 1;
  CHECK_NEAR(shared_information(both), -price_of_difference * log_2, 1e-12);
  CHECK_NEAR(shared_information(Eigen::MatrixXd::Constant(1, 1, 3)), 0, 1e-12);
  // Three groups of four cells, of which one half divides one: that leaves open log 2 for a third
  // of the cells, and what is common is log 3.
  Eigen::MatrixXd more = Eigen::MatrixXd::Zero(3, 4);
  more(0, 0) = more(1, 1) = 4;
  more(2, 2) = more(2, 3) = 2;
  CHECK_NEAR(shared_information(more), log_3 - price_of_difference * log_2 / 6, 1e-12);
}

TEST("stabilities(): means over halvings, NaN where a half has no mixture") {
  Halves halves;
  halves.cells = {0, 1, 2, 3};
  halves.first = {{seen({0, 0, 1, 1}), seen({0, 1, 1, 0})}, {seen({0, 0, 1, 1}), seen({})}};
  halves.second = {{seen({0, 0, 1, 1}), seen({0, 1, 1, 0})},
                   {seen({0, 1, 0, 1}), seen({0, 0, 1, 1})}};
  Eigen::MatrixXd same(2, 2), other(2, 2);
  same << 2, 0, 0, 2;
  other << 1, 1, 1, 1;
  halves.both = {{same, same}, {other, {}}};
  halves.whole.resize(2);
  halves.whole[0] = {true, -10.0, -0.5, 7, {0, 0, 0, 1}, {}};
  const std::vector<Stability> path = stabilities(halves, {2, 3}, indicators({0, 0, 1, 1}, 2));
  CHECK_NEAR(path[0].mean, (1 - 0.5) / 2, 1e-12);
  CHECK_NEAR(path[0].sd, 1.5 / std::sqrt(2.0), 1e-12);
  CHECK_NEAR(path[0].shared, (1 - price_of_difference) / 2 * std::log(2.0), 1e-12);
  CHECK_NEAR(path[0].one_batch, 0.25, 1e-12);
  CHECK_NEAR(path[0].bic, 7 * std::log(4.0) + 20, 1e-12);
  CHECK_NEAR(path[0].icl, path[0].bic + 1, 1e-12);
  CHECK_NEAR(path[0].smallest, 0.25, 1e-12);
  CHECK(std::isnan(path[1].mean) && std::isnan(path[1].bic) && !path[1].candidate);
}
