// Shards that others add up give the bits of one process.
#include "gmm/em/elsewhere.h"

#include "gmm/em/pass.h"
#include "gmm/groups.h"
#include "gmm/task.h"
#include "testing.h"

using namespace gmvae;
using testing::missing;
using testing::Task;
using testing::three_groups;

namespace {

// Others in this process, who get a task as numbers and so many shards at a time.
struct Others : Elsewhere {
  const Observations& rows;
  const Index at_a_time;
  Index n_passes = 0;
  Workers one{1}, two{2};

  Others(const Observations& others_rows, Index n) : rows(others_rows), at_a_time(n) {}

  std::vector<double> sums(const PassTask& task) override {
    ++n_passes;
    const PassTask received = to_task(to_numbers(task));
    Workers& workers = n_passes % 2 == 0 ? one : two;
    Monitor monitor;
    std::vector<double> all;
    for (Index first = 0; first < task.n_shards; first += at_a_time) {
      const Index end = std::min(first + at_a_time, task.n_shards);
      const std::vector<double> some = shard_sums(rows, received, first, end, workers, monitor);
      CHECK(static_cast<Index>(some.size()) == (end - first) * n_sums(task));
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
};

}  // namespace

TEST("fits whose shards others add up have the bits of one process") {
  constexpr Index n = 400, n_shards = 7;
  Task task(three_groups(n, 3));
  task.data.x(0, 11) = missing;
  task.data.x.col(40).tail(2).setConstant(missing);
  task.options.noise.on = true;
  task.options.noise.share = 0.02;
  task.options.noise.density = missing;
  task.options.em.tol = 1e-5;  // bits are the same long before convergence
  task.weights.assign(n, 1.0);
  task.weights[77] = 0.25;
  RowFacts facts;
  facts.weights = task.weights.data();
  Workers workers(2);
  Monitor monitor;
  Observations alone(task.data.source(), facts, workers);
  alone.set_n_shards(n_shards);
  Observations theirs(task.data.source(), facts, alone.centre(), alone.scale());
  theirs.set_n_shards(n_shards);
  for (const Family& family : families) {
    const std::vector<Candidate> candidates{{&family, 3}, {&family, 2}};
    const auto expected = search(alone, candidates, task.options, workers, monitor).candidates;
    for (const Index at_a_time : {1, 3, 100}) {
      if (at_a_time != 3 && std::string(family.code) != "VVV") continue;
      Observations data(task.data.source(), facts, workers);
      data.set_n_shards(n_shards);
      Others others(theirs, at_a_time);
      data.set_elsewhere(&others);
      const auto found = search(data, candidates, task.options, workers, monitor).candidates;
      CHECK(others.n_passes > 5);
      for (std::size_t i = 0; i < 2; ++i) {
        CHECK(found[i].history == expected[i].history && found[i].entropy == expected[i].entropy);
        CHECK(found[i].reason == expected[i].reason);
        CHECK(found[i].mixture.means == expected[i].mixture.means);
      }
    }
  }
}

TEST("the number of shards is what it is set to") {
  const Task task(three_groups(20000, 3));
  Workers workers(2);
  Monitor monitor;
  Observations data(task.data.source(), RowFacts{}, workers);
  Others others(data, 5);
  data.set_elsewhere(&others);
  Frame frame;
  Parameters one{Eigen::VectorXd::Ones(1), 0.0, Eigen::MatrixXd::Zero(3, 1), {}};
  one.covariances.matrices = Eigen::MatrixXd::Identity(3, 3);
  CHECK(make_frame(one, {}, &frame));
  const Statistics usual = gather(data, frame, Scatter::full, nullptr, workers, monitor);
  data.set_n_shards(50);
  const Statistics fifty = gather(data, frame, Scatter::full, nullptr, workers, monitor);
  CHECK(usual.loglik != fifty.loglik);
  CHECK_NEAR(usual.loglik, fifty.loglik, 1e-12);
  data.set_elsewhere(nullptr);
  CHECK(gather(data, frame, Scatter::full, nullptr, workers, monitor).loglik == fifty.loglik);
}

TEST("a task of other numbers is refused") {
  PassTask task;
  Parameters one{Eigen::VectorXd::Ones(1), 0.0, Eigen::MatrixXd::Zero(2, 1), {}};
  one.covariances.matrices = Eigen::MatrixXd::Identity(2, 2);
  CHECK(make_frame(one, {}, &task.frame));
  const std::vector<double> whole = to_numbers(task);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CHECK_THROWS(to_task({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)}),
                 std::invalid_argument);
    if (n >= 4 && n < 8) continue;  // values, which may be any
    std::vector<double> changed = whole;
    changed[n] = missing;
    try {
      to_task(changed);
    } catch (const std::invalid_argument&) {
    }
  }
}
