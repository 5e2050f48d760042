// Are more clusters than k more than noise?
#include <cmath>
#include <vector>

#include "gmvae/select/split_test.h"
#include "gmvae/simulated.h"

using namespace gmvae;
using namespace testing;

namespace {

constexpr Index n = 300, dimensions = 2;

// Points of as many groups, far apart.
std::vector<double> groups(Index k) {
  RngStream rng(5, purpose);
  std::vector<double> latent;
  for (Index i = 0; i < n; ++i) {
    latent.push_back(12.0 * static_cast<double>(i % k) + rng.normal());
    latent.push_back(rng.normal());
  }
  return latent;
}

// A model of values that are not counted, so that only the test on unseen cells is made.
FittedModel gaussian_model() {
  FittedModel model;
  model.shape.modalities[0].likelihood = "gaussian";
  model.covariance = "tied";
  model.seed = 1;
  return model;
}

HalvesOptions halving() { return {{}, "tied", 2000, 0, 2, 100, 1e-6, 1, {}}; }

std::vector<SplitTest> tests_of(const std::vector<double>& latent,
                                const std::vector<Index>& tested) {
  Workers workers(1);
  Monitor monitor;
  const std::vector<double> size(n, 1.0);
  return test_splits(gaussian_model(), ConstView<double>(latent.data(), dimensions, n),
                     {size.data()}, rungs({1, 2, 3, 4, 5, 6}, 6), tested, 0.05, halving(), workers,
                     monitor);
}

}  // namespace

TEST("student_tail(): R's pt()") {
  CHECK_NEAR(student_tail(0, 4), 0.5, 0);
  CHECK_NEAR(student_tail(1, 1), 0.25, 1e-12);
  CHECK_NEAR(student_tail(7.173182, 4), 0.001, 1e-9);
  CHECK_NEAR(student_tail(-1.5, 10), 1 - student_tail(1.5, 10), 1e-14);
  CHECK_NEAR(student_tail(1.6449340668482264, 1e6), 0.05, 1e-5);
  CHECK(student_tail(60, 1999) >= 0 && student_tail(60, 1999) < 1e-300);
}

TEST("rungs(): ever further apart") {
  std::vector<Index> k;
  for (Index i = 1; i <= 20; ++i) k.push_back(i);
  CHECK((rungs(k, 1) == std::vector<Index>{1, 2, 3, 4, 5, 7, 9, 12, 16, 20}));
  CHECK((rungs(k, 10) == std::vector<Index>{1, 2, 3, 4, 5, 7, 9, 10, 14, 19, 20}));
  CHECK((rungs({4, 8}, 4) == std::vector<Index>{4, 8}));
}

std::vector<Index> tested_in(const std::vector<SplitTest>& tests) {
  std::vector<Index> tested;
  for (const SplitTest& test : tests) tested.push_back(test.k);
  return tested;
}

TEST("test_splits(): up to the number of groups, and no further") {
  const std::vector<std::vector<Index>> expected = {{1}, {1, 2, 5}, {1, 2, 3, 5}};
  for (Index k : {1, 2, 3}) {
    const std::vector<SplitTest> tests = tests_of(groups(k), {1, 2, 3, 4, 5});
    CHECK(tested_in(tests) == expected[static_cast<std::size_t>(k - 1)]);
    for (const SplitTest& test : tests) {
      CHECK(test.k >= k ? test.p > 0.05 : test.p < 1e-6);
      CHECK(test.n_simulated == 0 && test.p == test.p_unseen);
    }
  }
}

TEST("test_splits(): where the last are clearly too few, those between go untested") {
  const std::vector<SplitTest> tests = tests_of(groups(5), {1, 2, 3, 4});
  CHECK((tested_in(tests) == std::vector<Index>{1, 4}));
  CHECK(tests.back().p < 1e-6);
}

TEST("test_division(): two groups, and one that is cut in two") {
  const std::vector<double> latent = groups(2), size(n, 1.0);
  Workers workers(1);
  Monitor monitor;
  std::vector<int> side;
  for (Index i = 0; i < n; ++i) side.push_back(static_cast<int>(i % 2));
  const DivisionTest two =
      test_division(gaussian_model(), ConstView<double>(latent.data(), dimensions, n),
                    {size.data()}, side, 2, halving(), workers, monitor);
  CHECK(two.p < 1e-6 && two.stability > 0.99);
  const std::vector<double> one = groups(1);
  side.clear();
  for (Index i = 0; i < n; ++i) side.push_back(one[static_cast<std::size_t>(2 * i)] > 0);
  const DivisionTest cut =
      test_division(gaussian_model(), ConstView<double>(one.data(), dimensions, n), {size.data()},
                    side, 2, halving(), workers, monitor);
  CHECK(cut.p > 0.05 && cut.stability < 0.9);
}

TEST("test_splits(): counts are simulated, with the same bits for any number of threads") {
  const Simulated data = simulate();
  const auto tests = [&](Index n_threads) {
    Workers workers(n_threads);
    Monitor monitor;
    TrainOptions o = options();
    o.shape.k = 1;
    const MatrixSource source = data.source();
    Trainer trainer(source, {data.size.data()}, o, workers, monitor);
    std::vector<Phase> before = recipe(o);
    before.pop_back();
    trainer.run(before);
    const std::vector<double> latent = trainer.latent_means();
    return test_splits(trainer.model(), ConstView<double>(latent.data(), 4, data.n_cells),
                       {data.size.data()}, {1, 2, 3, 4}, {1, 2, 3}, 0.05, halving(), workers,
                       monitor);
  };
  const std::vector<SplitTest> one = tests(1), three = tests(3);
  CHECK(one.size() == three.size() && one.size() == 3);
  for (std::size_t i = 0; i < one.size(); ++i) {
    CHECK(one[i].p == three[i].p && one[i].gain == three[i].gain);
  }
  CHECK(one[0].n_simulated >= 3 && one[0].p <= 0.05);
  CHECK(one.back().k == 3 && one.back().p > 0.05);
}
