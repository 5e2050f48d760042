#include "gmvae/data/principal_components.h"

#include "core/dense.h"
#include "gmvae/kinds.h"

using namespace gmvae;
using testing::Cells;

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
  const SymmetricEigen eigen = symmetric_eigen(tcrossprod(values, values));
  for (Index c : {0, 1}) {
    const Eigen::VectorXd axis = eigen.vectors.col(cells.n_genes - 1 - c);
    const Eigen::VectorXd expected = crossprod_vector(values, axis);
    const double sign = expected.dot(points.row(c).transpose()) > 0 ? 1 : -1;
    CHECK((sign * points.row(c).transpose() - expected).norm() < 1e-6 * expected.norm());
  }
  CHECK((components.points({7}) - points.col(7)).norm() < 1e-12 * points.norm());
}
