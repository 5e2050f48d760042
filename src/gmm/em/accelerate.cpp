#include "gmm/em/accelerate.h"

#include "core/dense.h"

namespace gmvae {

void Anderson::clear() {
  steps_.clear();
  images_.clear();
}

Eigen::VectorXd Anderson::next(const Eigen::VectorXd& s, const Eigen::VectorXd& image) {
  steps_.push_back(image - s);
  images_.push_back(image);
  if (steps_.size() > memory) {
    steps_.erase(steps_.begin());
    images_.erase(images_.begin());
  }
  const Index n_differences = static_cast<Index>(steps_.size()) - 1;
  if (n_differences == 0) return image;
  Eigen::MatrixXd d_step(s.size(), n_differences), d_image(s.size(), n_differences);
  for (Index i = 0; i < n_differences; ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    d_step.col(i) = steps_[at + 1] - steps_[at];
    d_image.col(i) = images_[at + 1] - images_[at];
  }
  // Least squares by normal equations, with enough of a ridge to be solvable: an inexact step is a
  // shorter one.
  Eigen::MatrixXd normal = crossprod(d_step, d_step);
  normal.diagonal() *= 1.0 + 1e-12;
  const Eigen::VectorXd share = ldlt_solve(normal, crossprod_vector(d_step, steps_.back()));
  Eigen::VectorXd beyond = image;
  subtract_product(d_image, share, &beyond);
  return beyond;
}

}  // namespace gmvae
