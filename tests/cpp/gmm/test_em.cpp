// EM and passes over the data against plain definitions.
#include <string>

#include "core/error.h"
#include "gmm/em/expectation.h"
#include "gmm/em/pass.h"
#include "gmm/groups.h"
#include "gmm/task.h"
#include "testing.h"

using namespace gmvae;
using testing::Groups;
using testing::is_positive_definite;
using testing::missing;
using testing::plain_log_density;
using testing::solve;
using testing::Task;
using testing::three_groups;

namespace {

// Every tenth entry or so is missing, in several patterns; one row has none left.
Groups with_holes(Groups groups) {
  RngStream rng(5, testing::purpose);
  for (Index i = 0; i < groups.x.cols(); ++i) {
    for (Index j = 0; j < groups.x.rows(); ++j) {
      if (rng.uniform() < 0.1) groups.x(j, i) = missing;
    }
  }
  groups.x.col(0).setConstant(missing);
  return groups;
}

double plain_loglik(const Mixture& mixture, const Task& task) {
  double sum = 0.0;
  for (Index i = 0; i < task.data.x.cols(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    const double weight = task.weights.empty() ? 1.0 : task.weights[at];
    sum += weight * plain_log_density(mixture, task.data.x.col(i));
  }
  return sum;
}

}  // namespace

TEST("a fit's log-likelihood and posterior are those of its parameters") {
  for (const Family& family : families) {
    Task task(three_groups(1100, 3));
    const CandidateFit found = task.fit(family.code, 3);
    CHECK(found.reason.empty() && found.converged);
    Workers workers(2);
    Eigen::VectorXd density(1100);
    Eigen::MatrixXd posterior(3, 1100);
    evaluate_mixture(found.mixture, task.data.view(), workers, density.data(), posterior.data());
    for (Index i = 0; i < 1100; ++i) {
      CHECK_NEAR(density[i], plain_log_density(found.mixture, task.data.x.col(i)), 1e-10);
      CHECK_NEAR(posterior.col(i).sum(), 1.0, 1e-14);
    }
    CHECK_NEAR(found.loglik, plain_loglik(found.mixture, task), 1e-11);
    CHECK_NEAR(found.history.back(), found.loglik, 1e-13);
    CHECK_NEAR(found.mixture.weights.sum(), 1.0, 1e-13);
    for (Index k = 1; k < 3; ++k) CHECK(found.mixture.weights[k] <= found.mixture.weights[k - 1]);
  }
}

TEST("rows with missing entries count with what they have") {
  for (const Family& family : families) {
    Task task(with_holes(three_groups(700, 3)));
    const CandidateFit found = task.fit(family.code, 3);
    CHECK(found.reason.empty());
    CHECK_NEAR(found.loglik, plain_loglik(found.mixture, task), 1e-11);
  }
}

TEST("an EM step over missing entries is that of the plain definition") {
  // One component: the conditional mean and covariance by the textbook formula.
  Task task(with_holes(three_groups(200, 3)));
  task.from_groups(40);
  task.options.em.accelerate = false;
  std::fill(task.data.labels.begin(), task.data.labels.end(), 0);
  const CandidateFit found = task.fit("VVV", 1);
  const Eigen::VectorXd mean = found.mixture.means.col(0);
  const Eigen::MatrixXd sigma = found.mixture.covariances[0];
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(3);
  Eigen::MatrixXd square = Eigen::MatrixXd::Zero(3, 3);
  for (Index i = 0; i < 200; ++i) {
    // Regress each missing entry through the joint Gaussian with huge noise on missing ones.
    Eigen::MatrixXd noisy = sigma;
    Eigen::VectorXd centred = task.data.x.col(i) - mean;
    for (Index j = 0; j < 3; ++j) {
      if (!std::isnan(centred[j])) continue;
      noisy(j, j) += 1e12;
      centred[j] = 0.0;
    }
    const Eigen::VectorXd filled = mean + multiply(sigma, solve(noisy, centred));
    sum += filled;
    square += filled * filled.transpose() + sigma - multiply(sigma, solve(noisy, sigma));
  }
  const Eigen::VectorXd next = sum / 200.0;
  CHECK_NEAR((next - mean).norm(), 0.0, 1e-6);
  CHECK_NEAR((square / 200.0 - next * next.transpose() - sigma).norm(), 0.0, 1e-5);
}

TEST("everything at once, for every family") {
  for (const Family& family : families) {
    Task task(with_holes(three_groups(600, 3)));
    task.weights.assign(600, 1.0);
    task.labels.assign(600, -1);
    for (std::size_t i = 0; i < 600; ++i) {
      task.weights[i] = static_cast<double>(i % 4) / 2.0;
      if (i % 10 == 1) task.labels[i] = task.data.labels[i];
    }
    for (Index i = 3; i < 600; i += 40) task.data.x.col(i).array() += 10.0 * std::sin(i);
    task.options.noise.on = true;
    task.options.noise.share = 0.05;
    task.options.noise.density = missing;
    task.options.em.prior.on = true;
    task.options.em.prior.shrinkage = 0.01;
    task.options.em.prior.dof = missing;
    task.options.em.ridge = 1e-3;
    const CandidateFit found = task.fit(family.code, 3);
    CHECK_NEAR(found.reason.size(), 0, 0.0);
    if (!found.reason.empty()) continue;
    CHECK(std::isfinite(found.loglik) && std::isfinite(found.objective));
    CHECK_NEAR(found.mixture.weights.sum() + found.mixture.noise, 1.0, 1e-12);
    const Index base = 2 + 9 + family.n_parameters(3, 3);
    CHECK(found.n_parameters == base + 2);
    // Known rows stand under their label alone: the rest is the plain density.
    double sum = 0.0;
    for (Index i = 0; i < 600; ++i) {
      const std::size_t at = static_cast<std::size_t>(i);
      Mixture only = found.mixture;
      if (task.labels[at] >= 0) {
        only.noise = 0.0;
        for (Index k = 0; k < 3; ++k) {
          if (k != task.labels[at]) only.weights[k] = 0.0;
        }
      }
      sum += task.weights[at] * plain_log_density(only, task.data.x.col(i));
    }
    CHECK_NEAR(found.loglik, sum, 1e-11);
  }
}

TEST("weight two is the row twice, weight zero no row") {
  for (const Family& family : families) {
    Task weighted(three_groups(300, 3)), twice(three_groups(300, 3));
    weighted.weights.assign(300, 1.0);
    std::vector<Index> rows;
    for (Index i = 0; i < 300; ++i) {
      weighted.weights[static_cast<std::size_t>(i)] = static_cast<double>(i % 3);
      for (Index copy = 0; copy < i % 3; ++copy) rows.push_back(i);
    }
    twice.data.x.resize(3, static_cast<Index>(rows.size()));
    twice.data.labels.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      twice.data.x.col(static_cast<Index>(i)) = weighted.data.x.col(rows[i]);
      twice.data.labels.push_back(weighted.data.labels[static_cast<std::size_t>(rows[i])]);
    }
    const CandidateFit a = weighted.from_groups(20).fit(family.code, 3);
    const CandidateFit b = twice.from_groups(20).fit(family.code, 3);
    CHECK_NEAR(a.loglik, b.loglik, 1e-10);
    CHECK_NEAR((a.mixture.means - b.mixture.means).norm(), 0.0, 1e-7);
  }
}

