// Some rows on their way through a pass: their responsibilities, and what these add to the sums.
// Two kinds: blocks of complete rows (complete_rows.h) and rows with the same entries missing
// (incomplete_rows.h).  Memory is used again from group to group.
#pragma once

#include <vector>

#include "core/eigen.h"
#include "gmm/data/observations.h"
#include "gmm/em/statistics.h"
#include "gmm/model/frame.h"

namespace gmvae {

class RowGroup {
 public:
  virtual ~RowGroup() = default;

  Index n_rows() const { return static_cast<Index>(rows_.size()); }
  Index row(Index i) const { return rows_[static_cast<std::size_t>(i)]; }  // of the source

  // Rows x (K + 1): log-densities of the components, then responsibilities; the last column noise.
  const Eigen::MatrixXd& r() const { return r_; }
  const Eigen::VectorXd& log_density() const { return log_density_; }

  // r = log-densities of the components, without their weights.
  virtual void log_densities(const Frame& frame) = 0;

  // E-step after log_densities().  Rows with a known label belong to it.
  void normalise(const Observations& data, const Frame& frame);

  // Responsibilities that are given, instead of both.
  virtual void assign(const Given& given, const Frame& frame);

  // Leaves of each component the half beyond its mean along its axis (d x K).
  void cut(const Frame& frame, const Eigen::MatrixXd& axes);

  // Adds the sums of these rows; r is multiplied by their weights.
  void add_to(Statistics& statistics, const Observations& data, const Frame& frame);

  // Missing entries' conditional means, weighed by responsibility, into an n x d matrix.
  virtual void impute(const Observations&, const Frame&, double*, Index) {}

 protected:
  virtual double log_noise_density(const Frame& frame) const = 0;

  // How far each row is along an axis from the mean of component k.
  virtual Eigen::VectorXd along(const Frame& frame, Index k, const Eigen::VectorXd& axis) const = 0;
  virtual void add_scatter(Statistics& statistics, const Frame& frame) = 0;  // and counts, sums

  std::vector<Index> rows_;
  Eigen::MatrixXd r_;
  Eigen::VectorXd log_density_, weights_;
};

}  // namespace gmvae
