// Columns of matrices by lists of indices.
#include "core/select.h"
#include "testing.h"

using namespace gmvae;

TEST("group_means(): by hand, and zeros for a group without columns") {
  Eigen::MatrixXd x(2, 4), means(2, 3);
  x << 1, 2, 3, 6, 10, 20, 30, 60;
  means << 2, 0, 4, 20, 0, 40;
  CHECK(group_means(x, {0, 2, 0, 2}, 3) == means);
}
