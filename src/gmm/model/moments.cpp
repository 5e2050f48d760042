#include "gmm/model/moments.h"

#include "core/dense.h"

namespace gmvae {

Moments reduced(const Moments& full, Scatter kind) {
  if (kind == full.kind) return full;
  const Index d = full.n_dimensions(), n_components = full.n_components();
  Moments moments{kind, full.counts, full.means, {}};
  moments.scatter.setZero(d, kind == Scatter::pooled ? d : n_components);
  for (Index k = 0; k < n_components; ++k) {
    if (kind == Scatter::pooled) {
      moments.scatter += nth_block(full.scatter, k);
    } else {
      moments.scatter.col(k) = nth_block(full.scatter, k).diagonal();
    }
  }
  return moments;
}

Eigen::VectorXd Covariances::variances_of(Index k) const {
  if (form == Form::own) return nth_block(matrices, k).diagonal();
  if (form == Form::diagonal) return variances.col(k);
  Eigen::VectorXd diagonal = Eigen::VectorXd::Zero(n_dimensions());
  for (Index j = 0; j < diagonal.size(); ++j) {
    diagonal += variances(j, k) * basis.col(j).cwiseAbs2();
  }
  return diagonal;
}

Eigen::MatrixXd Covariances::matrix(Index k) const {
  if (form == Form::own) return nth_block(matrices, k);
  if (form == Form::diagonal) return variances.col(k).asDiagonal();
  return tcrossprod(basis * variances.col(k).asDiagonal(), basis);
}

}  // namespace gmvae
