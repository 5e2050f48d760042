// The mixture engine against plain definitions.
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/numeric.h"
#include "core/rng.h"
#include "gmm/em.h"
#include "gmm/family.h"
#include "gmm/frame.h"
#include "gmm/init.h"
#include "testing.h"

using namespace gmvae;

namespace {

// n columns from three Gaussians of different size, shape and share.
struct Sample {
  Eigen::MatrixXd x;
  std::vector<Index> labels;
  ConstView<double> view() const { return {x.data(), x.rows(), x.cols()}; }
};

Sample three_groups(Index n, Index d) {
  Sample sample{Eigen::MatrixXd(d, n), std::vector<Index>(static_cast<std::size_t>(n))};
  RngStream rng(1, Purpose::test);
  for (Index i = 0; i < n; ++i) {
    const double u = rng.uniform();
    const Index group = u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
    double previous = 0.0;
    for (Index j = 0; j < d; ++j) {
      previous = rng.normal() + (group == 2 ? 0.7 : 0.0) * previous;
      sample.x(j, i) = 3.0 * static_cast<double>(group) + previous / (1.0 + 0.5 * group);
    }
    sample.labels[static_cast<std::size_t>(i)] = group;
  }
  return sample;
}

EmOptions options_for(const std::string& model, Index k) {
  return {model, k, 500, 1e-10, 4, 0.0, 7, {}};
}

double plain_log_density(const Mixture& mixture, const Eigen::VectorXd& x) {
  std::vector<double> terms;
  for (Index k = 0; k < mixture.weights.size(); ++k) {
    const Eigen::MatrixXd& covariance = mixture.covariances[static_cast<std::size_t>(k)];
    const Eigen::VectorXd centred = x - mixture.means.col(k);
    const Eigen::LLT<Eigen::MatrixXd> cholesky(covariance);
    const Eigen::MatrixXd root = cholesky.matrixL();
    terms.push_back(
        std::log(mixture.weights[k]) - root.diagonal().array().log().sum() -
        0.5 * (static_cast<double>(x.size()) * log_two_pi + centred.dot(cholesky.solve(centred))));
  }
  return log_sum_exp(terms.data(), static_cast<Index>(terms.size()));
}

EmFit fit(const Sample& sample, const EmOptions& options, Index n_threads = 2) {
  Workers workers(n_threads);
  Monitor monitor;
  return fit_mixture(sample.view(), options, workers, monitor);
}

}  // namespace

TEST("a fit's log-likelihood and posterior are those of its parameters") {
  for (const Family& family : families) {
    const Sample sample = three_groups(1100, 3);
    const EmFit found = fit(sample, options_for(family.code, 3));
    Workers workers(2);
    Eigen::VectorXd density(1100);
    Eigen::MatrixXd posterior(3, 1100);
    evaluate_mixture(found.mixture, sample.view(), workers, density.data(), posterior.data());
    double sum = 0.0;
    for (Index i = 0; i < 1100; ++i) {
      const double plain = plain_log_density(found.mixture, sample.x.col(i));
      CHECK_NEAR(density[i], plain, 1e-11);
      CHECK_NEAR(posterior.col(i).sum(), 1.0, 1e-14);
      sum += plain;
    }
    CHECK_NEAR(found.loglik, sum, 1e-12);
    CHECK_NEAR(found.history.back(), found.loglik, 0.0);
    CHECK(found.converged);
  }
}

TEST("the log-likelihood never falls, and the components come by decreasing weight") {
  for (const Family& family : families) {
    const EmFit found = fit(three_groups(700, 4), options_for(family.alias, 4));
    for (std::size_t i = 1; i < found.history.size(); ++i) {
      CHECK(found.history[i] >= found.history[i - 1]);
    }
    CHECK_NEAR(found.mixture.weights.sum(), 1.0, 1e-14);
    for (Index k = 1; k < 4; ++k) CHECK(found.mixture.weights[k] <= found.mixture.weights[k - 1]);
  }
}

