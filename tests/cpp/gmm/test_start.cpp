// Starts of EM against plain definitions: trees of merges, labels by nearest Gaussian, k-means.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "algebra.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "gmm/start/hierarchical.h"
#include "gmm/start/kmeans.h"
#include "gmm/start/starts.h"
#include "testing.h"

using namespace gmvae;

namespace {

using Labels = std::vector<Index>;

Eigen::MatrixXd normals(Index d, Index n, std::uint64_t seed = 1) {
  RngStream rng(seed, testing::purpose);
  Eigen::MatrixXd x(d, n);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = rng.normal();
  return x;
}

Eigen::VectorXd masses(Index n) {
  RngStream rng(2, testing::purpose);
  Eigen::VectorXd weights(n);
  for (Index i = 0; i < n; ++i) weights[i] = 0.2 + 3.0 * rng.uniform();
  return weights;
}

Eigen::VectorXd ones(Index n) { return Eigen::VectorXd::Ones(n); }

ConstView<double> view(const Eigen::MatrixXd& x) { return {x.data(), x.rows(), x.cols()}; }

Index n_labels(const Labels& labels) {
  return static_cast<Index>(std::set<Index>(labels.begin(), labels.end()).size());
}

// Labels renamed in the order of each one's first point.
Labels in_order(const Labels& labels) {
  std::map<Index, Index> names;
  Labels renamed;
  for (const Index label : labels) {
    renamed.push_back(names.emplace(label, static_cast<Index>(names.size())).first->second);
  }
  return renamed;
}

// Mass, scatter and criteria of the columns with one label.
struct Cluster {
  double mass = 0.0;
  Eigen::VectorXd mean;
  Eigen::MatrixXd scatter;
};

Cluster cluster(const Eigen::MatrixXd& x, const Eigen::VectorXd& weights, const Labels& labels,
                Index a, Index b) {
  Cluster found{0.0, Eigen::VectorXd::Zero(x.rows()), Eigen::MatrixXd::Zero(x.rows(), x.rows())};
  const auto inside = [&](Index i) {
    const Index label = labels[static_cast<std::size_t>(i)];
    return label == a || label == b;
  };
  for (Index i = 0; i < x.cols(); ++i) {
    if (!inside(i)) continue;
    found.mass += weights[i];
    found.mean += weights[i] * x.col(i);
  }
  found.mean /= found.mass;
  for (Index i = 0; i < x.cols(); ++i) {
    if (!inside(i)) continue;
    const Eigen::VectorXd gap = x.col(i) - found.mean;
    found.scatter += weights[i] * gap * gap.transpose();
  }
  return found;
}

double sum_of_squares(const Cluster& found) { return found.scatter.trace(); }

// Agglomeration that recomputes the criterion of every pair from its points, O(n^4) and more.
template <typename Criterion>
std::vector<Labels> plain_partitions(const Eigen::MatrixXd& x, const Eigen::VectorXd& weights,
                                     const Criterion& criterion) {
  const std::size_t n = static_cast<std::size_t>(x.cols());
  Labels labels(n);
  for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<Index>(i);
  std::vector<Labels> partitions(n + 1);
  for (std::size_t k = n; k >= 1; --k) {
    partitions[k] = in_order(labels);
    const std::set<Index> left(labels.begin(), labels.end());
    double least = std::numeric_limits<double>::infinity();
    Index first = -1, second = -1;
    for (const Index a : left) {
      for (const Index b : left) {
        if (b <= a) continue;
        const double cost = criterion(cluster(x, weights, labels, a, b)) -
                            criterion(cluster(x, weights, labels, a, a)) -
                            criterion(cluster(x, weights, labels, b, b));
        if (cost < least) {
          least = cost;
          first = a;
          second = b;
        }
      }
    }
    std::replace(labels.begin(), labels.end(), second, first);
  }
  return partitions;
}

// The penalised classification likelihood of one cluster among the columns of x.
auto penalised(const Eigen::MatrixXd& x, const Eigen::VectorXd& weights) {
  const Labels together(static_cast<std::size_t>(x.cols()), 0);
  const Cluster all = cluster(x, weights, together, 0, 0);
  const double penalty = all.scatter.trace() / (all.mass * static_cast<double>(x.rows()));
  return [penalty](const Cluster& found) {
    Eigen::MatrixXd scatter = found.scatter;
    scatter.diagonal().array() += penalty;
    return found.mass * testing::log_determinant(scatter / found.mass);
  };
}

// The same by volume and trace.
auto volume_and_trace_of(const Eigen::MatrixXd& x, const Eigen::VectorXd& weights) {
  const Labels together(static_cast<std::size_t>(x.cols()), 0);
  const Cluster all = cluster(x, weights, together, 0, 0);
  const double dims = static_cast<double>(x.rows()),
               least = all.scatter.trace() / (all.mass * dims);
  return [dims, least](const Cluster& found) {
    const double volume =
        found.mass > dims ? testing::determinant(found.scatter / found.mass) : 0.0;
    return found.mass * std::log(volume + (found.scatter.trace() + least) / found.mass);
  };
}

// Two elongated clusters that cross, n points in each.
Eigen::MatrixXd crossing(Index n) {
  Eigen::MatrixXd x = normals(2, 2 * n, 5);
  x.topLeftCorner(1, n) *= 10.0;
  x.bottomRightCorner(1, n) *= 10.0;
  return x;
}

// The share of columns whose label is that of their half, labels matched as well as they can be;
// the middle, where both clusters are, doesn't count.
double agreement(const Eigen::MatrixXd& x, const Labels& labels) {
  double same = 0.0, counted = 0.0;
  for (Index i = 0; i < x.cols(); ++i) {
    if (x.col(i).cwiseAbs().maxCoeff() < 4.0) continue;
    counted += 1.0;
    same += labels[static_cast<std::size_t>(i)] == (2 * i < x.cols() ? 0 : 1);
  }
  return std::max(same, counted - same) / counted;
}

using Tree = Merges (*)(const Eigen::MatrixXd&, const Eigen::VectorXd&, Monitor&);
constexpr Tree trees[] = {ward, model_based, volume_and_trace};

}  // namespace

