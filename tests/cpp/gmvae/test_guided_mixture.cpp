// Mixtures guided by batches and labels.
#include <limits>
#include <vector>

#include "gmvae/train/guided_mixture.h"
#include "gmvae/train/latent_moments.h"
#include "gmvae/train/latent_search.h"
#include "testing.h"

using namespace gmvae;
using namespace testing;

namespace {

// Points around `centres` (2 x groups), moved along the second axis by 6 in the second of two
// batches.  Group j lacks the cells of batch 1 where `lacking` is j.
struct BatchedGroups {
  std::vector<double> points;
  std::vector<std::int32_t> batch;
  std::vector<Index> group;

  BatchedGroups(const std::vector<double>& first_axis, Index lacking) {
    RngStream rng(23, purpose);
    for (Index i = 0; i < 240; ++i) {
      const Index g = i % static_cast<Index>(first_axis.size());
      const std::int32_t b = i / 6 % 2 == 0 ? 0 : 1;
      if (b == 1 && g == lacking) continue;
      points.push_back(first_axis[static_cast<std::size_t>(g)] + 0.5 * rng.normal());
      points.push_back(6.0 * b + 0.5 * rng.normal());
      batch.push_back(b);
      group.push_back(g);
    }
  }
  ConstView<double> view() const { return {points.data(), 2, static_cast<Index>(group.size())}; }
  // The share of points in the group that most of their component are of.
  double purity(const Mixture& mixture) const {
    Workers workers(1);
    const Index k = mixture.means.cols(), n = static_cast<Index>(group.size());
    std::vector<double> density(group.size());
    Eigen::MatrixXd posterior(k, n), counts = Eigen::MatrixXd::Zero(k, 3);
    evaluate_mixture(mixture, view(), workers, density.data(), posterior.data());
    for (Index i = 0; i < n; ++i) {
      Index c;
      posterior.col(i).maxCoeff(&c);
      counts(c, group[static_cast<std::size_t>(i)]) += 1;
    }
    return counts.rowwise().maxCoeff().sum() / static_cast<double>(n);
  }
};

}  // namespace

TEST("fit_guided(): groups where the likeliest mixture has batches") {
  Monitor monitor;
  const BatchedGroups data({-2, 2}, -1);
  for (const char* covariance : {"tied", "diag", "full"}) {  // the groups are no spheres
    Mixture found[2];
    for (Index t = 0; t < 2; ++t) {
      Workers workers(t + 1);
      const Mixture plain =
          fit_mixture(data.view(), covariance, 2, latent_search(5, 100, 1e-6, 3), workers, monitor)
              .mixture;
      CHECK(data.purity(plain) < 0.8);
      found[t] = fit_guided({data.view(), indicators(data.batch, 2), {}}, plain, 2, covariance, 5,
                            3, workers, monitor)
                     .mixture;
    }
    CHECK(data.purity(found[0]) == 1.0);
    CHECK(found[0].means == found[1].means);
    CHECK(found[0].weights[0] >= found[0].weights[1]);
  }
}

TEST("fit_guided(): a group that a batch lacks stays one") {
  Monitor monitor;
  Workers workers(1);
  const BatchedGroups data({-6, 0, 6}, 2);
  const Mixture plain =
      fit_mixture(data.view(), "tied", 3, latent_search(5, 100, 1e-6, 3), workers, monitor).mixture;
  const Mixture found = fit_guided({data.view(), indicators(data.batch, 2), {}}, plain, 3, "tied",
                                   10, 3, workers, monitor)
                            .mixture;
  CHECK(data.purity(found) == 1.0);
}

TEST("fit_guided(): classes are components in their order, and a group without labels is found") {
  Monitor monitor;
  Workers workers(1);
  const BatchedGroups data({-6, 0, 6}, -1);
  const std::size_t n = data.group.size();
  // One in ten cells of the last two groups is labelled, as classes 1 and 0.
  GuidedPoints guided{data.view(), {}, std::vector<int>(n, -1), 2};
  std::vector<double> x;
  for (std::size_t i = 0; i < n; ++i) {
    x.push_back(data.points[2 * i]);
    if (data.group[i] > 0 && i % 10 < 2) guided.label[i] = static_cast<int>(2 - data.group[i]);
  }
  const ConstView<double> first_axis(x.data(), 1, static_cast<Index>(n));
  guided.points = first_axis;
  const GuidedMixture found = fit_guided(guided, {}, 3, "tied", 5, 3, workers, monitor);
  CHECK_NEAR(found.mixture.means(0, 0), 6.0, 0.3);
  CHECK_NEAR(found.mixture.means(0, 1), 0.0, 0.3);
  CHECK_NEAR(found.mixture.means(0, 2), -6.0, 0.3);
  CHECK(found.noise < 0.1);
}