TEST("sums of parts add up to those of the whole") {
  const Groups data = three_groups(1000, 3);
  Workers workers(1);
  Monitor monitor;
  const Observations all(data.source(), RowFacts{}, workers);
  std::vector<Index> first, second;
  for (Index i = 0; i < 1000; ++i) (i < 400 ? first : second).push_back(i);
  const Observations one(all, first), two(all, second);
  Parameters parameters;
  parameters.weights = Eigen::Vector2d(0.3, 0.7);
  parameters.means = all.points({0, 1});
  parameters.covariances.matrices = Eigen::MatrixXd::Identity(3, 3).replicate(1, 2);
  Frame frame;
  CHECK(make_frame(parameters, {}, &frame));
  for (const Scatter kind : {Scatter::full, Scatter::pooled, Scatter::diagonal}) {
    const Statistics whole = gather(all, frame, kind, nullptr, workers, monitor);
    Statistics parts = gather(one, frame, kind, nullptr, workers, monitor);
    parts += gather(two, frame, kind, nullptr, workers, monitor);
    CHECK_NEAR(parts.loglik, whole.loglik, 1e-13);
    CHECK_NEAR((parts.counts - whole.counts).norm(), 0.0, 1e-10);
    CHECK_NEAR((parts.sums - whole.sums).norm(), 0.0, 1e-10);
    CHECK_NEAR((parts.scatter - whole.scatter).norm() / whole.scatter.norm(), 0.0, 1e-13);
  }
}

