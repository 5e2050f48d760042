// Centred and scaled data, so that neither units nor the place of the origin matter.
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "core/types.h"
#include "gmm/moments.h"

namespace gmvae {

struct Standardised {
  Eigen::VectorXd centre, scale;  // d: points = (x - centre) / scale
  Eigen::MatrixXd points;         // d x n
};

inline Standardised standardise(ConstView<double> x, Units units) {
  const Eigen::Map<const Eigen::MatrixXd> values(x.data, x.rows, x.cols);
  Standardised out;
  out.centre = values.rowwise().mean();
  out.points = values.colwise() - out.centre;
  out.scale = (out.points.rowwise().squaredNorm() / static_cast<double>(x.cols)).cwiseSqrt();
  if (units == Units::common) {
    out.scale.setConstant(out.scale.norm() / std::sqrt(static_cast<double>(x.rows)));
  }
  out.scale = (out.scale.array() > 0.0).select(out.scale, 1.0);
  out.points.array().colwise() /= out.scale.array();
  return out;
}

}  // namespace gmvae
