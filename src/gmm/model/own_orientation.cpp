#include "gmm/model/own_orientation.h"

#include <cmath>

#include "core/dense.h"
#include "gmm/model/diagonal.h"

namespace gmvae {

namespace {

// The scatter of each component in its own principal axes.
struct PrincipalAxes {
  Eigen::MatrixXd axes;  // d x dK: the eigenvectors of W_k, eigenvalues ascending
  Moments moments;       // diagonal: the eigenvalues

  explicit PrincipalAxes(const Moments& full);
  Covariances turn_back(const Covariances& covariances) const;
};

PrincipalAxes::PrincipalAxes(const Moments& full) : axes(full.scatter) {
  const Index d = axes.rows(), n_components = full.n_components();
  moments.kind = Scatter::diagonal;
  moments.counts = full.counts;
  moments.scatter.resize(d, n_components);
  for (Index k = 0; k < n_components; ++k) {
    const SymmetricEigen eigen = symmetric_eigen(nth_block(full.scatter, k));
    nth_block(axes, k) = eigen.vectors;
    moments.scatter.col(k) = eigen.values.cwiseMax(0.0);  // below: rounding
  }
}

Covariances PrincipalAxes::turn_back(const Covariances& diagonal) const {
  Covariances own;
  own.matrices.resize(axes.rows(), axes.cols());
  Eigen::MatrixXd root;
  for (Index k = 0; k < moments.n_components(); ++k) {
    root = nth_block(axes, k) * diagonal.variances.col(k).cwiseSqrt().asDiagonal();
    nth_block(own.matrices, k) = tcrossprod(root, root);
  }
  return own;
}

Covariances own_covariances(const Moments& moments, const Eigen::VectorXd& factors) {
  Covariances own;
  own.matrices.resize(moments.scatter.rows(), moments.scatter.cols());
  for (Index k = 0; k < moments.n_components(); ++k) {
    nth_block(own.matrices, k) = factors[k] * nth_block(moments.scatter, k);
  }
  return own;
}

}  // namespace

Covariances EEV::estimate(const Moments& moments, const Covariances*, double tol) {
  const PrincipalAxes principal(moments);
  return principal.turn_back(EEI::estimate(principal.moments, nullptr, tol));
}

Covariances VEV::estimate(const Moments& moments, const Covariances* before, double tol) {
  const PrincipalAxes principal(moments);
  if (before == nullptr) return principal.turn_back(VEI::estimate(principal.moments, nullptr, tol));
  // Any diagonals of the right traces will do: VEI starts at the volumes, up to a common factor.
  Covariances start;
  start.variances.resize(moments.n_dimensions(), moments.n_components());
  for (Index k = 0; k < moments.n_components(); ++k) {
    start.variances.col(k) = nth_block(before->matrices, k).diagonal();
  }
  return principal.turn_back(VEI::estimate(principal.moments, &start, tol));
}

Covariances EVV::estimate(const Moments& moments, const Covariances*, double) {
  const Index n_components = moments.n_components();
  Eigen::MatrixXd root;
  Eigen::VectorXd volumes(n_components);  // |W_k|^(1/d)
  for (Index k = 0; k < n_components; ++k) {
    const bool definite = cholesky(nth_block(moments.scatter, k), &root);
    volumes[k] = definite ? std::exp(2.0 * root.diagonal().array().log().mean()) : 0.0;
  }
  return own_covariances(moments,
                         (volumes.sum() / moments.counts.sum() / volumes.array()).matrix());
}

Covariances VVV::estimate(const Moments& moments, const Covariances*, double) {
  return own_covariances(moments, moments.counts.cwiseInverse());
}

}  // namespace gmvae