TEST("what a mixture expects bounds the log-likelihood of others from below") {
  Task task(three_groups(300, 3));
  Workers workers(1);
  Monitor monitor;
  const Observations rows(task.data.source(), RowFacts{}, workers);
  const CandidateFit own = task.fit("VVV", 3), other = task.fit("EVE", 3),
                     third = task.fit("VII", 3);
  const auto frame_of = [&](const CandidateFit& fit) {
    Frame frame;
    CHECK(make_frame(to_parameters(fit.mixture, rows), {}, &frame));
    return frame;
  };
  const Expectation expectation = expect(rows, frame_of(own), Scatter::full, workers, monitor);
  // The gap is the entropy of the responsibilities.
  const Index n = rows.n_rows();
  Eigen::MatrixXd posterior(n, 3);
  Evaluation wanted;
  wanted.posterior = posterior.data();
  wanted.n = n;
  evaluate(rows, frame_of(own), wanted, workers, monitor);
  const double entropy = -(posterior.array() * posterior.array().max(1e-300).log()).sum();
  CHECK_NEAR(expectation.gap, entropy, 1e-8);
  for (const CandidateFit* fit : {&own, &other, &third}) {
    const Frame frame = frame_of(*fit);
    const double loglik = gather(rows, frame, Scatter::diagonal, nullptr, workers, monitor).loglik;
    const double bound = expectation.gap + complete_loglik(expectation, frame);
    CHECK(bound <= loglik + 1e-9 * std::abs(loglik));
    if (fit == &own) CHECK_NEAR(bound, loglik, 1e-9);
  }
  // Full moments hold those of the other kinds.
  for (const Scatter kind : {Scatter::pooled, Scatter::diagonal}) {
    const Frame frame = frame_of(own);
    const Moments direct = to_moments(gather(rows, frame, kind, nullptr, workers, monitor), frame);
    const Moments indirect = reduced(expectation.moments, kind);
    CHECK_NEAR((direct.scatter - indirect.scatter).norm(), 0.0, 1e-9);
  }
}

