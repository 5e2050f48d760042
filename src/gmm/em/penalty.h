// What is added to the log-likelihood: the log-density of a conjugate prior (Fraley & Raftery 2007,
// <doi:10.1007/s00357-007-0004-5>) and a ridge.
//
//   Sigma_k        inverse Wishart(dof, scale); of spherical and diagonal families their variances
//                  inverse gamma(dof / 2, scale / 2); once where all components share one
//   mean_k | Sigma_k ~ N(mean, Sigma_k / shrinkage)
//   ridge          -1/2 ridge (n / K) sum_k tr(Sigma_k^-1), in units of the columns' variances
//
// All of it has the form  sum_k -1/2 [e log|Sigma_k| + tr(Sigma_k^-1 E_k)], that of e more rows
// with scatter E_k.  So the maximum a posteriori of any family is its maximum likelihood estimate
// from augmented moments, and EM never lets the penalised log-likelihood fall.
#pragma once

#include "core/eigen.h"
#include "gmm/data/observations.h"
#include "gmm/model/family.h"
#include "gmm/model/frame.h"
#include "gmm/model/moments.h"

namespace gmvae {

// In the units of the source.
struct PriorOptions {
  bool on = false;
  double shrinkage = 0.0;
  Eigen::VectorXd mean;   // d; empty: the columns' means
  double dof = 0.0;       // NaN: d + 2
  Eigen::MatrixXd scale;  // d x d; empty: the data's covariance / K^(2 / d), for spherical and
                          // diagonal families the mean of its diagonal
};

class Penalty {
 public:
  // `overall`: the covariance of the data, in standard units.
  Penalty(const Family& family, Index k, const PriorOptions& prior, double ridge,
          const Observations& data, const Covariances& overall);

  bool on() const { return prior_ || ridge_; }

  // Moments whose maximum likelihood estimate is the maximum of the penalised likelihood.
  Moments augment(Moments moments) const;

  // What is added to the log-likelihood, up to a constant.
  double value(const Parameters& mixture) const;

  // It is the log-likelihood, up to a constant, of so many rows in each covariance with this
  // scatter around the mean, ...
  double rows() const { return rows_; }
  const Eigen::MatrixXd& scatter() const { return scatter_; }
  // ... and of so many rows in each mean, all at one point.
  double shrinkage() const { return shrinkage_; }
  const Eigen::VectorXd& mean() const { return mean_; }

 private:
  bool prior_, ridge_;
  double shrinkage_ = 0.0;
  double rows_ = 0.0;        // e
  Eigen::VectorXd mean_;     // d, standard units
  Eigen::MatrixXd scatter_;  // E_k without the means' part, standard units
};

}  // namespace gmvae