TEST("one M-step from a partition is the plain estimate of each family") {
  const Sample sample = three_groups(900, 3);
  std::vector<Eigen::MatrixXd> scatter(3, Eigen::MatrixXd::Zero(3, 3));
  Eigen::MatrixXd means = Eigen::MatrixXd::Zero(3, 3);
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(3);
  for (Index i = 0; i < 900; ++i) {
    const Index label = sample.labels[static_cast<std::size_t>(i)];
    counts[label] += 1.0;
    means.col(label) += sample.x.col(i);
  }
  means *= counts.cwiseInverse().asDiagonal();
  for (Index i = 0; i < 900; ++i) {
    const Index label = sample.labels[static_cast<std::size_t>(i)];
    const Eigen::VectorXd centred = sample.x.col(i) - means.col(label);
    scatter[static_cast<std::size_t>(label)] += centred * centred.transpose();
  }
  const Eigen::MatrixXd pooled = (scatter[0] + scatter[1] + scatter[2]) / 900.0;
  for (const Family& family : families) {
    EmOptions options = options_for(family.code, 3);
    options.max_iter = 1;
    options.start = sample.labels;
    const EmFit found = fit(sample, options);
    CHECK(found.n_iter == 1);
    for (Index k = 0; k < 3; ++k) {
      const Eigen::MatrixXd own = scatter[static_cast<std::size_t>(k)] / counts[k];
      Eigen::MatrixXd expected = own;
      if (std::string(family.code) == "EEE") expected = pooled;
      if (std::string(family.code) == "VVI") expected = own.diagonal().asDiagonal();
      if (std::string(family.code) == "VII") {
        expected = Eigen::MatrixXd::Identity(3, 3) * (own.trace() / 3.0);
      }
      // The groups were drawn with decreasing shares, so the canonical order is theirs.
      CHECK_NEAR(found.mixture.weights[k], counts[k] / 900.0, 1e-13);
      CHECK_NEAR((found.mixture.means.col(k) - means.col(k)).norm(), 0.0, 1e-12);
      CHECK_NEAR((found.mixture.covariances[static_cast<std::size_t>(k)] - expected).norm(), 0.0,
                 1e-12);
    }
  }
}

TEST("statistics of parts add up to those of the whole") {
  const Sample sample = three_groups(1000, 3);
  Workers workers(1);
  Monitor monitor;
  for (const char* model : {"VVV", "VVI"}) {
    const Family& family = find_family(model);
    Frame frame;
    const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(3, 3);
    Eigen::MatrixXd covariances = Eigen::MatrixXd::Ones(3, 2);
    if (family.scatter == Scatter::full) covariances = identity.replicate(1, 2);
    CHECK(make_frame(Eigen::Vector2d(0.3, 0.7), sample.x.leftCols(2), covariances, family.scatter,
                     &frame));
    const Statistics whole = gather(sample.view(), frame, nullptr, workers, monitor);
    Statistics parts = gather({sample.x.data(), 3, 400}, frame, nullptr, workers, monitor);
    parts += gather({sample.x.data() + 3 * 400, 3, 600}, frame, nullptr, workers, monitor);
    CHECK_NEAR(parts.loglik, whole.loglik, 1e-13);
    CHECK_NEAR((parts.counts - whole.counts).norm(), 0.0, 1e-10);
    CHECK_NEAR((parts.sums - whole.sums).norm(), 0.0, 1e-10);
    CHECK_NEAR((parts.scatter - whole.scatter).norm() / whole.scatter.norm(), 0.0, 1e-13);
  }
}

TEST("the bits don't depend on the number of threads") {
  const Sample sample = three_groups(9001, 3);
  for (const Family& family : families) {
    const EmFit one = fit(sample, options_for(family.code, 3), 1);
    for (Index n_threads : {2, 3, 5}) {
      const EmFit other = fit(sample, options_for(family.code, 3), n_threads);
      CHECK(one.history == other.history);
      CHECK(one.mixture.means == other.mixture.means);
      CHECK(one.mixture.covariances[0] == other.mixture.covariances[0]);
      CHECK(one.starts == other.starts);
    }
  }
}

TEST("the work is cut into sections without changing it") {
  // Wide enough that a pass has more than one section.
  const Index n = 40000, d = 60, k = 2;
  Sample sample = three_groups(n, d);
  for (Index& label : sample.labels) label = std::min<Index>(label, 1);
  EmOptions options = options_for("VVV", k);
  options.max_iter = 1;
  options.start = sample.labels;
  const EmFit found = fit(sample, options);
  double sum = 0.0;
  for (Index i = 0; i < n; i += 100) sum += plain_log_density(found.mixture, sample.x.col(i));
  CHECK_NEAR(found.loglik / static_cast<double>(n), sum / static_cast<double>(n / 100), 0.01);
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(k);
  for (const Index label : sample.labels) counts[label] += 1.0;
  CHECK_NEAR(found.mixture.weights[0], counts.maxCoeff() / static_cast<double>(n), 1e-12);
}

TEST("a pass over wide data has short sections and the same bits for all threads") {
  struct Counter : Monitor {
    int polls = 0;
    void poll() override { ++polls; }
  };
  const Index n = 512, d = 700, k = 8;
  const Sample sample = three_groups(n, d);
  Frame unit;
  make_frame(Eigen::VectorXd::Ones(k), Eigen::MatrixXd::Zero(d, k),
             Eigen::MatrixXd::Identity(d, d).replicate(1, k), Scatter::full, &unit);
  Counter counter;
  Workers one(1), three(3);
  const Statistics found = gather(sample.view(), unit, sample.labels.data(), one, counter);
  CHECK(counter.polls >= 4);
  counter.polls = 0;
  to_moments(found, unit, &counter);
  CHECK(counter.polls == 3);  // one for each component with rows
  CHECK(found.scatter == gather(sample.view(), unit, sample.labels.data(), three, counter).scatter);
  CHECK_NEAR(found.sums.rowwise().sum().sum() / sample.x.sum(), 1.0, 1e-12);
}

