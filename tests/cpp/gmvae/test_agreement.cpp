// How well divisions of the cells agree, by hand.
#include <cmath>
#include <vector>

#include "gmvae/select/agreement.h"
#include "testing.h"

using namespace gmvae;

namespace {

GroupsSeen seen(const std::vector<int>& component) { return {component, 0.0, {}, {}}; }

}  // namespace

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

TEST("cluster_confusion(): where a cell is if its cluster is found again, by hand") {
  // Cell 0 is not in the sample.  The first half has the clusters in another order; the second
  // joins the second and the third; the fourth is empty.
  Halves halves;
  halves.cells = {1, 2, 3, 4};
  halves.first = {{seen({3, 3, 0, 1})}};
  halves.second = {{seen({0, 0, 2, 2})}};
  std::vector<double> posterior(20);
  const std::vector<int> cluster{3, 0, 0, 1, 2};
  for (std::size_t i = 0; i < 5; ++i) posterior[4 * i + static_cast<std::size_t>(cluster[i])] = 1;
  Eigen::MatrixXd expected = Eigen::MatrixXd::Identity(4, 4);
  expected(1, 1) = expected(2, 2) = 0.75;
  expected(1, 2) = expected(2, 1) = 0.25;
  const Eigen::MatrixXd found = cluster_confusion(halves, posterior, 4);
  CHECK_NEAR((found - expected).cwiseAbs().maxCoeff(), 0, 1e-12);
  // A cell between two clusters is of both.
  posterior[4 * 3 + 1] = posterior[4 * 3 + 2] = 0.5;
  halves.second = halves.first;
  const Eigen::MatrixXd between = cluster_confusion(halves, posterior, 4);
  CHECK_NEAR(between(1, 1), 0.5, 1e-12);
  CHECK_NEAR(between(2, 2), (0.5 * 0.5 + 1) / 1.5, 1e-12);
  CHECK_NEAR((between.rowwise().sum().array() - 1).abs().maxCoeff(), 0, 1e-12);
  halves.first = halves.second = {{seen({})}};
  CHECK(cluster_confusion(halves, posterior, 4) == Eigen::MatrixXd::Identity(4, 4));
}

TEST("adjusted_rand_index(): the textbook's cases") {
  CHECK_NEAR(adjusted_rand_index({0, 0, 1, 1}, {1, 1, 0, 0}), 1.0, 0);
  CHECK_NEAR(adjusted_rand_index({0, 0, 0, 0}, {0, 0, 0, 0}), 1.0, 0);
  CHECK_NEAR(adjusted_rand_index({0, 0, 1, 1}, {0, 1, 0, 1}), -0.5, 1e-12);
  // Hubert & Arabie's formula by hand: 2 pairs in both, 4 in each, of 15.
  CHECK_NEAR(adjusted_rand_index({0, 0, 0, 1, 1, 2}, {0, 0, 1, 1, 1, 2}),
             (2 - 4.0 * 4 / 15) / ((4 + 4) / 2.0 - 4.0 * 4 / 15), 1e-12);
}

TEST("agreement_with(): groups are joined where most of their cells are in one cluster") {
  Halves halves;
  halves.cells = {0, 1, 2, 3, 4, 5};
  halves.first = {{seen({0, 0, 1, 2, 2, 3})}};
  halves.second = halves.first;
  const std::vector<int> two{0, 0, 0, 1, 1, 1};
  CHECK(agreement_with(halves, two) < 1);
  CHECK_NEAR(agreement_with(halves, two, Joined::by_majority), 1, 1e-12);
  CHECK_NEAR(agreement_with(halves, {0, 1, 0, 1, 1, 1}, Joined::by_majority),
             adjusted_rand_index({0, 1, 0, 1, 1, 1}, {0, 0, 0, 1, 1, 1}), 1e-12);
  halves.first = {{seen({})}};
  CHECK(std::isnan(agreement_with(halves, two, Joined::by_majority)));
}
