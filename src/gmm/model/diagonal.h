// Ellipsoids along the coordinate axes, Sigma_k = lambda_k A_k with A_k diagonal and |A_k| = 1.
// They look only at the counts and the scatter (w_kj, d x K), so that other families can use them
// in axes of their own.
#pragma once

#include <cmath>
#include <utility>

#include "gmm/model/moments.h"

namespace gmvae {

inline Covariances diagonal_covariances(Eigen::MatrixXd variances) {
  Covariances covariances;
  covariances.form = Form::diagonal;
  covariances.variances = std::move(variances);
  return covariances;
}

// lambda A = sum_k W_k / n
struct EEI {
  static constexpr const char* code = "EEI";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = true;

  static Index n_parameters(Index, Index d) { return d; }

  static Covariances estimate(const Moments& moments, const Covariances*, double) {
    const Eigen::VectorXd pooled = moments.scatter.rowwise().sum() / moments.counts.sum();
    return diagonal_covariances(pooled.replicate(1, moments.n_components()));
  }
};

// In turn, up to a factor that moves between the two,
//   a_j = sum_k w_kj / lambda_k / n   and   lambda_k = sum_j w_kj / a_j / (n_k d):
// the scaling of a positive matrix to given margins (Sinkhorn & Knopp 1967,
// <doi:10.2140/pjm.1967.21.343>), a convex problem in log lambda.
struct VEI {
  static constexpr const char* code = "VEI";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = false;

  // A relative step t of all lambda changes the log-likelihood by about n d t^2 / 4.
  static double smallest_step(Index d, double tol) {
    return 2.0 * std::sqrt(tol / static_cast<double>(d));
  }
  static constexpr int most_sweeps = 1000;

  static Index n_parameters(Index k, Index d) { return k + d - 1; }

  static Covariances estimate(const Moments& moments, const Covariances* before, double tol) {
    const Eigen::MatrixXd& w = moments.scatter;
    const Eigen::ArrayXd rows = moments.counts.array() * static_cast<double>(w.rows());
    const double n = moments.counts.sum();
    Eigen::VectorXd volumes = before != nullptr
                                  ? Eigen::VectorXd(before->variances.colwise().sum())
                                  : Eigen::VectorXd(w.colwise().sum().transpose().array() / rows);
    Eigen::VectorXd shape(w.rows()), updated(volumes.size());
    double step = 0.0;
    int sweep = 0;
    do {
      shape.noalias() = w * (1.0 / (n * volumes.array())).matrix();
      updated.noalias() = w.transpose() * shape.cwiseInverse();
      updated.array() /= rows;
      step = (updated.array() / volumes.array() - 1.0).abs().maxCoeff();
      volumes.swap(updated);
    } while (step > smallest_step(w.rows(), tol) && ++sweep < most_sweeps);
    return diagonal_covariances(shape * volumes.transpose());
  }
};

// W_k is scaled to the common volume lambda = sum_k |W_k|^(1/d) / n.
struct EVI {
  static constexpr const char* code = "EVI";
  static constexpr const char* alias = "";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index d) { return 1 + k * (d - 1); }

  static Covariances estimate(const Moments& moments, const Covariances*, double) {
    const Eigen::ArrayXd volumes = moments.scatter.array().log().colwise().mean().exp();
    const double volume = volumes.sum() / moments.counts.sum();
    return diagonal_covariances(moments.scatter * (volume / volumes).matrix().asDiagonal());
  }
};

// lambda_k A_k = W_k / n_k
struct VVI {
  static constexpr const char* code = "VVI";
  static constexpr const char* alias = "diag";
  static constexpr Scatter scatter = Scatter::diagonal;
  static constexpr Units units = Units::column;
  static constexpr bool one_covariance = false;

  static Index n_parameters(Index k, Index d) { return k * d; }

  static Covariances estimate(const Moments& moments, const Covariances*, double) {
    return diagonal_covariances(moments.scatter * moments.counts.cwiseInverse().asDiagonal());
  }
};

}  // namespace gmvae
