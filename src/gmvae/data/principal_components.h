// Principal components of cells, of log(1 + x / size).
#pragma once

#include <vector>

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/rng.h"
#include "gmvae/data/source.h"

namespace gmvae {

class PrincipalComponents {
 public:
  // Of `cells`, the first n_components or as many as there are, by subspace iteration (Halko,
  // Martinsson & Tropp 2011, <doi:10.1137/090771806>, algorithm 4.4).  size: n, of all cells.
  PrincipalComponents(const CellSource& source, const double* size, const std::vector<Index>& cells,
                      Index n_components, RngStream rng, Monitor& monitor);

  // L x cells: of these or any others, less those of the mean cell.
  Eigen::MatrixXd points(const std::vector<Index>& cells) const;

  // L x cells: what the genes that are `taken` (G) add to points(), but for a constant.
  Eigen::MatrixXd points_by(const std::vector<char>& taken, const std::vector<Index>& cells) const;

  // L x G, orthonormal rows.
  const Eigen::MatrixXd& weights() const { return weights_; }

 private:
  const CellSource& source_;
  const double* size_;
  Eigen::MatrixXd weights_;
  Eigen::VectorXd centre_;  // L: of the mean cell
};

}  // namespace gmvae
