#include "gmvae/train/matched_clusters.h"

#include <algorithm>
#include <map>

#include "core/rng.h"
#include "core/select.h"
#include "gmm/inference/matching.h"
#include "gmm/start/kmeans.h"

namespace gmvae {

namespace {

constexpr Purpose matched_clusters_purpose{24};

// Places of the points of each batch, the largest batch first.
std::vector<std::vector<Index>> batches_of(const Design& design) {
  std::map<std::vector<Index>, std::vector<Index>> places;  // by the columns of a row
  for (Index i = 0; i < design.n_rows(); ++i) {
    std::vector<Index> columns;
    design.for_row(i, [&](Index column, float) { columns.push_back(column); });
    places[columns].push_back(i);
  }
  std::vector<std::vector<Index>> batches;
  for (const auto& batch : places) batches.push_back(batch.second);
  std::stable_sort(batches.begin(), batches.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return batches;
}

// Entry c is the column of `reference` that column c of `centres` is given.
std::vector<Index> matches(const Eigen::MatrixXd& centres, const Eigen::MatrixXd& reference) {
  const Index k = centres.cols();
  Eigen::MatrixXd cost(k, k);
  for (Index c = 0; c < k; ++c) {
    cost.row(c) = (reference.colwise() - centres.col(c)).colwise().squaredNorm();
  }
  return least_cost_assignment(cost);
}

}  // namespace

std::vector<Index> matched_clusters(ConstView<double> points, const Design& design, Index k,
                                    std::uint64_t seed, Index attempt, Workers& workers,
                                    Monitor& monitor) {
  const Eigen::MatrixXd all =
      Eigen::Map<const Eigen::MatrixXd>(points.data, points.rows, points.cols);
  std::vector<Index> cluster(static_cast<std::size_t>(points.cols));
  Eigen::MatrixXd reference;  // D x k
  std::uint64_t batch = 0;
  for (const std::vector<Index>& places : batches_of(design)) {
    Eigen::MatrixXd centred = select_columns(all, places);
    centred.colwise() -= centred.rowwise().mean().eval();
    const Index n = centred.cols();
    std::vector<Index> own(static_cast<std::size_t>(n));
    if (n > k) {
      own = kmeans(
          {centred.data(), centred.rows(), n}, Eigen::VectorXd::Ones(n), k,
          Eigen::MatrixXd(centred.rows(), 0),
          RngStream(seed, matched_clusters_purpose, static_cast<std::uint64_t>(attempt), batch++),
          workers, monitor);
      const Eigen::MatrixXd centres = group_means(centred, own, k);
      if (reference.cols() == 0) {
        reference = centres;
      } else {
        const std::vector<Index> given = matches(centres, reference);
        for (Index& c : own) c = given[static_cast<std::size_t>(c)];
      }
    } else if (reference.cols() == 0) {
      return {};  // the largest batch comes first
    } else {
      for (Index j = 0; j < n; ++j) {
        (reference.colwise() - centred.col(j))
            .colwise()
            .squaredNorm()
            .minCoeff(&own[static_cast<std::size_t>(j)]);
      }
    }
    for (Index j = 0; j < n; ++j) {
      const std::size_t at = static_cast<std::size_t>(j);
      cluster[static_cast<std::size_t>(places[at])] = own[at];
    }
  }
  return cluster;
}

}  // namespace gmvae
