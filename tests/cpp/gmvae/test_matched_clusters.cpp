// Clusters of each batch, matched to those of the largest.
#include <vector>

#include "gmm/start/kmeans.h"
#include "gmvae/train/matched_clusters.h"
#include "testing.h"

using namespace gmvae;
using namespace testing;

namespace {

// Three groups on a line, 4 apart, in the first batch.  The second batch has every fourth point; it
// lies 9 away, and each of its groups has moved by itself as well.
struct MovedGroups {
  Eigen::MatrixXd points;  // 2 x 160
  std::vector<std::int32_t> batch;
  std::vector<Index> group;

  MovedGroups() : points(2, 160) {
    RngStream rng(29, purpose);
    const double first[] = {0, 4, 8}, second[] = {1.3, 3.4, 9.1};
    for (Index i = 0; i < 160; ++i) {
      group.push_back(i % 3);
      batch.push_back(i % 4 == 3);
      const bool moved = batch.back() == 1;
      points(0, i) = (moved ? second : first)[group.back()] + 0.3 * rng.normal();
      points(1, i) = (moved ? 9 : 0) + 0.3 * rng.normal();
    }
  }
  ConstView<double> view() const { return {points.data(), 2, 160}; }
  // Whether a partition is that of the groups, whatever its numbers.
  bool is_found(const std::vector<Index>& cluster) const {
    std::vector<Index> number(3, -1);
    for (std::size_t i = 0; i < group.size(); ++i) {
      Index& known = number[static_cast<std::size_t>(group[i])];
      if (known < 0) known = cluster[i];
      if (known != cluster[i]) return false;
    }
    return number[0] != number[1] && number[0] != number[2] && number[1] != number[2];
  }
};

}  // namespace

TEST("matched_clusters(): groups in both batches, where k-means divides the batches") {
  Monitor monitor;
  Workers one(1), two(2);
  const MovedGroups data;
  const Design batches = indicators(data.batch, 2);
  for (Index attempt = 0; attempt < 5; ++attempt) {
    const std::vector<Index> all =
        kmeans(data.view(), Eigen::VectorXd::Ones(160), 3, Eigen::MatrixXd(2, 0),
               RngStream(7, purpose, static_cast<std::uint64_t>(attempt)), one, monitor);
    CHECK(!data.is_found(all));
    const std::vector<Index> found =
        matched_clusters(data.view(), batches, 3, 7, attempt, one, monitor);
    CHECK(data.is_found(found));
    CHECK(found == matched_clusters(data.view(), batches, 3, 7, attempt, two, monitor));
  }
}

TEST("matched_clusters(): a batch of few points takes the nearest clusters") {
  Monitor monitor;
  Workers workers(1);
  MovedGroups data;
  for (std::int32_t& b : data.batch) b = 0;
  // The second batch has the last three points, one of each group.
  for (std::size_t i = 157; i < 160; ++i) data.batch[i] = 1;
  for (Index i = 0; i < 160; ++i) {
    const bool moved = data.batch[static_cast<std::size_t>(i)] == 1;
    data.points(0, i) = 4.0 * static_cast<double>(data.group[static_cast<std::size_t>(i)]) +
                        (moved ? 100 : 0) + 0.1 * static_cast<double>(i % 5);
    data.points(1, i) = moved ? 9 : 0;
  }
  const Design batches = indicators(data.batch, 2);
  CHECK(data.is_found(matched_clusters(data.view(), batches, 3, 7, 0, workers, monitor)));
}

TEST("matched_clusters(): none where every batch has too few points") {
  Monitor monitor;
  Workers workers(1);
  const MovedGroups data;
  std::vector<std::int32_t> batch;
  for (std::int32_t i = 0; i < 160; ++i) batch.push_back(i / 3);
  const Design batches = indicators(batch, 54);
  CHECK(matched_clusters(data.view(), batches, 3, 7, 0, workers, monitor).empty());
}
