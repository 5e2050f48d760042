// A block of rows without missing entries: the fast path.  One column per coordinate or component,
// so that every loop runs along the rows.
#pragma once

#include "gmm/em/row_group.h"

namespace gmvae {

class CompleteRows : public RowGroup {
 public:
  // Rows that a block should have: its columns stay in the second-level cache.
  static Index good_size(Index d);

  // The i-th to (i + n - 1)-th complete row.
  void read(const Observations& data, Index i, Index n);

  void log_densities(const Frame& frame) override;

 protected:
  double log_noise_density(const Frame& frame) const override { return frame.noise.log_density; }
  Eigen::VectorXd along(const Frame& frame, Index k, const Eigen::VectorXd& axis) const override;
  void add_scatter(Statistics& statistics, const Frame& frame) override;

 private:
  void add_full(Statistics& statistics, const Frame& frame);
  void add_pooled(Statistics& statistics, const Frame& frame);
  void add_diagonal(Statistics& statistics, const Frame& frame);

  Eigen::MatrixXd x_, y_;     // rows x d; y = B^-1 x
  Eigen::MatrixXd z_;         // rows x (d + 1): weighted deviations, and the weights' roots
  Eigen::MatrixXd extended_;  // their products
};

}  // namespace gmvae