TEST("ward() is the plain agglomeration, with and without weights") {
  Monitor monitor;
  for (const Index d : {1, 3}) {
    const Eigen::MatrixXd x = normals(d, 40);
    for (const Eigen::VectorXd& weights : {ones(40), masses(40)}) {
      const Merges merges = ward(x, weights, monitor);
      const auto plain = plain_partitions(x, weights, sum_of_squares);
      for (Index k = 1; k <= 40; ++k) CHECK(cut(merges, k) == plain[static_cast<std::size_t>(k)]);
      double total = 0.0;
      for (const Merge& step : merges.steps) total += step.cost;
      const Cluster all = cluster(x, weights, Labels(40, 0), 0, 0);
      CHECK_NEAR(total, sum_of_squares(all), 1e-12);
    }
  }
}

TEST("model_based() is the plain agglomeration, with and without weights") {
  Monitor monitor;
  for (const Index d : {1, 2, 9}) {
    const Eigen::MatrixXd x = normals(d, 37);
    for (const Eigen::VectorXd& weights : {ones(37), masses(37)}) {
      const Merges merges = model_based(x, weights, monitor);
      const auto plain = plain_partitions(x, weights, penalised(x, weights));
      for (Index k = 1; k <= 37; ++k) CHECK(cut(merges, k) == plain[static_cast<std::size_t>(k)]);
    }
  }
}

TEST("volume_and_trace() is the plain agglomeration, with and without weights") {
  Monitor monitor;
  for (const Index d : {1, 2, 9}) {
    const Eigen::MatrixXd x = normals(d, 37);
    for (const Eigen::VectorXd& weights : {ones(37), masses(37)}) {
      for (const double unit : {0.2, 1.0, 5.0}) {  // the criterion depends on it
        const Eigen::MatrixXd scaled = unit * x;
        const Merges merges = volume_and_trace(scaled, weights, monitor);
        const auto plain = plain_partitions(scaled, weights, volume_and_trace_of(scaled, weights));
        for (Index k = 1; k <= 37; ++k) CHECK(cut(merges, k) == plain[static_cast<std::size_t>(k)]);
      }
    }
  }
}

