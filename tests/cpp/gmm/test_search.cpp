// Searches over models and numbers of components.
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gmm/groups.h"
#include "gmm/search/neighbours.h"
#include "gmm/search/search.h"
#include "gmm/task.h"
#include "testing.h"

using namespace gmvae;
using testing::Task;
using testing::three_groups;

TEST("closest_pairs(): those whose union is most like a component, but not of the fixed") {
  Parameters mixture;
  mixture.weights.setConstant(4, 0.25);
  mixture.means.resize(1, 4);
  mixture.means << 0.0, 10.0, 0.5, 12.0;
  mixture.covariances.matrices.setOnes(1, 4);
  using Pairs = std::vector<std::pair<Index, Index>>;
  CHECK(closest_pairs(mixture, 0, 2) == Pairs({{0, 2}, {1, 3}}));
  CHECK(closest_pairs(mixture, 3, 1) == Pairs({{1, 3}}));
  CHECK(closest_pairs(mixture, 0, 100).size() == 6);
  CHECK(closest_pairs(mixture, 4, 100).empty());
}

TEST("the bits don't depend on the number of threads") {
  for (const Index n : {500, 9001}) {
    Task task(three_groups(n, 3));
    std::vector<Candidate> candidates;
    for (const Family& family : families) candidates.push_back({&family, 3});
    const std::vector<CandidateFit> one = task.search(candidates, 1);
    for (const Index n_threads : {2, 3, 5}) {
      const std::vector<CandidateFit> other = task.search(candidates, n_threads);
      for (std::size_t i = 0; i < candidates.size(); ++i) {
        CHECK(one[i].history == other[i].history);
        CHECK(one[i].mixture.means == other[i].mixture.means);
        CHECK(one[i].mixture.covariances[0] == other[i].mixture.covariances[0]);
      }
    }
    // Alone, a candidate shares its threads at another level.
    CHECK(task.fit("VVV", 3, 1).history == task.fit("VVV", 3, 3).history);
  }
}

TEST("a search is never worse than its candidates one by one") {
  Task task(three_groups(400, 3));
  std::vector<Candidate> candidates;
  for (const Family& family : families) candidates.push_back({&family, 4});
  const std::vector<CandidateFit> together = task.search(candidates);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const CandidateFit alone = task.fit(candidates[i].family->code, 4);
    CHECK(together[i].loglik >= alone.loglik - 1e-6);
  }
}

TEST("without a tolerance a search runs to max_iter too, and finds what it finds with one") {
  Task task(three_groups(300, 2));
  const CandidateFit usual = task.fit("VVV", 3);
  task.options.em.tol = 0.0;
  task.options.em.max_iter = 150;
  const CandidateFit found = task.fit("VVV", 3);
  CHECK(usual.converged && !found.converged);
  CHECK(found.history.size() == 150);
  CHECK_NEAR(found.loglik, usual.loglik, 1e-9);
}

TEST("input that can't be fitted is refused") {
  Task task(three_groups(20, 2));
  CHECK_THROWS(find_family("XYZ"), std::invalid_argument);
  CHECK_THROWS(task.fit("VVV", 0), std::invalid_argument);
  CHECK_THROWS(task.fit("VVV", 21), std::invalid_argument);
  task.options.em.tol = -1e-9;
  CHECK_THROWS(task.fit("VVV", 2), std::invalid_argument);
}

TEST("a monitor can stop a search, on every level of threads") {
  struct Stop : Monitor {
    void poll() override { throw std::runtime_error("stop"); }
  } monitor;
  Task task(three_groups(300, 2));
  Workers workers(2);
  const Observations rows(task.data.source(), RowFacts{}, workers);
  std::vector<Candidate> candidates = {{&find_family("VVV"), 2}};
  const auto message = [&] {
    try {
      search(rows, candidates, task.options, workers, monitor);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message() == "stop");
  candidates.assign(8, candidates[0]);
  CHECK(message() == "stop");
}
