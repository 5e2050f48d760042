#include "gmm/em/incomplete_rows.h"

#include "core/dense.h"
#include "core/numeric.h"
#include "core/select.h"

namespace gmvae {

void IncompleteRows::read(const Observations& data, const Pattern& pattern, Index first, Index n) {
  pattern_ = &pattern;
  rows_.assign(pattern.rows.begin() + first, pattern.rows.begin() + first + n);
  x_.resize(static_cast<Index>(pattern.observed.size()), n);
  for (Index i = 0; i < n; ++i) {
    for (Index o = 0; o < x_.rows(); ++o) {
      x_(o, i) = data.value(row(i), pattern.observed[static_cast<std::size_t>(o)]);
    }
  }
  data.used_scattered(x_.size());
}

double IncompleteRows::log_noise_density(const Frame& frame) const {
  double sum = frame.noise.log_density;
  for (const Index j : pattern_->missing) sum += frame.noise.log_range[j];
  return sum;
}

// What is missing is conditioned on the frame all the same.
void IncompleteRows::assign(const Given& given, const Frame& frame) {
  log_densities(frame);
  RowGroup::assign(given, frame);
}

void IncompleteRows::log_densities(const Frame& frame) {
  const Index n_components = frame.n_components();
  r_.resize(n_rows(), n_components + 1);
  deviations_.resize(static_cast<std::size_t>(n_components));
  remainder_.resize(static_cast<std::size_t>(n_components));
  for (Index k = 0; k < n_components; ++k) condition(frame, k);
}

void IncompleteRows::condition(const Frame& frame, Index k) {
  const Indices &o = pattern_->observed, &m = pattern_->missing;
  const Index d = frame.n_dimensions();
  const Eigen::MatrixXd sigma = frame.parameters.covariances.matrix(k);
  const Eigen::VectorXd mean = frame.parameters.means.col(k);
  Eigen::MatrixXd root;  // L
  cholesky(select(sigma, o, o), &root);
  const Eigen::MatrixXd observed = x_.colwise() - select(mean, o);
  const Eigen::MatrixXd whitened = solve_lower(root, observed);
  const Eigen::MatrixXd slope = solve_lower(root, select(sigma, o, m));  // L^-1 Sigma_om

  Eigen::MatrixXd& deviations = deviations_[static_cast<std::size_t>(k)];
  deviations.resize(d, n_rows());
  put_rows(observed, o, &deviations);
  put_rows(crossprod(slope, whitened), m, &deviations);
  Eigen::MatrixXd& remainder = remainder_[static_cast<std::size_t>(k)];
  remainder.setZero(d, d);
  const Eigen::MatrixXd explained = crossprod(slope, slope);
  for (Index j = 0; j < size_of(m); ++j) {
    for (Index i = 0; i < size_of(m); ++i) {
      const Index row = m[static_cast<std::size_t>(i)], column = m[static_cast<std::size_t>(j)];
      remainder(row, column) = sigma(row, column) - explained(i, j);
    }
  }

  const double log_root = root.diagonal().array().log().sum();
  r_.col(k) = (-0.5 * whitened.colwise().squaredNorm().array() -
               0.5 * log_two_pi * static_cast<double>(size_of(o)) - log_root)
                  .transpose();
}

// Missing entries stand at their conditional means.
Eigen::VectorXd IncompleteRows::along(const Frame&, Index k, const Eigen::VectorXd& axis) const {
  return crossprod_vector(deviations_[static_cast<std::size_t>(k)], axis);
}

void IncompleteRows::add_scatter(Statistics& statistics, const Frame& frame) {
  for (Index k = 0; k < frame.n_components(); ++k) {
    const auto r = r_.col(k);
    const double count = r.sum();
    const Eigen::MatrixXd& deviations = deviations_[static_cast<std::size_t>(k)];
    const Eigen::MatrixXd& remainder = remainder_[static_cast<std::size_t>(k)];
    statistics.counts[k] += count;
    statistics.sums.col(k) += multiply_vector(deviations, r);
    switch (statistics.kind) {
    case Scatter::full:
      nth_block(statistics.scatter, k).triangularView<Eigen::Lower>() +=
          tcrossprod(deviations * r.asDiagonal(), deviations) + count * remainder;
      break;
    case Scatter::pooled: {
      const Eigen::MatrixXd x = deviations.colwise() + frame.parameters.means.col(k);
      statistics.scatter.triangularView<Eigen::Lower>() +=
          tcrossprod(x * r.asDiagonal(), x) + count * remainder;
      break;
    }
    case Scatter::diagonal:
      statistics.scatter.col(k) += deviations.cwiseAbs2() * r + count * remainder.diagonal();
      break;
    }
  }
}

void IncompleteRows::impute(const Observations& data, const Frame& frame, double* imputed,
                            Index n) {
  const Index n_components = frame.n_components();
  const Eigen::VectorXd prior = frame.parameters.weights / frame.parameters.weights.sum();
  for (Index i = 0; i < n_rows(); ++i) {
    const double total = r_.row(i).head(n_components).sum();
    for (const Index j : pattern_->missing) {
      double mean = 0.0;
      for (Index k = 0; k < n_components; ++k) {
        // A row that is surely noise says nothing of the components: their overall mean.
        const double share = total > 0.0 ? r_(i, k) / total : prior[k];
        mean +=
            share * (frame.parameters.means(j, k) + deviations_[static_cast<std::size_t>(k)](j, i));
      }
      imputed[j * n + row(i)] = data.centre()[j] + data.scale()[j] * mean;
    }
  }
}

}  // namespace gmvae
