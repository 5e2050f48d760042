// Anderson acceleration of a fixed-point iteration s -> F(s) (Anderson 1965; Walker & Ni 2011,
// <doi:10.1137/10078356X>; for EM with a guard: Henderson & Varadhan 2019,
// <doi:10.1080/10618600.2019.1594835>).  The guard is the caller's: an extrapolation that doesn't
// raise the objective is replaced by F(s), and the memory cleared.
#pragma once

#include <vector>

#include "core/eigen.h"

namespace gmvae {

class Anderson {
 public:
  static constexpr std::size_t memory = 6;

  void clear();

  // Where to go from s, given F(s).
  Eigen::VectorXd next(const Eigen::VectorXd& s, const Eigen::VectorXd& image);

 private:
  std::vector<Eigen::VectorXd> steps_;   // F(s) - s
  std::vector<Eigen::VectorXd> images_;  // F(s)
};

}  // namespace gmvae
