#include "gmvae/select/agreement.h"

#include <algorithm>
#include <map>

#include "core/dense.h"
#include "core/numeric.h"

namespace gmvae {

namespace {

double pairs(double n) { return n * (n - 1) / 2; }

double sum_of_pairs(const std::vector<double>& sizes) {
  double sum = 0;
  for (double size : sizes) sum += pairs(size);
  return sum;
}

// For each cell the cluster that most cells of its group are in.
std::vector<int> joined_by_majority(const std::vector<int>& group,
                                    const std::vector<int>& cluster) {
  std::map<int, std::map<int, Index>> shared;
  for (std::size_t i = 0; i < group.size(); ++i) ++shared[group[i]][cluster[i]];
  std::vector<int> joined;
  for (int g : group) {
    const std::map<int, Index>& in = shared[g];
    joined.push_back(std::max_element(in.begin(), in.end(), [](const auto& a, const auto& b) {
                       return a.second < b.second;
                     })->first);
  }
  return joined;
}

}  // namespace

double mean_of(const std::vector<double>& x) {
  long double sum = 0;
  for (double value : x) sum += value;
  return static_cast<double>(sum / static_cast<long double>(x.size()));
}

double adjusted_rand_index(const std::vector<int>& a, const std::vector<int>& b) {
  const std::size_t n_a = static_cast<std::size_t>(*std::max_element(a.begin(), a.end())) + 1;
  const std::size_t n_b = static_cast<std::size_t>(*std::max_element(b.begin(), b.end())) + 1;
  std::vector<double> in_a(n_a), in_b(n_b), in_both(n_a * n_b);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::size_t of_a = static_cast<std::size_t>(a[i]), of_b = static_cast<std::size_t>(b[i]);
    in_a[of_a] += 1;
    in_b[of_b] += 1;
    in_both[of_a * n_b + of_b] += 1;
  }
  const double of_a = sum_of_pairs(in_a), of_b = sum_of_pairs(in_b), both = sum_of_pairs(in_both);
  const double all = pairs(static_cast<double>(a.size()));
  if (of_a == of_b && (of_a == 0 || of_a == all)) return 1;
  const double expected = of_a / all * of_b;
  return (both - expected) / ((of_a + of_b) / 2 - expected);
}

double agreement_with(const Halves& halves, const std::vector<int>& cluster, Joined joined) {
  std::vector<int> sampled;
  for (Index cell : halves.cells) sampled.push_back(cluster[static_cast<std::size_t>(cell)]);
  std::vector<double> agreement;
  for (const auto* side : {&halves.first, &halves.second}) {
    for (const std::vector<GroupsSeen>& seen : *side) {
      std::vector<int> group = seen.front().component;
      if (joined == Joined::by_majority) group = joined_by_majority(group, sampled);
      agreement.push_back(group.empty() ? not_a_number : adjusted_rand_index(sampled, group));
    }
  }
  return mean_of(agreement);
}

std::vector<double> cluster_stabilities(const Halves& halves, const std::vector<int>& cluster,
                                        Index k) {
  const std::size_t n_clusters = static_cast<std::size_t>(k);
  std::vector<double> size(n_clusters);
  for (Index cell : halves.cells) {
    size[static_cast<std::size_t>(cluster[static_cast<std::size_t>(cell)])] += 1;
  }
  std::vector<long double> sum(n_clusters);  // as R's rowMeans() has it
  double n_halves = 0;
  for (const auto* side : {&halves.first, &halves.second}) {
    for (const std::vector<GroupsSeen>& seen : *side) {
      const std::vector<int>& group = seen.front().component;
      if (group.empty()) continue;
      n_halves += 1;
      std::vector<double> shared(n_clusters * n_clusters), group_size(n_clusters);
      for (std::size_t i = 0; i < group.size(); ++i) {
        const std::size_t c =
            static_cast<std::size_t>(cluster[static_cast<std::size_t>(halves.cells[i])]);
        const std::size_t g = static_cast<std::size_t>(group[i]);
        shared[c * n_clusters + g] += 1;
        group_size[g] += 1;
      }
      for (std::size_t c = 0; c < n_clusters; ++c) {
        double best = 0;
        for (std::size_t g = 0; g < n_clusters; ++g) {
          const double both = shared[c * n_clusters + g];
          if (both > 0) best = std::max(best, both / (size[c] + group_size[g] - both));
        }
        sum[c] += best;
      }
    }
  }
  std::vector<double> result(n_clusters, not_a_number);
  for (std::size_t c = 0; c < n_clusters; ++c) {
    if (n_halves > 0 && size[c] > 0) result[c] = static_cast<double>(sum[c] / n_halves);
  }
  return result;
}

Eigen::MatrixXd cluster_confusion(const Halves& halves, const std::vector<double>& posterior,
                                  Index k) {
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(k, k);
  for (const auto* side : {&halves.first, &halves.second}) {
    for (const std::vector<GroupsSeen>& seen : *side) {
      const std::vector<int>& group = seen.front().component;
      if (group.empty()) continue;
      Eigen::MatrixXd both = Eigen::MatrixXd::Zero(k, k);  // clusters x groups
      for (std::size_t i = 0; i < group.size(); ++i) {
        both.col(group[i]) +=
            Eigen::Map<const Eigen::VectorXd>(posterior.data() + halves.cells[i] * k, k);
      }
      for (Index g = 0; g < k; ++g) {
        const double size = both.col(g).sum();
        if (size > 0) add_outer_product(1 / size, both.col(g), sum);
      }
    }
  }
  for (Index c = 0; c < k; ++c) {
    const double size = sum.row(c).sum();
    if (size > 0) {
      sum.row(c) /= size;
    } else {
      sum(c, c) = 1;
    }
  }
  return sum;
}

}  // namespace gmvae
