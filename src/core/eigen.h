// Eigen's matrices and vectors.  As from a system header, which keeps gcc from printing thousands
// of warnings about Eigen's own templates (-Wignored-attributes).
#pragma once

#pragma GCC system_header

#include <Eigen/Core>
