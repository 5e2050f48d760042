#include "gmm/model/common_orientation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/dense.h"
#include "gmm/model/diagonal.h"
#include "simd/kernels.h"

namespace gmvae {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using Map = Eigen::Map<MatrixXd>;
using ConstMap = Eigen::Map<const MatrixXd>;

Covariances common_covariances(MatrixXd basis, MatrixXd variances) {
  Covariances covariances;
  covariances.form = Form::common;
  covariances.basis = std::move(basis);
  covariances.variances = std::move(variances);
  return covariances;
}

MatrixXd not_finite(Index d) {
  return MatrixXd::Constant(d, d, std::numeric_limits<double>::quiet_NaN());
}

// tr(W_k) for each k
VectorXd traces(const Moments& moments) {
  VectorXd sums(moments.n_components());
  for (Index k = 0; k < sums.size(); ++k) sums[k] = nth_block(moments.scatter, k).trace();
  return sums;
}

}  // namespace

Covariances EEE::estimate(const Moments& moments, const Covariances*, double) {
  const Index d = moments.scatter.rows();
  MatrixXd root;
  if (!cholesky(moments.scatter / moments.counts.sum(), &root)) root = not_finite(d);
  return common_covariances(std::move(root), MatrixXd::Ones(d, moments.n_components()));
}

Covariances VEE::estimate(const Moments& moments, const Covariances* before, double tol) {
  const Index d = moments.scatter.rows(), n_components = moments.n_components();
  const ConstMap columns(moments.scatter.data(), d * d, n_components);  // vec(W_k)
  const double n = moments.counts.sum();
  const MatrixXd identity = MatrixXd::Identity(d, d);
  VectorXd volumes = traces(moments), weights(n_components);
  for (Index k = 0; k < n_components; ++k) {
    volumes[k] /= moments.counts[k] * static_cast<double>(d);
    if (before != nullptr) volumes[k] = before->variances(0, k);
  }
  MatrixXd shape(d, d), root;
  double step = 0.0;
  int sweep = 0;
  do {
    for (Index k = 0; k < n_components; ++k) weights[k] = 1.0 / (n * volumes[k]);
    Map(shape.data(), d * d, 1) = multiply_vector(columns, weights);
    if (!cholesky(shape, &root)) {
      root = not_finite(d);
      break;
    }
    const MatrixXd inverse = cholesky_solve(root, identity);
    const MatrixXd traces_in_shape = crossprod(columns, ConstMap(inverse.data(), d * d, 1));
    step = 0.0;
    for (Index k = 0; k < n_components; ++k) {
      const double updated = traces_in_shape(k, 0) / (moments.counts[k] * static_cast<double>(d));
      step = std::max(step, std::abs(updated / volumes[k] - 1.0));
      volumes[k] = updated;
    }
  } while (step > VEI::smallest_step(d, tol) && ++sweep < VEI::most_sweeps);

  const double scale = std::exp(root.diagonal().array().log().mean());
  return common_covariances(root / scale, (scale * scale * volumes.transpose()).replicate(d, 1));
}

namespace {

constexpr double armijo = 1e-4;           // share of the promised descent that must come true
constexpr double least_curvature = 0.01;  // relative to n
constexpr double largest_angle = 1.0;     // of a step, in any plane of two axes
constexpr double shortest_step = 1e-6;    // relative to the quasi-Newton one
constexpr int most_steps = 200;

// The last few steps and changes of the gradient of a quasi-Newton method with limited memory
// (L-BFGS, Liu & Nocedal 1989, <doi:10.1007/BF01589116>).
class Memory {
 public:
  explicit Memory(Index size) : steps_(size, capacity), changes_(size, capacity) {}

  void remember(const MatrixXd& step, const MatrixXd& change) {
    const double product = step.cwiseProduct(change).sum();
    if (!(product > 1e-12 * step.norm() * change.norm())) return;
    const Index slot = n_++ % capacity;
    steps_.col(slot) = flat(step);
    changes_.col(slot) = flat(change);
    scale_[slot] = 1.0 / product;
  }

  // Minus the inverse Hessian times the gradient, from a diagonal Hessian and the memory.
  MatrixXd descend(const MatrixXd& gradient, const MatrixXd& curvature) {
    MatrixXd direction = -gradient;
    Eigen::Map<VectorXd> v(direction.data(), direction.size());
    const Index first = std::max<Index>(0, n_ - capacity);
    for (Index i = n_ - 1; i >= first; --i) {
      const Index slot = i % capacity;
      share_[slot] = scale_[slot] * steps_.col(slot).dot(v);
      v -= share_[slot] * changes_.col(slot);
    }
    v.array() /= flat(curvature).array();
    for (Index i = first; i < n_; ++i) {
      const Index slot = i % capacity;
      v += (share_[slot] - scale_[slot] * changes_.col(slot).dot(v)) * steps_.col(slot);
    }
    return direction;
  }

 private:
  static constexpr Index capacity = 8;

  static Eigen::Map<const VectorXd> flat(const MatrixXd& x) { return {x.data(), x.size()}; }

  MatrixXd steps_, changes_;  // size x capacity, a ring
  double scale_[capacity], share_[capacity];
  Index n_ = 0;
};

// Axes D and what is seen in them, where a diagonal family remains.
//
// With s_kj = d_j' W_k d_j, and v_kj the variances that this family makes of them, the criterion is
// sum_k n_k sum_j log v_kj up to a constant.  Its derivative along D exp(t X), X skew, is
// <gradient, X>, and on the diagonal of its Hessian is the curvature at axes that fit all
// components (Pham 2001, <doi:10.1137/S089547980035689X>).
struct Orientation {
  using Estimate = Covariances (*)(const Moments&, const Covariances*, double);

