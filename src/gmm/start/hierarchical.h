// Where EM starts: trees of merges, and partitions cut from them.  Points are the columns of a
// d x n matrix, finite, centred and scaled; weights (n, all > 0) are their masses: weight 2 is a
// point twice.  Trees cost O(n^2): of more than some 2000 points take a random subset, and let a
// Classifier label the others.
#pragma once

#include <vector>

#include "core/dense.h"
#include "core/eigen.h"
#include "core/monitor.h"
#include "core/types.h"

namespace gmvae {

// One step of an agglomeration: the cluster that holds point a and the one that holds point b
// become one.
struct Merge {
  Index a, b;
  double cost;  // by which the criterion rises
};

struct Merges {
  Index n_points = 0;
  std::vector<Merge> steps;  // n_points - 1, in order
};

// Agglomeration by Ward's criterion, the scatter within clusters: exact, in O(d n^2) time and
// O(d n) memory by chains of nearest neighbours (Murtagh 1983, <doi:10.1093/comjnl/26.4.354>).
Merges ward(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights, Monitor& monitor);

// Agglomeration by the classification likelihood of Gaussians with a covariance each (Banfield &
// Raftery 1993, <doi:10.2307/2532201>; Fraley 1998, <doi:10.1137/S1064827596311451>):
//   sum_k n_k log |(W_k + R) / n_k|,   R = tr(W) / (n d) I, W the scatter of all points.
// Up to constants that is -2 log of the likelihood at the best Sigma_k, times exp(-tr(R Sigma_k^-1)
// / 2) for each cluster, the penalty that keeps it bounded (Chen & Tan 2009,
// <doi:10.1016/j.jmva.2008.12.005>).  R stands for the scatter of one average point, so a single
// point has a criterion too, and tight small clusters merge much as Ward's do.  It is spherical:
// sphere the points first.
//
// Equal points are one point from the start.  Of more distinct points than half a second is enough
// for (2100 at d = 10, 880 at d = 20, 250 at d = 50, never less than 64) Ward's criterion merges
// the first, and `cost` is Ward's in those steps.
Merges model_based(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights, Monitor& monitor);

// The partition when k clusters are left, 1 <= k <= n: labels 0, ..., k - 1 in the order of each
// cluster's first point.
std::vector<Index> cut(const Merges& merges, Index k);

// The same by another criterion that is finite for every cluster (Fraley 1998, section 3):
//   sum_k n_k log(|W_k / n_k| + (tr(W_k) + r) / n_k),   r = tr(W) / (n d),
// without the determinant where n_k <= d.  Its terms differ in units: mostly tight clusters merge
// first where the variances are small, those of the largest volume last where they are large.
Merges volume_and_trace(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
                        Monitor& monitor);

// Principal components of the points.  Those whose variance is below 1e-10 of the largest are left
// out: none are left where all points are equal.
class PrincipalAxes {
 public:
  PrincipalAxes(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights);

  // Scaled to unit variance (r x n).
  Eigen::MatrixXd sphered() const { return over(0.5); }

  // Each over the root of its singular value, so that the longer axes stay longer (Scrucca &
  // Raftery 2015, <doi:10.1007/s11634-015-0220-z>).
  Eigen::MatrixXd half_sphered() const;

 private:
  Eigen::MatrixXd over(double power) const;  // of the variance

  double total_;
  Eigen::MatrixXd centred_;  // d x n
  SymmetricEigen eigen_;
};

// Masses and means of labelled points, and how far each point is from the mean of its label.
struct Groups {
  Eigen::VectorXd mass;     // k
  Eigen::MatrixXd means;    // d x k
  Eigen::MatrixXd centred;  // d x n
};

// mean += share (towards - mean), d values each: the running mean of points.
void move_mean(double share, const double* towards, Index d, double* mean);

// Of the points' coordinates, by weight; weighted_sum: of the points (d).
double mean_variance(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
                     const Eigen::VectorXd& weighted_sum);

Groups group(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
             const std::vector<Index>& labels, Index k);

// Labels further points by the Gaussians of a labelled sample: the largest
//   log n_c - log |S_c| / 2 - (x - m_c)' S_c^-1 (x - m_c) / 2,
// S_c = (W_c + (d + 1) S) / (n_c + d + 1): as if d + 1 more points had the pooled covariance S, to
// whose diagonal 1e-8 of the points' mean variance is added (1 where they are all equal).
class Classifier {
 public:
  // labels: 0, ..., k - 1 for each column of points; a label may be missing and is then never
  // given.
  Classifier(const Eigen::MatrixXd& points, const Eigen::VectorXd& weights,
             const std::vector<Index>& labels, Index k);

  // block: d x b; b labels.  Safe to call from several threads.
  void classify(ConstView<double> block, Index* labels) const;

 private:
  Eigen::MatrixXd means_;               // d x k
  std::vector<Eigen::MatrixXd> roots_;  // Cholesky factors of S_c
  Eigen::VectorXd constants_;           // log n_c - log |S_c| / 2
};

}  // namespace gmvae
