#include "gmm/model/own_orientation.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>

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
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(d);
  for (Index k = 0; k < n_components; ++k) {
    solver.compute(nth_block(full.scatter, k));
    nth_block(axes, k) = solver.eigenvectors();
    moments.scatter.col(k) = solver.eigenvalues().cwiseMax(0.0);  // below: rounding
  }
}

Covariances PrincipalAxes::turn_back(const Covariances& diagonal) const {
  Covariances own;
  own.matrices.resize(axes.rows(), axes.cols());
  Eigen::MatrixXd root;
  for (Index k = 0; k < moments.n_components(); ++k) {
    root = nth_block(axes, k) * diagonal.variances.col(k).cwiseSqrt().asDiagonal();
    nth_block(own.matrices, k).noalias() = root * root.transpose();
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
  const Index d = moments.scatter.rows(), n_components = moments.n_components();
  Eigen::LLT<Eigen::MatrixXd> cholesky(d);
  Eigen::VectorXd volumes(n_components);  // |W_k|^(1/d)
  for (Index k = 0; k < n_components; ++k) {
    cholesky.compute(nth_block(moments.scatter, k));
    const bool singular = cholesky.info() != Eigen::Success;
    volumes[k] =
        singular ? 0.0 : std::exp(2.0 * cholesky.matrixLLT().diagonal().array().log().mean());
  }
  return own_covariances(moments,
                         (volumes.sum() / moments.counts.sum() / volumes.array()).matrix());
}

Covariances VVV::estimate(const Moments& moments, const Covariances*, double) {
  return own_covariances(moments, moments.counts.cwiseInverse());
}

}  // namespace gmvae