  Estimate estimate;   // of the diagonal family
  MatrixXd basis;      // D
  MatrixXd image;      // dK x d: R_k D one below the other, where W_k = R_k' R_k
  Moments axes;        // diagonal: s
  MatrixXd variances;  // v (d x K)
  double criterion = 0.0;

  Index n_components() const { return axes.n_components(); }

  void look(const MatrixXd& roots) {
    const Index d = basis.rows();
    kernels<double>().gemm(roots.rows(), d, d, roots.data(), 1, roots.rows(), basis.data(), 1, d,
                           image.data(), roots.rows(), false);
    const MatrixXd squares = ConstMap(image.data(), d, n_components() * d).colwise().squaredNorm();
    axes.scatter = ConstMap(squares.data(), n_components(), d).transpose();
    variances = estimate(axes, nullptr, 0.0).variances;
    criterion = 0.0;
    for (Index k = 0; k < n_components(); ++k) {
      double log_determinant = 0.0;
      for (Index j = 0; j < d; ++j) log_determinant += std::log(variances(j, k));
      criterion += log_determinant * axes.counts[k];
    }
  }

  // A' - A with A_jl = sum_k d_j' W_k d_l / v_kj
  MatrixXd gradient() const {
    const Index d = basis.rows();
    const MatrixXd weights = variances.transpose().cwiseInverse();
    MatrixXd weighted(image.rows(), d);
    Map(weighted.data(), d, n_components() * d) =
        ConstMap(image.data(), d, n_components() * d) *
        Eigen::Map<const VectorXd>(weights.data(), weights.size()).asDiagonal();
    MatrixXd product(d, d);
    kernels<double>().gemm(d, d, image.rows(), image.data(), image.rows(), 1, weighted.data(), 1,
                           image.rows(), product.data(), d, false);
    return product - product.transpose();
  }

  // sum_k s_kl / v_kj + s_kj / v_kl - 2 n_k, kept away from zero
  MatrixXd curvature() const {
    const double n = axes.counts.sum();
    const MatrixXd ratios = tcrossprod(variances.cwiseInverse(), axes.scatter);
    return ((ratios + ratios.transpose()).array() - 2.0 * n).max(least_curvature * n);
  }
};

// One below the other, R_k with R_k' R_k = W_k, also where W_k is singular.
MatrixXd scatter_roots(const Moments& moments) {
  const Index d = moments.scatter.rows(), n_components = moments.n_components();
  MatrixXd roots(d * n_components, d);
  for (Index k = 0; k < n_components; ++k) {
    roots.middleRows(k * d, d) = semidefinite_root(nth_block(moments.scatter, k));
  }
  return roots;
}

// Eigenvectors of the pooled scatter, every component in units of its own size.
MatrixXd pooled_axes(const Moments& moments) {
  const Index d = moments.scatter.rows();
  const VectorXd shares = moments.counts.cwiseQuotient(traces(moments));
  MatrixXd pooled = MatrixXd::Zero(d, d);
  for (Index k = 0; k < shares.size(); ++k) pooled += shares[k] * nth_block(moments.scatter, k);
  return symmetric_eigen(pooled).vectors;
}

// D times Cayley's rotation (I - X / 2)^-1 (I + X / 2) = 2 (I - X / 2)^-1 - I, X skew.
MatrixXd turn(const MatrixXd& basis, const MatrixXd& x) {
  MatrixXd half = 0.5 * x;
  half.diagonal().array() += 1.0;
  return 2.0 * lu_solve(half, basis.transpose()).transpose() - basis;
}

// Quasi-Newton over rotations, the diagonal Hessian being corrected by a few steps' memory: the
// scheme of Ablin, Cardoso & Gramfort (2018, <doi:10.1109/ICASSP.2018.8461662>) for another
// criterion over rotations.  Every step goes down.
Covariances common_axes(Orientation::Estimate estimate, const Moments& moments,
                        const Covariances* before, double tol) {
  const Index d = moments.scatter.rows();
  // A quadratic falls by half of what its slope promises, and the criterion is -2 times the
  // log-likelihood.
  const double least_descent = 4.0 * tol * moments.counts.sum();
  const MatrixXd roots = scatter_roots(moments);
  Orientation here, there;
  here.estimate = estimate;
  here.axes.kind = Scatter::diagonal;
  here.axes.counts = moments.counts;
  here.basis = before != nullptr ? before->basis : pooled_axes(moments);
  here.image.resize(roots.rows(), d);
  here.look(roots);
  there = here;

  Memory memory(d * d);
  MatrixXd gradient = here.gradient(), x;
  for (int step = 0; step < most_steps; ++step) {
    MatrixXd direction = memory.descend(gradient, here.curvature());
    const double slope = direction.cwiseProduct(gradient).sum();
    if (!(-slope > least_descent)) break;
    double length = std::min(1.0, largest_angle / direction.cwiseAbs().maxCoeff());
    do {
      x = length * direction;
      there.basis = turn(here.basis, x);
      there.look(roots);
      if (there.criterion <= here.criterion + armijo * length * slope) break;
      length /= 2.0;
    } while (length > shortest_step);
    if (!(there.criterion < here.criterion)) break;
    std::swap(here, there);
    const MatrixXd last = gradient;
    gradient = here.gradient();
    memory.remember(length * direction, gradient - last);
  }
  return common_covariances(std::move(here.basis), std::move(here.variances));
}

}  // namespace

Covariances EVE::estimate(const Moments& moments, const Covariances* before, double tol) {
  return common_axes(EVI::estimate, moments, before, tol);
}

Covariances VVE::estimate(const Moments& moments, const Covariances* before, double tol) {
  return common_axes(VVI::estimate, moments, before, tol);
}

}  // namespace gmvae
