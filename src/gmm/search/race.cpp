#include "gmm/search/race.h"

#include <algorithm>
#include <cmath>

namespace gmvae {

namespace {

constexpr std::size_t last_iterations = 3;
constexpr Index look_steps = 5;          // iterations between two looks at the known run
constexpr double usual_patience = 10.0;  // with runs that fall behind, see hopeless()

// Components are nearby up to so much in weights and in standard deviations of all rows, and up to
// this ratio of variances.
constexpr double nearby = 0.05;
constexpr double nearby_ratio = 1.1;

}  // namespace

bool better(const Run& a, const Run& b) {
  if (a.sound != b.sound) return a.sound;
  return a.objective() > b.objective();
}

void sort_best_first(std::vector<Run>* runs, std::size_t first) {
  std::stable_sort(runs->begin() + static_cast<std::ptrdiff_t>(first), runs->end(), better);
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
    const Eigen::ArrayXd variances =
        a.covariances.variances_of(k).array() / b.covariances.variances_of(closest).array();
    if (variances.maxCoeff() > nearby_ratio || variances.minCoeff() * nearby_ratio < 1.0) {
      return false;
    }
    taken[static_cast<std::size_t>(closest)] = true;
  }
  return true;
}

void run_on(Em& em, Run& run, const Run* known, double patience) {
  const Index max_iter = em.options().max_iter;
  while (run.running() && run.n_iterations() < max_iter) {
    if (known != nullptr && !run.history.empty() && run.objective() <= known->objective() &&
        (hopeless(run, known->objective(), patience) ||
         alike(run.frame.parameters, known->frame.parameters))) {
      return;
    }
    em.iterate(run, std::min(run.n_iterations() + look_steps, max_iter));
  }
}

void finish(Em& em, std::vector<Run>* runs, const Run* known) {
  sort_best_first(runs);
  for (Run& run : *runs) {
    run_on(em, run, known, usual_patience);
    if ((known == nullptr || run.objective() > known->objective()) && em.objection(run).empty()) {
      known = &run;
    }
  }
  sort_best_first(runs);
}

}  // namespace gmvae
