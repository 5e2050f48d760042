#include "gmm/search/compare.h"

#include <cmath>
#include <vector>

namespace gmvae {

namespace {

constexpr std::size_t last_iterations = 3;

// Components are nearby up to so much in weights and in standard deviations of all rows, and up to
// this ratio of variances.
constexpr double nearby = 0.05;
constexpr double nearby_ratio = 1.1;

}  // namespace

bool better(const Run& a, const Run& b) {
  if (a.sound != b.sound) return a.sound;
  return a.objective() > b.objective();
}

bool hopeless(const Run& run, double best, double patience) {
  const std::size_t n = run.history.size();
  if (n <= last_iterations) return false;
  const double gain = run.history[n - 1] - run.history[n - 1 - last_iterations];
  return best - run.objective() > patience * gain;
}

bool alike(const Parameters& a, const Parameters& b) {
  std::vector<bool> taken(static_cast<std::size_t>(b.n_components()), false);
  for (Index k = 0; k < a.n_components(); ++k) {
    Index closest = 0;
    const double distance =
        (b.means.colwise() - a.means.col(k)).cwiseAbs().colwise().maxCoeff().minCoeff(&closest);
    if (distance > nearby || taken[static_cast<std::size_t>(closest)] ||
        std::abs(a.weights[k] - b.weights[closest]) > nearby) {
      return false;
    }
    const Eigen::ArrayXd variances = a.covariances.matrix(k).diagonal().array() /
                                     b.covariances.matrix(closest).diagonal().array();
    if (variances.maxCoeff() > nearby_ratio || variances.minCoeff() * nearby_ratio < 1.0) {
      return false;
    }
    taken[static_cast<std::size_t>(closest)] = true;
  }
  return true;
}

}  // namespace gmvae