TEST("half_sphered() leaves each principal component its singular value as scale") {
  const Eigen::MatrixXd x = normals(3, 50);
  const Eigen::VectorXd weights = masses(50);
  const Eigen::MatrixXd half = PrincipalAxes(x, weights).half_sphered();
  const Eigen::VectorXd mean = x * weights / weights.sum();
  const Eigen::MatrixXd rooted = (x.colwise() - mean) * weights.cwiseSqrt().asDiagonal();
  const Eigen::VectorXd squares = symmetric_eigenvalues(tcrossprod(rooted, rooted)).reverse();
  const Eigen::MatrixXd products = tcrossprod(half * weights.asDiagonal(), half);
  CHECK_NEAR((products - Eigen::MatrixXd(squares.cwiseSqrt().asDiagonal())).norm(), 0.0, 1e-10);
}

TEST("from Ward's groups model_based() goes on by its own criterion") {
  Monitor monitor;
  const Index d = 150, n = 110;  // more points than the groups it starts from
  const Eigen::MatrixXd x = normals(d, n);
  const Eigen::VectorXd weights = masses(n);
  const Merges tree = ward(x, weights, monitor), merges = model_based(x, weights, monitor);
  CHECK(cut(merges, 64) == cut(tree, 64));
  CHECK(cut(merges, 40) != cut(tree, 40));
  const auto criterion = penalised(x, weights);
  const Labels before = cut(merges, 2);
  const double rise = criterion(cluster(x, weights, before, 0, 1)) -
                      criterion(cluster(x, weights, before, 0, 0)) -
                      criterion(cluster(x, weights, before, 1, 1));
  CHECK_NEAR(merges.steps.back().cost, rise, 1e-9);
}

TEST("a point of weight 2 is the point twice") {
  Monitor monitor;
  const Index n = 60;
  const Eigen::MatrixXd x = normals(2, n);
  Eigen::MatrixXd doubled(2, n + 20);
  doubled << x, x.leftCols(20);
  Eigen::VectorXd weights = ones(n);
  weights.head(20).setConstant(2.0);
  for (const Tree tree : trees) {
    const Merges weighted = tree(x, weights, monitor),
                 repeated = tree(doubled, ones(n + 20), monitor);
    for (Index k = 1; k <= n; ++k) {
      Labels labels = cut(repeated, k);
      for (std::size_t i = 0; i < 20; ++i)
        CHECK(labels[i] == labels[static_cast<std::size_t>(n) + i]);
      labels.resize(static_cast<std::size_t>(n));
      CHECK(labels == cut(weighted, k));
    }
  }
}

TEST("model_based() separates crossing clusters, ward() does not") {
  Monitor monitor;
  const Eigen::MatrixXd x = crossing(200);
  CHECK(agreement(x, cut(model_based(x, ones(400), monitor), 2)) > 0.95);
  CHECK(agreement(x, cut(ward(x, ones(400), monitor), 2)) < 0.75);
}

TEST("cuts are nested and have k labels") {
  Monitor monitor;
  const Eigen::MatrixXd x = normals(3, 80);
  for (const Tree tree : trees) {
    const Merges merges = tree(x, ones(80), monitor);
    CHECK(merges.steps.size() == 79);
    for (Index k = 1; k <= 80; ++k) {
      const Labels coarse = cut(merges, k);
      CHECK(n_labels(coarse) == k);
      CHECK(coarse == in_order(coarse));
      if (k == 80) continue;
      std::set<std::pair<Index, Index>> pairs;
      const Labels fine = cut(merges, k + 1);
      for (std::size_t i = 0; i < 80; ++i) pairs.insert({fine[i], coarse[i]});
      CHECK(static_cast<Index>(pairs.size()) == k + 1);
    }
  }
}

