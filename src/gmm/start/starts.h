// The partitions from which EM starts: by agglomeration, by k-means on scaled and on sphered
// points, and at random.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "core/shared_monitor.h"
#include "core/types.h"
#include "gmm/start/hierarchical.h"

namespace gmvae {

struct Start {
  std::string name;
  std::vector<Index> partition;  // component from 0 of each point
};

// Renumbers components so that they agree best with known labels (from 0, or -1), then gives the
// labelled points theirs.
void respect_labels(const std::vector<int>& labels, Index k, std::vector<Index>* partition);

class Starts {
 public:
  // points: d x n in standard units, weights: n, labels: n or empty; n_starts: of each k.
  Starts(Eigen::MatrixXd points, Eigen::VectorXd weights, std::vector<int> labels, Index n_starts,
         std::uint64_t seed, Workers& workers, Monitor& monitor);

  // Different kinds or seeds of starts with k components, best bets first.
  std::vector<Start> make(Index k, Workers& workers, Monitor& monitor) const;

 private:
  Start make_one(Index k, Index which, Workers& workers, Monitor& monitor) const;
  std::vector<Index> from_tree(const Merges& tree, const Eigen::MatrixXd& points, Index k) const;
  std::vector<Index> quantiles(Index k) const;
  std::vector<Index> from_kmeans(const Eigen::MatrixXd& points, Index k, std::uint64_t stream,
                                 Workers& workers, Monitor& monitor) const;

  Eigen::MatrixXd points_, sphered_, half_sphered_;
  Eigen::VectorXd weights_;
  std::vector<int> labels_;
  Index n_starts_;
  std::uint64_t seed_;
  bool spherable_;             // d or fewer points, sphered, are all as far from each other
  std::vector<Index> leaves_;  // the points that the trees are made of
  Merges volume_, model_, ward_scaled_, ward_sphered_;
};

}  // namespace gmvae
