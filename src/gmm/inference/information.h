// Fisher's information about the parameters of a fitted mixture.
#pragma once

#include <vector>

#include "core/eigen.h"
#include "core/monitor.h"
#include "core/parallel.h"
#include "gmm/data/observations.h"
#include "gmm/em/em.h"
#include "gmm/em/mixture.h"
#include "gmm/inference/chart.h"
#include "gmm/model/family.h"

namespace gmvae {

enum class InformationKind {
  observed,       // minus the second derivatives of the objective
  scores,         // sums of outer products of the rows' scores, and what the penalty adds
  squared_scores  // the same by squared weights, without the penalty: the middle of a sandwich
};

struct Information {
  std::vector<Coordinate> coordinates;  // p
  Eigen::MatrixXd matrix;               // p x p
  Eigen::VectorXd gradient;             // p, of the objective: near 0 where EM has converged
  Eigen::MatrixXd jacobian;             // of the estimates by the coordinates, see Chart
  Eigen::VectorXd units;                // from standard units to those of the data, as its rows
};

// The observed information by Louis (1982, <doi:10.1111/j.2517-6161.1982.tb01203.x>): that of the
// complete data minus that of what is missing, the components of the rows,
//   sum_i w_i [sum_k r_ik (-h_ik) - (sum_k r_ik s_ik s_ik' - s_i s_i')],  s_i = sum_k r_ik s_ik,
// with s_ik and h_ik first and second derivatives of log pi_k f_k(x_i).  Of a row with missing
// entries f_k is the density of the others.  The bits don't depend on the number of threads.
Information information(const Observations& data, const Family& family, const Mixture& mixture,
                        const EmOptions& options, InformationKind kind, Workers& workers,
                        Monitor& monitor);

}  // namespace gmvae
