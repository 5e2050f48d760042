#include "gmm/em/statistics.h"

#include "core/dense.h"

namespace gmvae {

void Statistics::set_zero(const Frame& frame, Scatter scatter_kind) {
  const Index d = frame.n_dimensions(), k = frame.n_components();
  kind = scatter_kind;
  loglik = noise = 0.0;
  counts.setZero(k);
  sums.setZero(d, k);
  scatter.setZero(d, kind == Scatter::full ? d * k : kind == Scatter::pooled ? d : k);
}

Statistics& Statistics::operator+=(const Statistics& other) {
  loglik += other.loglik;
  noise += other.noise;
  counts += other.counts;
  sums += other.sums;
  scatter += other.scatter;
  return *this;
}

Moments to_moments(const Statistics& statistics, const Frame& frame) {
  Moments moments{statistics.kind, statistics.counts, frame.parameters.means, statistics.scatter};
  Eigen::MatrixXd shift = Eigen::MatrixXd::Zero(frame.n_dimensions(), frame.n_components());
  for (Index k = 0; k < frame.n_components(); ++k) {
    const double count = statistics.counts[k];
    if (count > 0.0) shift.col(k) = statistics.sums.col(k) / count;
  }
  moments.means += shift;
  if (statistics.kind == Scatter::diagonal) {
    moments.scatter -= shift.cwiseAbs2() * statistics.counts.asDiagonal();
    return moments;
  }
  if (statistics.kind == Scatter::pooled) {
    moments.scatter -= tcrossprod(moments.means * statistics.counts.asDiagonal(), moments.means);
    mirror_lower(moments.scatter);
    return moments;
  }
  for (Index k = 0; k < frame.n_components(); ++k) {
    auto scatter = nth_block(moments.scatter, k);
    add_outer_product(-statistics.counts[k], shift.col(k), scatter);
    mirror_lower(scatter);
  }
  return moments;
}

}  // namespace gmvae
