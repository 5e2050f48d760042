// Small groups that a mixture has overlooked.
#include <vector>

#include "gmvae/select/small_groups.h"
#include "testing.h"

using namespace gmvae;
using namespace testing;

namespace {

constexpr Index n = 600, dimensions = 3;

// Two large groups, and `n_small` points of a third.
std::vector<double> points(Index n_small) {
  RngStream rng(7, purpose);
  std::vector<double> x;
  for (Index i = 0; i < n; ++i) {
    x.push_back((i % 2 == 0 && i >= n_small ? 10.0 : 0.0) + rng.normal());
    x.push_back((i < n_small ? 6.0 : 0.0) + rng.normal());
    x.push_back(rng.normal());
  }
  return x;
}

Mixture two() {
  Mixture mixture;
  mixture.weights = Eigen::VectorXd::Constant(2, 0.5);
  mixture.means = Eigen::MatrixXd::Zero(dimensions, 2);
  mixture.means(0, 0) = 10;
  mixture.covariances.assign(2, Eigen::MatrixXd::Identity(dimensions, dimensions));
  return mixture;
}

SmallGroup found_in(Index n_small, Index n_threads = 1) {
  const std::vector<double> x = points(n_small);
  Workers workers(n_threads);
  Monitor monitor;
  const HalvesOptions options{{}, "tied", 2000, 4, 2, 100, 1e-6, 1, {}};
  return find_small_group(ConstView<double>(x.data(), dimensions, n), two(), options, workers,
                          monitor);
}

}  // namespace

TEST("find_small_group(): a group that both halves find, at its place") {
  const SmallGroup group = found_in(20);
  CHECK(group.p < 1e-3);
  CHECK(group.agreement >= enough_agreement);
  CHECK(group.mixture.means.cols() == 3);
  CHECK_NEAR(group.mixture.means(1, 2), 6, 1);
  CHECK_NEAR(group.mixture.weights.sum(), 1, 1e-12);
  CHECK(group.mixture.weights[2] > 0.01 && group.mixture.weights[2] < 0.1);
}

TEST("find_small_group(): none where there is none") {
  const SmallGroup group = found_in(0);
  CHECK(!(group.p < 0.05 && group.agreement >= enough_agreement));
}

TEST("find_small_group(): the same bits for any number of threads") {
  CHECK(found_in(20, 1).mixture.means == found_in(20, 3).mixture.means);
  CHECK(found_in(20, 1).p == found_in(20, 3).p);
}

TEST("is_of_one_batch(): a group of one batch alone, unless nearly all points are of that batch") {
  const std::vector<double> x = points(20);
  const ConstView<double> all(x.data(), dimensions, n);
  const Mixture mixture = found_in(20).mixture;
  Workers workers(1);
  const auto of_one = [&](auto&& batch_of) {
    std::vector<std::int32_t> batch;
    for (Index i = 0; i < n; ++i) batch.push_back(batch_of(i));
    return is_of_one_batch(mixture, all, indicators(batch, 2), workers);
  };
  CHECK(of_one([](Index i) { return i < 20 || i % 2 == 0; }));
  CHECK(!of_one([](Index i) { return i % 2 == 0; }));
  CHECK(!of_one([](Index i) { return i % 4 == 0; }));
  CHECK(!of_one([](Index i) { return i < 20 || i % 10 > 0; }));
  CHECK(!is_of_one_batch(mixture, all, {}, workers));
}
