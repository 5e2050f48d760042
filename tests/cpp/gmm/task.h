// A fit that a test asks for.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "gmm/groups.h"
#include "gmm/search/search.h"
#include "testing.h"

namespace testing {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// What a fit is asked for, with the facts that come with its rows.
struct Task {
  Groups data;
  std::vector<double> weights;
  std::vector<int> labels;
  gmvae::SearchOptions options;

  explicit Task(Groups groups) : data(std::move(groups)) {
    options.n_init = 4;
    options.seed = 7;
    options.em.tol = 1e-10;
    options.em.min_rows = missing;
    options.em.min_eigen_ratio = 1e-10;
  }

  // One M-step, or more, from the true groups.
  Task& from_groups(gmvae::Index max_iter = 1) {
    options.em.max_iter = max_iter;
    options.start.partition = data.labels.data();
    options.start.n = data.x.cols();
    return *this;
  }

  std::vector<gmvae::CandidateFit> search(const std::vector<gmvae::Candidate>& candidates,
                                          gmvae::Index n_threads = 2) {
    gmvae::Workers workers(n_threads);
    gmvae::Monitor monitor;
    gmvae::RowFacts facts;
    if (!weights.empty()) facts.weights = weights.data();
    if (!labels.empty()) facts.labels = labels.data();
    const gmvae::Observations rows(data.source(), facts, workers);
    return gmvae::search(rows, candidates, options, workers, monitor).candidates;
  }

  gmvae::CandidateFit fit(const std::string& model, gmvae::Index k, gmvae::Index n_threads = 2) {
    gmvae::CandidateFit found = search({{&gmvae::find_family(model), k}}, n_threads)[0];
    for (std::size_t i = 1; i < found.history.size(); ++i) {
      CHECK(found.history[i] >= found.history[i - 1]);
    }
    return found;
  }
};

}  // namespace testing
