#include "gmm/inference/matching.h"

#include <limits>

#include "core/dense.h"

namespace gmvae {

namespace {

double log_determinant(const Eigen::MatrixXd& sigma, Eigen::MatrixXd* root) {
  return cholesky(sigma, root) ? cholesky_log_determinant(*root)
                               : -std::numeric_limits<double>::infinity();
}

double bhattacharyya(const Mixture& a, Index i, const Mixture& b, Index j) {
  const Eigen::MatrixXd& first = a.covariances[static_cast<std::size_t>(i)];
  const Eigen::MatrixXd& second = b.covariances[static_cast<std::size_t>(j)];
  Eigen::MatrixXd root, other;
  const Eigen::VectorXd between = a.means.col(i) - b.means.col(j);
  const double middle = log_determinant(0.5 * (first + second), &root);
  const double apart = solve_lower(root, between).squaredNorm();
  return apart / 8.0 +
         0.5 * (middle - 0.5 * (log_determinant(first, &other) + log_determinant(second, &other)));
}

}  // namespace

// Rows enter one after the other, each by a shortest path of swaps (with potentials of rows and
// columns).  Row and column 0 are nobody's.
std::vector<Index> least_cost_assignment(const Eigen::MatrixXd& cost) {
  const std::size_t n = static_cast<std::size_t>(cost.rows());
  constexpr double far = std::numeric_limits<double>::infinity();
  std::vector<double> of_row(n + 1, 0.0), of_column(n + 1, 0.0);
  std::vector<std::size_t> row_of(n + 1, 0), from(n + 1, 0);
  for (std::size_t row = 1; row <= n; ++row) {
    std::vector<double> shortest(n + 1, far);
    std::vector<char> seen(n + 1, 0);
    std::size_t column = 0;
    row_of[0] = row;
    while (row_of[column] != 0) {
      seen[column] = 1;
      const std::size_t at = row_of[column];
      double step = far;
      std::size_t next = 0;
      for (std::size_t j = 1; j <= n; ++j) {
        if (seen[j]) continue;
        const double length =
            cost(static_cast<Index>(at) - 1, static_cast<Index>(j) - 1) - of_row[at] - of_column[j];
        if (length < shortest[j]) {
          shortest[j] = length;
          from[j] = column;
        }
        if (next == 0 || shortest[j] < step) {
          step = shortest[j];
          next = j;
        }
      }
      for (std::size_t j = 0; j <= n; ++j) {
        if (seen[j]) {
          of_row[row_of[j]] += step;
          of_column[j] -= step;
        } else {
          shortest[j] -= step;
        }
      }
      column = next;
    }
    for (; column != 0; column = from[column]) row_of[column] = row_of[from[column]];
  }
  std::vector<Index> column_of(n);
  for (std::size_t j = 1; j <= n; ++j) column_of[row_of[j] - 1] = static_cast<Index>(j) - 1;
  return column_of;
}

Mixture matched_to(const Mixture& reference, const Mixture& mixture, Index fixed) {
  const Index n_components = reference.weights.size(), n_free = n_components - fixed;
  Mixture matched = mixture;
  if (n_free < 2) return matched;
  Eigen::MatrixXd cost(n_free, n_free);
  for (Index j = 0; j < n_free; ++j) {
    for (Index i = 0; i < n_free; ++i) {
      cost(i, j) = bhattacharyya(reference, fixed + i, mixture, fixed + j);
    }
  }
  const std::vector<Index> column_of = least_cost_assignment(cost);
  for (Index i = 0; i < n_free; ++i) {
    const Index to = fixed + i, from = fixed + column_of[static_cast<std::size_t>(i)];
    matched.weights[to] = mixture.weights[from];
    matched.means.col(to) = mixture.means.col(from);
    matched.covariances[static_cast<std::size_t>(to)] =
        mixture.covariances[static_cast<std::size_t>(from)];
  }
  return matched;
}

}  // namespace gmvae