TEST("few, equal and repeated points have trees and partitions") {
  Monitor monitor;
  Workers workers(2);
  const RngStream rng(3, testing::purpose);
  for (const Index d : {1, 4}) {
    Eigen::MatrixXd repeated = normals(d, 50);
    repeated.rightCols(40) = repeated.leftCols(10).replicate(1, 4);
    for (const Eigen::MatrixXd& x :
         {normals(d, 1), normals(d, 2), Eigen::MatrixXd(Eigen::MatrixXd::Constant(d, 30, 0.1)),
          repeated}) {
      const Index n = x.cols();
      for (const Tree tree : trees) {
        for (const Eigen::MatrixXd& points : {x, PrincipalAxes(x, masses(n)).sphered()}) {
          const Merges merges = tree(points, masses(n), monitor);
          for (Index k = 1; k <= n; ++k) CHECK(n_labels(cut(merges, k)) == k);
        }
      }
      for (Index k = 1; k <= n; ++k) {
        const Eigen::MatrixXd none(d, 0);
        CHECK(n_labels(kmeans(view(x), masses(n), k, none, rng, workers, monitor)) == k);
        CHECK(n_labels(random_partition(view(x), masses(n), k, rng, workers, monitor)) == k);
      }
      Labels labels(static_cast<std::size_t>(n), 0);
      Classifier(x, masses(n), labels, 2).classify(view(x), labels.data());
      CHECK(labels == Labels(static_cast<std::size_t>(n), 0));
    }
  }
}

TEST("sphered points have the identity as covariance, directions without spread are gone") {
  Eigen::MatrixXd x = normals(4, 100);
  x.row(2) = 3.0 * x.row(0) - x.row(1);
  x.row(3) *= 1e-3;
  const Eigen::VectorXd weights = masses(100);
  const Eigen::MatrixXd sphered = PrincipalAxes(x, weights).sphered();
  CHECK(sphered.rows() == 3);
  const Cluster all = cluster(sphered, weights, Labels(100, 0), 0, 0);
  CHECK(all.mean.norm() < 1e-12);
  CHECK((all.scatter / all.mass - Eigen::MatrixXd::Identity(3, 3)).norm() < 1e-9);
  const PrincipalAxes none(Eigen::MatrixXd::Constant(3, 20, 0.1), masses(20));
  CHECK(none.sphered().rows() == 0);
}

TEST("a classifier is its formula, block by block") {
  const Index d = 3, k = 4, n = 60;
  const Eigen::MatrixXd x = normals(d, n), further = 2.0 * normals(d, 500, 9);
  const Eigen::VectorXd weights = masses(n);
  Labels labels(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < labels.size(); ++i) {  // label 2 is missing, 3 has a single point
    labels[i] = i == 7 ? 3 : static_cast<Index>(i % 2);
  }
  Eigen::MatrixXd pooled = Eigen::MatrixXd::Zero(d, d);
  for (const Index c : {0, 1, 3}) {
    pooled += cluster(x, weights, labels, c, c).scatter / weights.sum();
  }
  const Cluster all = cluster(x, weights, Labels(static_cast<std::size_t>(n), 0), 0, 0);
  pooled.diagonal().array() += 1e-8 * all.scatter.trace() / (all.mass * d);
  const Classifier classifier(x, weights, labels, k);
  Labels found(500);
  for (Index begin = 0; begin < 500; begin += 125) {
    classifier.classify({further.col(begin).data(), d, 125}, found.data() + begin);
  }
  for (Index i = 0; i < 500; ++i) {
    double best = -std::numeric_limits<double>::infinity();
    Index expected = -1;
    for (const Index c : {0, 1, 3}) {
      const Cluster own = cluster(x, weights, labels, c, c);
      const Eigen::MatrixXd covariance = (own.scatter + (d + 1) * pooled) / (own.mass + d + 1);
      const Eigen::VectorXd gap = further.col(i) - own.mean;
      const double score = std::log(own.mass) - 0.5 * testing::log_determinant(covariance) -
                           0.5 * gap.dot(testing::solve(covariance, gap).col(0));
      if (score > best) {
        best = score;
        expected = c;
      }
    }
    CHECK(found[static_cast<std::size_t>(i)] == expected);
  }
}

TEST("few starts are the first of many, whichever trees these need") {
  Workers workers(1);
  Monitor monitor;
  for (Index d : {1, 4}) {
    for (Index n : {3, 60}) {  // 3: too few to be sphered in 4 dimensions
      const Eigen::MatrixXd x = normals(d, n);
      const Starts many(x, masses(n), {}, 12, 1, workers, monitor);
      for (Index n_starts = 1; n_starts < 12; ++n_starts) {
        const Starts few(x, masses(n), {}, n_starts, 1, workers, monitor);
        const std::vector<Start> of_few = few.make(3, workers, monitor);
        const std::vector<Start> of_many = many.make(3, workers, monitor);
        CHECK(static_cast<Index>(of_few.size()) == n_starts);
        for (std::size_t i = 0; i < of_few.size(); ++i) {
          CHECK(of_few[i].name == of_many[i].name);
          CHECK(of_few[i].partition == of_many[i].partition);
        }
      }
    }
  }
}