TEST("fit_guided(): classes are found where k-means does not find them") {
  Monitor monitor;
  Workers workers(1);
  // Two long groups, side by side, of which three cells each have a label, one of them wrong.
  RngStream rng(5, purpose);
  GuidedPoints guided;
  guided.n_classes = 2;
  std::vector<double> points;
  for (int i = 0; i < 300; ++i) {
    const int group = i % 2;
    points.push_back(10 * rng.normal());
    points.push_back(3 * group + 0.3 * rng.normal());
    guided.label.push_back(i >= 6 ? -1 : i < 4 ? group : 1 - group);
  }
  guided.points = ConstView<double>(points.data(), 2, 300);
  Mixture plain;  // in the other order
  plain.weights = Eigen::Vector2d(0.5, 0.5);
  plain.means.resize(2, 2);
  plain.means << 0, 0, 3, 0;
  plain.covariances.assign(2, Eigen::Vector2d(100, 0.09).asDiagonal());
  const GuidedMixture found = fit_guided(guided, plain, 2, "tied", 5, 3, workers, monitor);
  CHECK_NEAR(found.mixture.means(1, 0), 0.0, 0.2);
  CHECK_NEAR(found.mixture.means(1, 1), 3.0, 0.2);
  const GuidedMixture alone = fit_guided(guided, {}, 2, "tied", 5, 3, workers, monitor);
  CHECK_NEAR(alone.mixture.means(1, 0), 0.0, 0.2);
  CHECK_NEAR(alone.mixture.means(1, 1), 3.0, 0.2);
}

TEST("fit_guided(): labels decide where the class with most points is no Gaussian") {
  Monitor monitor;
  Workers workers(1);
  // Two components divide these groups at their widest gap; labels of one in ten, elsewhere.
  const BatchedGroups data({-8, 0, 6}, -1);
  GuidedPoints guided{data.view(), {}, std::vector<int>(data.group.size(), -1), 2};
  std::vector<double> x;
  for (std::size_t i = 0; i < data.group.size(); ++i) {
    x.push_back(data.points[2 * i]);
    if (i % 10 == 0) guided.label[i] = data.group[i] == 2;
  }
  guided.points = ConstView<double>(x.data(), 1, static_cast<Index>(x.size()));
  const GuidedMixture found = fit_guided(guided, {}, 2, "tied", 5, 3, workers, monitor);
  CHECK_NEAR(found.mixture.means(0, 0), -4.0, 0.5);
  CHECK_NEAR(found.mixture.means(0, 1), 6.0, 0.5);
  CHECK(found.noise < 0.1);
}

TEST("A labelled point counts more in means and covariances, and once in the weights") {
  LatentMoments moments(1, 2);
  const double none = -std::numeric_limits<double>::infinity();
  const double first[] = {1, 0}, second[] = {0, 1};
  const double points[] = {0, 3, 5};
  moments.add(&points[0], &none, first, 1);
  moments.add(&points[1], &none, first, 2);
  moments.add(&points[2], &none, second, 1);
  moments.divide(3);
  Mixture before;
  before.means = Eigen::MatrixXd::Zero(1, 2);
  const Mixture mixture = moments.maximise("full", 3, before);
  CHECK_NEAR(mixture.means(0, 0), 2.0, 1e-12);
  CHECK_NEAR(mixture.means(0, 1), 5.0, 1e-12);
  CHECK_NEAR(mixture.weights[0], 3.0 / 5, 1e-12);  // one more cell for each component
}

TEST("fit_guided(): the share of wrong labels is estimated") {
  Monitor monitor;
  Workers workers(1);
  const BatchedGroups data({-6, 0, 6}, -1);
  GuidedPoints guided{data.view(), {}, {}, 3};
  std::vector<double> x;
  RngStream rng(5, purpose);
  for (std::size_t i = 0; i < data.group.size(); ++i) {
    x.push_back(data.points[2 * i]);
    const bool random = rng.uniform() < 0.3;
    guided.label.push_back(static_cast<int>(random ? rng.below(3) : data.group[i]));
  }
  guided.points = ConstView<double>(x.data(), 1, static_cast<Index>(x.size()));
  const GuidedMixture found = fit_guided(guided, {}, 3, "tied", 5, 3, workers, monitor);
  CHECK_NEAR(found.mixture.means(0, 0), -6.0, 0.3);
  CHECK_NEAR(found.mixture.means(0, 2), 6.0, 0.3);
  CHECK_NEAR(found.noise, 0.3, 0.08);
}