TEST("halves of a component: their moments together are its own, and they bound from below") {
  for (const bool holes : {false, true}) {
    Task task(three_groups(300, 3));
    for (Index e = 0; e < task.data.x.size(); e += 7) {
      if (holes) task.data.x.data()[e] = missing;
    }
    Workers workers(1);
    Monitor monitor;
    const Observations rows(task.data.source(), RowFacts{}, workers);
    Frame frame;
    CHECK(make_frame(to_parameters(task.fit("VVV", 2).mixture, rows), {}, &frame));
    Expectation whole = expect(rows, frame, Scatter::full, workers, monitor);
    expect_halves(rows, frame, workers, monitor, &whole);
    for (Index which : {0, 1}) {
      const Expectation parts = split(whole, which);
      const Moments &all = whole.moments, &moments = parts.moments;
      const double a = moments.counts[which], b = moments.counts[2];
      CHECK(moments.n_components() == 3 && a > 1.0 && b > 1.0);
      CHECK_NEAR(a + b, all.counts[which], 1e-9);
      const Eigen::VectorXd mean =
          (a * moments.means.col(which) + b * moments.means.col(2)) / (a + b);
      CHECK_NEAR((mean - all.means.col(which)).norm(), 0.0, 1e-9);
      const Eigen::VectorXd gap = moments.means.col(2) - moments.means.col(which);
      const Eigen::MatrixXd scatter = nth_block(moments.scatter, which) +
                                      nth_block(moments.scatter, 2) +
                                      a * b / (a + b) * gap * gap.transpose();
      CHECK_NEAR((scatter - nth_block(all.scatter, which)).norm(), 0.0, 1e-8);
      CHECK(moments.means.col(1 - which) == all.means.col(1 - which));
      const Moments again = merge(parts, which, 2).moments;
      CHECK_NEAR((again.counts - all.counts).norm(), 0.0, 1e-9);
      CHECK_NEAR((again.means - all.means).norm(), 0.0, 1e-9);
      CHECK_NEAR((again.scatter - all.scatter).norm(), 0.0, 1e-8);
      // Each half is a cluster: its scatter is positive definite.
      for (Index k : {which, Index{2}}) {
        CHECK(is_positive_definite(nth_block(moments.scatter, k)));
      }
      Parameters estimate;
      estimate.weights = moments.counts / moments.counts.sum();
      estimate.means = moments.means;
      estimate.covariances = find_family("VVV").estimate(moments, nullptr, 0.0);
      Frame split_frame;
      CHECK(make_frame(estimate, {}, &split_frame));
      const double loglik =
          gather(rows, split_frame, Scatter::full, nullptr, workers, monitor).loglik;
      CHECK(parts.gap + complete_loglik(parts, split_frame) <= loglik + 1e-9 * std::abs(loglik));
    }
  }
}

TEST("merge(): the component after the pair moves up") {
  Expectation whole;
  whole.moments.counts = Eigen::Vector3d(1.0, 3.0, 5.0);
  whole.moments.means = Eigen::RowVector3d(0.0, 4.0, 9.0);
  whole.moments.scatter = Eigen::RowVector3d(1.0, 2.0, 7.0);
  const Moments merged = merge(whole, 0, 1).moments;
  CHECK(merged.n_components() == 2);
  CHECK(merged.counts[0] == 4.0 && merged.means(0, 0) == 3.0 && merged.scatter(0, 0) == 15.0);
  CHECK(merged.counts[1] == 5.0 && merged.means(0, 1) == 9.0 && merged.scatter(0, 1) == 7.0);
}

TEST("without a tolerance EM takes all its iterations and does not say that it converged") {
  for (const bool accelerate : {false, true}) {
    for (const Family& family : families) {
      Task task(three_groups(200, 2));
      task.from_groups(500).options.em.accelerate = accelerate;
      const CandidateFit usual = task.fit(family.code, 3);
      task.options.em.tol = 0.0;
      const CandidateFit found = task.fit(family.code, 3);
      CHECK(found.reason.empty() && !found.converged);
      CHECK(found.history.size() == 500);
      CHECK(found.loglik >= usual.loglik);
      CHECK_NEAR(found.loglik, plain_loglik(found.mixture, task), 1e-11);
    }
  }
}

TEST("where groups overlap, acceleration reaches the same likelihood in far fewer iterations") {
  for (const char* model : {"VVV", "EEE", "VVI", "VEV"}) {
    Task task(three_groups(800, 2));
    for (Index i = 0; i < 800; ++i) {
      task.data.x.col(i).array() -= 1.5 * task.data.labels[static_cast<std::size_t>(i)];
    }
    task.from_groups(5000);
    const CandidateFit fast = task.fit(model, 3);
    task.options.em.accelerate = false;
    const CandidateFit plain = task.fit(model, 3);
    CHECK(2 * fast.history.size() < plain.history.size());
    CHECK(fast.loglik >= plain.loglik - 1e-6);
  }
}

