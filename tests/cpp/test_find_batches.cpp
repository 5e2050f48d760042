#include <Eigen/Eigenvalues>
#include <cmath>
#include <vector>

#include "core/rng.h"
#include "gmvae/select/find_batches.h"
#include "gmvae/select/principal_components.h"
#include "testing.h"

using namespace gmvae;

namespace {

// Cells of several kinds, a block of marker genes each, in batches that are `shift` higher or lower
// (natural log) in every gene.  Cell i is of kind i % n_kinds.
struct Cells {
  std::vector<int> start{0}, gene;
  std::vector<double> count, size;
  std::vector<int> kind, batch;
  Index n_genes = 120;

  Cells(Index n, int n_kinds, int n_batches, double shift, double marker = 1.5) {
    RngStream rng(31, testing::purpose);
    std::vector<double> level, sign;
    for (Index g = 0; g < n_genes; ++g) {
      level.push_back(20 * std::exp(0.3 * rng.normal()));
      for (int b = 0; b < n_batches; ++b) sign.push_back(b == 0 ? 0 : rng.normal());
    }
    for (Index i = 0; i < n; ++i) {
      kind.push_back(static_cast<int>(i) % n_kinds);
      batch.push_back(static_cast<int>(i) / n_kinds % n_batches);
      for (Index g = 0; g < n_genes; ++g) {
        const bool marks = g / 12 == kind.back();
        const double log_rate =
            std::log(level[static_cast<std::size_t>(g)]) + (marks ? marker : 0) +
            shift * sign[static_cast<std::size_t>(g * n_batches + batch.back())];
        // Nearly a Poisson count.
        const double rate = std::exp(log_rate);
        const double x = std::round(rate + std::sqrt(rate) * rng.normal());
        if (x <= 0) continue;
        gene.push_back(static_cast<int>(g));
        count.push_back(x);
      }
      start.push_back(static_cast<int>(gene.size()));
      size.push_back(1);
    }
  }
  Index n() const { return static_cast<Index>(kind.size()); }
  MatrixSource source() const { return {start.data(), gene.data(), count.data(), n_genes, n()}; }
  std::vector<bool> found(Index n_threads = 1) const {
    Workers workers(n_threads);
    Monitor monitor;
    return find_batches(source(), size.data(), workers, monitor);
  }
};

const std::vector<bool> none(400, false);

}  // namespace

TEST("find_batches(): two batches of three and of five kinds") {
  for (int n_kinds : {3, 5}) {
    const Cells cells(405, n_kinds, 2, 0.8);  // more of the first
    std::vector<bool> second;
    for (int b : cells.batch) second.push_back(b == 1);
    CHECK(cells.found() == second);
    for (Index threads : {2, 3}) CHECK(cells.found(threads) == second);
  }
}

TEST("find_batches(): none where there are only kinds") {
  for (int n_kinds : {1, 2, 3, 5, 8}) CHECK(Cells(400, n_kinds, 1, 0).found() == none);
}

TEST("find_batches(): none where batches could as well be kinds") {
  CHECK(Cells(400, 2, 2, 0.8).found() == none);
  CHECK(Cells(400, 4, 4, 0.8).found() == none);
}

TEST("find_batches(): none where they overlap, and none of few cells") {
  CHECK(Cells(400, 4, 2, 0.05).found() == none);
  CHECK(Cells(90, 3, 2, 0.8).found() == std::vector<bool>(90, false));
}

TEST("find_batches(): none of cells that are all alike") {
  Cells cells(400, 3, 2, 0.8);
  const std::size_t entries = static_cast<std::size_t>(cells.start[1]);
  cells.gene.resize(entries);
  cells.count.resize(entries);
  for (std::size_t i = 1; i < 400; ++i) {
    cells.start[i + 1] = cells.start[i] + static_cast<int>(entries);
    cells.gene.insert(cells.gene.end(), cells.gene.begin(), cells.gene.begin() + cells.start[1]);
    cells.count.insert(cells.count.end(), cells.count.begin(),
                       cells.count.begin() + cells.start[1]);
  }
  CHECK(cells.found() == none);
}

TEST("PrincipalComponents: the eigenvectors of the covariance of the logarithms") {
  const Cells cells(200, 3, 1, 0);
  const MatrixSource source = cells.source();
  Monitor monitor;
  std::vector<Index> all;
  Eigen::MatrixXd values = Eigen::MatrixXd::Zero(cells.n_genes, cells.n());
  for (Index i = 0; i < cells.n(); ++i) {
    all.push_back(i);
    for (int e = cells.start[static_cast<std::size_t>(i)];
         e < cells.start[static_cast<std::size_t>(i) + 1]; ++e) {
      values(cells.gene[static_cast<std::size_t>(e)], i) =
          std::log1p(cells.count[static_cast<std::size_t>(e)]);
    }
  }
  values.colwise() -= values.rowwise().mean().eval();
  const PrincipalComponents components(source, cells.size.data(), all, 2,
                                       RngStream(1, testing::purpose), monitor);
  const Eigen::MatrixXd points = components.points(all);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(values * values.transpose());
  for (Index c : {0, 1}) {
    const Eigen::VectorXd axis = eigen.eigenvectors().col(cells.n_genes - 1 - c);
    const Eigen::VectorXd expected = values.transpose() * axis;
    const double sign = expected.dot(points.row(c).transpose()) > 0 ? 1 : -1;
    CHECK((sign * points.row(c).transpose() - expected).norm() < 1e-6 * expected.norm());
  }
  CHECK((components.points({7}) - points.col(7)).norm() < 1e-12 * points.norm());
}
