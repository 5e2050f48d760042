// One fit from one seed: with k given, with k chosen, and from an earlier fit.
#include <cmath>
#include <vector>

#include "gmvae/select/fit.h"
#include "gmvae/simulated.h"

using namespace gmvae;
using namespace testing;

namespace {

FitResult fit_k(const std::vector<Index>& k, const EarlierFit* earlier = nullptr,
                Index epochs_before = 0) {
  const Simulated data = simulate();
  TrainOptions o = options();
  o.most_k = k.back();
  o.epochs_before = epochs_before;
  Workers workers(2);
  Monitor monitor;
  return fit(data.source(), {data.size.data()}, o, k, 0.05, earlier, workers, monitor);
}

}  // namespace

TEST("fit(): with k given, what the trainer does") {
  const FitResult given = fit_k({3});
  CHECK(given.path.empty());
  CHECK(given.trained.model.params == run(options(), 1).model.params);
  CHECK(given.stability > 0.95);
  for (double s : given.cluster_stability) CHECK(s > 0.9);
}

TEST("fit(): several k are tried on networks that are trained once") {
  const Simulated data = simulate();
  const FitResult chosen = fit_k({1, 2, 3, 4, 5});
  CHECK(chosen.path.size() == 5);
  CHECK(chosen.trained.model.shape.k == 3);
  CHECK(chosen.trained.history.size() == 70);
  CHECK(rand_index(chosen.trained, data) > 0.97);
}

TEST("fit(): components take part where the density does not fall") {
  const FitResult rises = fit_k({1, 2, 3});
  CHECK(rises.path.back().shared_pcs > 0.9);  // log(3) at most
  CHECK(rises.path.back().shared_pcs > rises.path[1].shared_pcs);
  for (const Stability& s : rises.path) CHECK(s.shared_pcs_sd >= 0);
  CHECK(rises.trained.model.shape.k == 3);
}

TEST("fit(): more than 20 numbers are compared only where the best of 20 is among the last") {
  std::vector<Index> k;
  for (Index i = 1; i <= 24; ++i) k.push_back(i);
  const FitResult chosen = fit_k(k);
  CHECK(chosen.path.size() == 20);
  CHECK(density_falls(chosen.path));
  for (const Stability& s : chosen.path) CHECK(std::isnan(s.shared_pcs));
  CHECK(chosen.trained.model.shape.k == 3);
}

TEST("fit(): an earlier fit goes on to another k, with the joint phase alone") {
  const FitResult three = fit_k({3});
  const EarlierFit earlier{three.trained.model.params, 3, three.trained.cells.mean};
  const FitResult two = fit_k({2}, &earlier, 70);
  CHECK(two.trained.model.shape.k == 2);
  CHECK(two.trained.history.size() == 30);
  CHECK(two.trained.history.front().phase == "joint");
  const FitResult chosen = fit_k({2, 3, 4}, &earlier, 70);
  CHECK(chosen.trained.model.shape.k == 3);
}