TEST("units and offsets change nothing but the units") {
  const Sample sample = three_groups(500, 3);
  for (const Family& family : families) {
    const EmFit plain = fit(sample, options_for(family.code, 3));
    Sample other = sample;
    other.x *= 1e-7;
    const EmFit small = fit(other, options_for(family.code, 3));
    CHECK_NEAR(small.loglik, plain.loglik - 500.0 * 3.0 * std::log(1e-7), 1e-10);
    CHECK_NEAR((small.mixture.means - 1e-7 * plain.mixture.means).norm() * 1e7, 0.0, 1e-6);
    other.x = sample.x.array() + 1e6;
    CHECK_NEAR(fit(other, options_for(family.code, 3)).loglik, plain.loglik, 1e-8);
    if (family.units == Units::common) continue;
    other.x = sample.x;
    other.x.row(1) *= 1e8;
    CHECK_NEAR(fit(other, options_for(family.code, 3)).loglik, plain.loglik - 500.0 * std::log(1e8),
               1e-10);
  }
}

TEST("far points have a finite density and a posterior") {
  const EmFit found = fit(three_groups(500, 3), options_for("VVV", 3));
  Eigen::MatrixXd far(3, 2);
  far << 1e6, 1e200, -1e6, 1e200, 0.0, 1e200;
  Workers workers(1);
  double density[2], posterior[6];
  evaluate_mixture(found.mixture, {far.data(), 3, 2}, workers, density, posterior);
  for (const double value : density) CHECK(std::isfinite(value));
  CHECK_NEAR(posterior[0] + posterior[1] + posterior[2], 1.0, 1e-14);
  CHECK_NEAR(posterior[3] + posterior[4] + posterior[5], 1.0, 1e-14);
}

TEST("collapsed components are errors, and a ridge prevents them") {
  Sample sample = three_groups(300, 2);
  sample.x.leftCols(150).colwise() = Eigen::Vector2d(1.0, 2.0);
  EmOptions options = options_for("VVV", 4);
  CHECK_THROWS(fit(sample, options), NumericalError);
  options.ridge = 1e-4;
  CHECK(std::isfinite(fit(sample, options).loglik));
}

TEST("input that can't be fitted is refused") {
  const Sample sample = three_groups(20, 2);
  CHECK_THROWS(fit(sample, options_for("XYZ", 2)), std::invalid_argument);
  CHECK_THROWS(fit(sample, options_for("VVV", 0)), std::invalid_argument);
  CHECK_THROWS(fit(sample, options_for("VVV", 21)), std::invalid_argument);
  EmOptions options = options_for("VVV", 2);
  options.start = {0, 1};
  CHECK_THROWS(fit(sample, options), std::invalid_argument);
  options.start.assign(20, 5);
  CHECK_THROWS(fit(sample, options), std::invalid_argument);
}

TEST("parameter counts are those of the families") {
  // weights 2 + means 3 d = 12, d = 4
  CHECK(fit(three_groups(300, 4), options_for("VVV", 3)).n_parameters == 14 + 30);
  CHECK(fit(three_groups(300, 4), options_for("EEE", 3)).n_parameters == 14 + 10);
  CHECK(fit(three_groups(300, 4), options_for("VVI", 3)).n_parameters == 14 + 12);
  CHECK(fit(three_groups(300, 4), options_for("VII", 3)).n_parameters == 14 + 3);
}

TEST("a monitor can stop a fit") {
  struct Stop : Monitor {
    void poll() override { throw std::runtime_error("stop"); }
  } monitor;
  const Sample sample = three_groups(300, 2);
  Workers workers(2);
  CHECK_THROWS(fit_mixture(sample.view(), options_for("VVV", 2), workers, monitor),
               std::runtime_error);
}

TEST("kmeans() finds separated groups and labels every column") {
  Sample sample = three_groups(600, 2);
  for (Index i = 0; i < 600; ++i) {
    sample.x.col(i).array() += 20.0 * static_cast<double>(sample.labels[i]);
  }
  Workers workers(2);
  Monitor monitor;
  const std::vector<Index> labels =
      kmeans(sample.view(), 3, RngStream(3, Purpose::mixture_start), workers, monitor);
  for (std::size_t i = 0; i < 600; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      CHECK((labels[i] == labels[j]) == (sample.labels[i] == sample.labels[j]));
    }
  }
}