TEST("k-means and random partitions don't depend on the number of threads") {
  Monitor monitor;
  Workers one(1), three(3);
  const Eigen::MatrixXd x = normals(5, 3000), none(5, 0);
  const Eigen::VectorXd weights = masses(3000);
  const RngStream rng(4, testing::purpose);
  CHECK(kmeans(view(x), weights, 7, none, rng, one, monitor) ==
        kmeans(view(x), weights, 7, none, rng, three, monitor));
  CHECK(random_partition(view(x), weights, 7, rng, one, monitor) ==
        random_partition(view(x), weights, 7, rng, three, monitor));
}

TEST("k-means finds separated groups whatever their mass") {
  Monitor monitor;
  Workers workers(2);
  Eigen::MatrixXd x = 0.1 * normals(2, 300);
  Labels groups(300);
  for (Index i = 0; i < 300; ++i) {
    groups[static_cast<std::size_t>(i)] = i % 3;
    x(0, i) += 10.0 * static_cast<double>(i % 3);
  }
  const Eigen::MatrixXd none(2, 0);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const RngStream rng(seed, testing::purpose);
    CHECK(in_order(kmeans(view(x), masses(300), 3, none, rng, workers, monitor)) == groups);
  }
}

TEST("masses draw k-means' centres towards heavy points") {
  Monitor monitor;
  Workers workers(1);
  // Two seeds at the ends; the heavy point between them moves the left centre beyond the middle
  // of the light ones, so that the point at 5.4 changes sides.
  Eigen::MatrixXd x(1, 4), fixed(1, 2);
  x << 0.0, 4.0, 5.4, 10.0;
  fixed << 0.0, 10.0;
  Eigen::VectorXd weights = ones(4);
  const RngStream rng(6, testing::purpose);
  CHECK(kmeans(view(x), weights, 2, fixed, rng, workers, monitor) == Labels({0, 0, 1, 1}));
  weights[1] = 100.0;
  CHECK(kmeans(view(x), weights, 2, fixed, rng, workers, monitor) == Labels({0, 0, 0, 1}));
}

TEST("fixed centres keep their numbers") {
  Monitor monitor;
  Workers workers(2);
  Eigen::MatrixXd x = 0.1 * normals(2, 400);
  for (Index i = 0; i < 400; ++i) x(0, i) += 10.0 * static_cast<double>(i % 4);
  Eigen::MatrixXd fixed = Eigen::MatrixXd::Zero(2, 2);
  fixed(0, 0) = 30.0;
  fixed(0, 1) = 10.0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const RngStream rng(seed, testing::purpose);
    const Labels labels = kmeans(view(x), masses(400), 4, fixed, rng, workers, monitor);
    CHECK(n_labels(labels) == 4);
    for (std::size_t i = 0; i < 400; ++i) {
      CHECK((labels[i] == 0) == (i % 4 == 3));
      CHECK((labels[i] == 1) == (i % 4 == 1));
    }
  }
}

TEST("a label whose centre is far from every point still occurs") {
  Monitor monitor;
  Workers workers(1);
  const Eigen::MatrixXd x = normals(2, 50);
  Eigen::MatrixXd fixed = Eigen::MatrixXd::Constant(2, 5, 1e3);
  fixed.col(0).setZero();
  const RngStream rng(7, testing::purpose);
  CHECK(n_labels(kmeans(view(x), ones(50), 5, fixed, rng, workers, monitor)) == 5);
}

TEST("a random partition takes each point to the nearest of k different points") {
  Monitor monitor;
  Workers workers(1);
  Eigen::MatrixXd x(1, 100);  // five places, the first with nearly all the points
  for (Index i = 0; i < 100; ++i) x(0, i) = std::max(0.0, static_cast<double>(i - 95));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const RngStream rng(seed, testing::purpose);
    const Labels labels = random_partition(view(x), ones(100), 5, rng, workers, monitor);
    for (std::size_t i = 1; i < 96; ++i) CHECK(labels[i] == labels[0]);
    CHECK(n_labels(labels) == 5);
  }
}
