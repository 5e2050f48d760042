// Anderson acceleration of a fixed-point iteration s -> F(s) (Anderson 1965; Walker & Ni 2011,
// <doi:10.1137/10078356X>; for EM with a guard: Henderson & Varadhan 2019,
// <doi:10.1080/10618600.2019.1594835>).  The guard is the caller's: an extrapolation that doesn't
// raise the objective is replaced by F(s), and the memory cleared.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <vector>

#include "core/types.h"

namespace gmvae {

class Anderson {
 public:
  static constexpr std::size_t memory = 6;

  void clear() {
    steps_.clear();
    images_.clear();
  }

  // Where to go from s, given F(s).
  Eigen::VectorXd next(const Eigen::VectorXd& s, const Eigen::VectorXd& image) {
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
    // Least squares by normal equations, with enough of a ridge to be solvable: an inexact step is
    // a shorter one.
    Eigen::MatrixXd normal = d_step.transpose() * d_step;
    normal.diagonal() *= 1.0 + 1e-12;
    const Eigen::VectorXd share =
        Eigen::LDLT<Eigen::MatrixXd>(normal).solve(d_step.transpose() * steps_.back());
    return image - d_image * share;
  }

 private:
  std::vector<Eigen::VectorXd> steps_;   // F(s) - s
  std::vector<Eigen::VectorXd> images_;  // F(s)
};

}  // namespace gmvae