TEST("a pass over wide data has short sections and the same bits for all threads") {
  struct Counter : Monitor {
    int polls = 0;
    void poll() override { ++polls; }
  };
  const Index n = 512, d = 700, k = 8;
  const Groups data = three_groups(n, d);
  Workers one(1), three(3);
  const Observations rows(data.source(), RowFacts{}, one);
  Parameters parameters;
  parameters.weights.setConstant(k, 1.0 / k);
  parameters.means.setZero(d, k);
  parameters.covariances.matrices = Eigen::MatrixXd::Identity(d, d).replicate(1, k);
  Frame frame;
  Counter counter;
  make_frame(parameters, {}, &frame, &counter);
  CHECK(counter.polls == k);
  counter.polls = 0;
  Given given;
  given.partition = data.labels.data();
  given.n = n;
  const Statistics found = gather(rows, frame, Scatter::full, &given, one, counter);
  CHECK(counter.polls >= 4);
  CHECK(found.scatter == gather(rows, frame, Scatter::full, &given, three, counter).scatter);
  CHECK_NEAR(found.counts.sum(), static_cast<double>(n), 1e-9);
}

TEST("units and offsets change nothing but the units") {
  for (const Family& family : families) {
    Task plain(three_groups(500, 3));
    const CandidateFit found = plain.from_groups(500).fit(family.code, 3);
    Task other(three_groups(500, 3));
    other.from_groups(500);
    other.data.x *= 1e-7;
    const CandidateFit small = other.fit(family.code, 3);
    CHECK_NEAR(small.loglik, found.loglik - 1500.0 * std::log(1e-7), 1e-9);
    CHECK_NEAR((small.mixture.means * 1e7 - found.mixture.means).norm(), 0.0, 1e-5);
    other.data.x = plain.data.x.array() + 1e6;
    CHECK_NEAR(other.fit(family.code, 3).loglik, found.loglik, 1e-8);
    if (family.units == Units::common) continue;
    other.data.x = plain.data.x;
    other.data.x.row(1) *= 1e8;
    CHECK_NEAR(other.fit(family.code, 3).loglik, found.loglik - 500.0 * std::log(1e8), 1e-9);
  }
}

TEST("far points have a finite density and a posterior") {
  Task task(three_groups(500, 3));
  const CandidateFit found = task.fit("VVV", 3);
  Eigen::MatrixXd far(3, 2);
  far << 1e6, 1e200, -1e6, 1e200, 0.0, 1e200;
  Workers workers(1);
  double density[2], posterior[6];
  evaluate_mixture(found.mixture, {far.data(), 3, 2}, workers, density, posterior);
  for (const double value : density) CHECK(std::isfinite(value));
  CHECK_NEAR(posterior[0] + posterior[1] + posterior[2], 1.0, 1e-14);
  CHECK_NEAR(posterior[3] + posterior[4] + posterior[5], 1.0, 1e-14);
}

TEST("collapsed components have a reason, and a ridge or a prior prevents them") {
  Task task(three_groups(300, 2));
  task.data.x.leftCols(150).colwise() = Eigen::Vector2d(1.0, 2.0);
  CHECK(!task.fit("VVV", 4).reason.empty());
  Task flat(three_groups(300, 2));
  flat.data.x.row(1) = flat.data.x.row(0);
  CHECK_THROWS(
      [&] {
    Workers workers(1);
    Monitor monitor;
    fit_mixture(flat.data.view(), "VVV", 4, flat.options, workers, monitor);
      }(),
      NumericalError);
  task.options.em.ridge = 1e-4;
  CHECK(task.fit("VVV", 4).reason.empty());
  task.options.em.ridge = 0.0;
  task.options.em.prior.on = true;
  task.options.em.prior.shrinkage = 0.01;
  task.options.em.prior.dof = missing;
  CHECK(task.fit("VVV", 4).reason.empty());
}
