// Rows with the same entries missing.  The E-step is exact (Dempster, Laird & Rubin 1977, section
// 4.1.3; Ghahramani & Jordan 1994, NIPS 6): densities of the observed entries, and the missing ones
// as the Gaussian that a component leaves for them,
//   mean_m + A (x_o - mean_o),  covariance C = Sigma_mm - A Sigma_om,  A = Sigma_mo Sigma_oo^-1.
#pragma once

#include "gmm/em/row_group.h"

namespace gmvae {

class IncompleteRows : public RowGroup {
 public:
  // Rows of a group at most: what it keeps for each component stays small.
  static constexpr Index good_size = 64;

  // The first-th to (first + n - 1)-th row of a pattern.
  void read(const Observations& data, const Pattern& pattern, Index first, Index n);

  void log_densities(const Frame& frame) override;
  void assign(const Given& given, const Frame& frame) override;
  void impute(const Observations& data, const Frame& frame, double* imputed, Index n) override;

 protected:
  double log_noise_density(const Frame& frame) const override;
  Eigen::VectorXd along(const Frame& frame, Index k, const Eigen::VectorXd& axis) const override;
  void add_scatter(Statistics& statistics, const Frame& frame) override;

 private:
  // Conditional means' deviations from a component's mean, and their covariance.
  void condition(const Frame& frame, Index k);

  const Pattern* pattern_ = nullptr;
  Eigen::MatrixXd x_;                        // observed x rows
  std::vector<Eigen::MatrixXd> deviations_;  // K of d x rows
  std::vector<Eigen::MatrixXd> remainder_;   // K of d x d: C, zero where observed
};

}  // namespace gmvae
