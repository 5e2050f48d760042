#include "gmm/inference/information.h"

#include <cmath>

#include "core/denormals.h"
#include "core/dense.h"
#include "core/error.h"
#include "core/select.h"
#include "gmm/data/noise.h"
#include "gmm/em/overall.h"
#include "gmm/em/pass.h"
#include "gmm/em/penalty.h"

namespace gmvae {

namespace {

// A component seen through some columns: A is the inverse of their covariance, zero elsewhere.
struct Seen {
  Indices columns;
  Eigen::MatrixXd precision;  // A of these columns, o x o
  Eigen::MatrixXd slope;      // A R, d x d
  Eigen::MatrixXd inner;      // R'A R, d x d
};

Seen see(const Place& place, const Eigen::MatrixXd& sigma, const Indices& columns) {
  const Index d = sigma.rows(), n = size_of(columns);
  Indices all(static_cast<std::size_t>(d));
  for (Index j = 0; j < d; ++j) all[static_cast<std::size_t>(j)] = j;
  Seen seen;
  seen.columns = columns;
  Eigen::MatrixXd lower;
  cholesky(select(sigma, columns, columns), &lower);
  seen.precision = cholesky_solve(lower, Eigen::MatrixXd::Identity(n, n));
  const Eigen::MatrixXd root = select(place.root, columns, all);
  const Eigen::MatrixXd slope = multiply(seen.precision, root);
  seen.slope.setZero(d, d);
  put_rows(slope, columns, &seen.slope);
  seen.inner = crossprod(root, slope);
  return seen;
}

// Sums over rows of one component, u~ = R'A (x - mean).
struct InnerMoments {
  double mean_rows = 0.0, covariance_rows = 0.0;
  Eigen::VectorXd sum;      // of u~
  Eigen::MatrixXd scatter;  // of u~ u~'
};

// Minus the second derivatives of the rows' log-density by the d coordinates of the mean, then by
// the directions, as if Sigma were linear in them:
//   means             n A
//   mean, direction   A T A sum (x - mean)
//   directions        tr(T A T' (A scatter A - n / 2 A))
Eigen::MatrixXd complete_information(const Place& place, const Seen& seen,
                                     const InnerMoments& moments) {
  const Index d = seen.inner.rows(), n = static_cast<Index>(place.directions.size());
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(d + n, d + n);
  for (std::size_t j = 0; j < seen.columns.size(); ++j) {
    for (std::size_t i = 0; i < seen.columns.size(); ++i) {
      out(seen.columns[i], seen.columns[j]) =
          moments.mean_rows * seen.precision(static_cast<Index>(i), static_cast<Index>(j));
    }
  }
  const Eigen::MatrixXd rest = moments.scatter - 0.5 * moments.covariance_rows * seen.inner;
  for (Index q = 0; q < n; ++q) {
    const Direction& direction = place.directions[static_cast<std::size_t>(q)];
    Eigen::VectorXd moved(d);
    Eigen::MatrixXd product;  // A T (A scatter A - n / 2 A)
    if (direction.is_stretch()) {
      moved = direction.stretch.cwiseProduct(moments.sum);
      product = multiply(seen.inner * direction.stretch.asDiagonal(), rest);
    } else {
      const Index a = direction.a, b = direction.b;
      moved.setZero();
      moved[a] = direction.slope * moments.sum[b];
      moved[b] = direction.slope * moments.sum[a];
      product =
          direction.slope * (seen.inner.col(a) * rest.row(b) + seen.inner.col(b) * rest.row(a));
    }
    const Eigen::VectorXd cross = multiply_vector(seen.slope, moved);
    out.col(d + q).head(d) = cross;
    out.row(d + q).head(d) = cross.transpose();
    const Eigen::MatrixXd symmetric = 0.5 * (product + product.transpose());
    for (Index p = 0; p < n; ++p) {
      out(d + p, d + q) = place.directions[static_cast<std::size_t>(p)].with(symmetric);
    }
  }
  return out;
}

// Derivatives of the rows' log-densities by what complete_information() has.  x: rows x o.
Eigen::MatrixXd scores(const Place& place, const Seen& seen, const Eigen::MatrixXd& deviations,
                       const Eigen::MatrixXd& inner) {
  const Index d = seen.inner.rows(), n = static_cast<Index>(place.directions.size());
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(deviations.rows(), d + n);
  const Eigen::MatrixXd u = multiply(deviations, seen.precision);
  for (std::size_t j = 0; j < seen.columns.size(); ++j) {
    out.col(seen.columns[j]) = u.col(static_cast<Index>(j));
  }
  for (Index q = 0; q < n; ++q) {
    const Direction& direction = place.directions[static_cast<std::size_t>(q)];
    auto column = out.col(d + q);
    if (direction.is_stretch()) {
      for (Index j = 0; j < d; ++j) {
        if (direction.stretch[j] == 0.0) continue;
        column.array() += 0.5 * direction.stretch[j] * (inner.col(j).array().square());
      }
    } else {
      column = direction.slope * inner.col(direction.a).cwiseProduct(inner.col(direction.b));
    }
    column.array() -= 0.5 * direction.with(seen.inner);
  }
  return out;
}

// What the rows of a slot add up to.
struct Sums {
  Eigen::MatrixXd matrix;              // p x p, without what add_curvature() and add_weights() add
  Eigen::VectorXd gradient;            // p
  double weight = 0.0;                 // of all rows
  std::vector<Eigen::MatrixXd> inner;  // K of d x d: R_k' G_k R_k, G_k the gradient by Sigma_k

  Sums(Index p, Index n_components, Index d)
      : matrix(Eigen::MatrixXd::Zero(p, p)), gradient(Eigen::VectorXd::Zero(p)),
        inner(static_cast<std::size_t>(n_components), Eigen::MatrixXd::Zero(d, d)) {}

  Sums& operator+=(const Sums& other) {
    matrix += other.matrix;
    gradient += other.gradient;
    weight += other.weight;
    for (std::size_t k = 0; k < inner.size(); ++k) inner[k] += other.inner[k];
    return *this;
  }
};

class Gatherer {
 public:
  Gatherer(const Observations& data, const Frame& frame, const Chart& chart, InformationKind kind)
      : data_(data), frame_(frame), chart_(chart), kind_(kind) {
    for (Index j = 0; j < frame.n_dimensions(); ++j) all_.push_back(j);
    for (Index k = 0; k < frame.n_components(); ++k) {
      sigma_.push_back(frame.parameters.covariances.matrix(k));
      whole_.push_back(see(chart.place(k), sigma_.back(), all_));
    }
  }

  Sums run(Workers& workers, Monitor& monitor) const {
    const Sums zero(chart_.size(), frame_.n_components(), frame_.n_dimensions());
    std::vector<Sums> slots(static_cast<std::size_t>(count_slots(data_, zero.matrix.size())), zero);
    visit_groups(data_, frame_, static_cast<Index>(slots.size()), workers, monitor,
                 [&](Index slot, const RowGroup& group) {
      add(group, &slots[static_cast<std::size_t>(slot)]);
    });
    for (std::size_t slot = 1; slot < slots.size(); ++slot) slots[0] += slots[slot];
    return slots[0];
  }

  // The penalty as rows of its own.
  void add_penalty(const Penalty& penalty, Sums* sums) const {
    if (!penalty.on() || kind_ == InformationKind::squared_scores) return;
    for (Index k = 0; k < frame_.n_components(); ++k) {
      const Seen& seen = whole_[static_cast<std::size_t>(k)];
      const Eigen::VectorXd deviation = penalty.mean() - frame_.parameters.means.col(k);
      Eigen::MatrixXd scatter = penalty.scatter();
      add_outer_product(penalty.shrinkage(), deviation, scatter);
      InnerMoments moments;
      moments.mean_rows = penalty.shrinkage();
      moments.covariance_rows = penalty.rows();
      moments.sum = penalty.shrinkage() * crossprod_vector(seen.slope, deviation);
      moments.scatter = crossprod(seen.slope, multiply(scatter, seen.slope));
      add_complete(k, seen, moments, sums);
      sums->gradient.segment(chart_.place(k).first_mean, deviation.size()) +=
          penalty.shrinkage() * multiply_vector(seen.precision, deviation);
      const Eigen::MatrixXd inner = 0.5 * (moments.scatter - penalty.rows() * seen.inner);
      for (const Direction& direction : chart_.place(k).directions) {
        sums->gradient[direction.coordinate] += direction.with(inner);
      }
      // Of the observed information the curvature comes with that of the rows.
      if (kind_ == InformationKind::observed) {
        sums->inner[static_cast<std::size_t>(k)] += inner;
      } else {
        add_curvature(k, inner, sums);
      }
    }
  }

  void add_curvature(Index k, const Eigen::MatrixXd& inner, Sums* sums) const {
    const std::vector<Direction>& directions = chart_.place(k).directions;
    const Eigen::MatrixXd curvature = chart_.curvature(k, inner);
    for (std::size_t q = 0; q < directions.size(); ++q) {
      for (std::size_t p = 0; p < directions.size(); ++p) {
        sums->matrix(directions[p].coordinate, directions[q].coordinate) -=
            curvature(static_cast<Index>(p), static_cast<Index>(q));
      }
    }
  }

  // sum_i w_i (diag(pi) - pi pi'), by the coordinates of the weights.
  void add_weights(Sums* sums) const {
    const Eigen::VectorXd& pi = chart_.weights();
    for (Index i = 0; i < pi.size(); ++i) {
      for (Index j = 0; j < pi.size(); ++j) {
        const Index at = chart_.weight_coordinate(i), to = chart_.weight_coordinate(j);
        if (at < 0 || to < 0) continue;
        sums->matrix(at, to) += sums->weight * ((i == j ? pi[i] : 0.0) - pi[i] * pi[j]);
      }
    }
  }

  // What the scores of all rows have in common: minus pi, by the coordinates of the weights.
  Eigen::VectorXd shift() const {
    Eigen::VectorXd out = Eigen::VectorXd::Zero(chart_.size());
    for (Index k = 0; k <= frame_.n_components(); ++k) {
      if (chart_.weight_coordinate(k) >= 0) {
        out[chart_.weight_coordinate(k)] -= chart_.weights()[k];
      }
    }
    return out;
  }

 private:
  // The coordinates of a component: of its weight (maybe -1), its mean, its directions.
  std::vector<Index> coordinates(Index k) const {
    const Place& place = chart_.place(k);
    std::vector<Index> out{chart_.weight_coordinate(k)};
    for (Index j = 0; j < frame_.n_dimensions(); ++j) out.push_back(place.first_mean + j);
    for (const Direction& direction : place.directions) out.push_back(direction.coordinate);
    return out;
  }

  // Adds a matrix by the coordinates of a component; those of its weight are not in it unless it
  // is larger.
  void scatter(Index k, const Eigen::MatrixXd& local, double sign, Sums* sums) const {
    const std::vector<Index> at = coordinates(k);
    const std::size_t first = at.size() - static_cast<std::size_t>(local.rows());
    for (std::size_t j = first; j < at.size(); ++j) {
      for (std::size_t i = first; i < at.size(); ++i) {
        if (at[i] < 0 || at[j] < 0) continue;
        sums->matrix(at[i], at[j]) +=
            sign * local(static_cast<Index>(i - first), static_cast<Index>(j - first));
      }
    }
  }

  void add_complete(Index k, const Seen& seen, const InnerMoments& moments, Sums* sums) const {
    scatter(k, complete_information(chart_.place(k), seen, moments), 1.0, sums);
  }

  void add(const RowGroup& group, Sums* sums) const {
    const Index n = group.n_rows(), d = frame_.n_dimensions();
    const bool observed = kind_ == InformationKind::observed;
    Indices columns;
    for (Index j = 0; j < d; ++j) {
      if (!std::isnan(data_.value(group.row(0), j))) columns.push_back(j);
    }
    const bool whole = size_of(columns) == d;
    Eigen::MatrixXd x(n, size_of(columns));
    Eigen::VectorXd weights(n);
    for (Index i = 0; i < n; ++i) {
      weights[i] = data_.weight(group.row(i));
      for (Index j = 0; j < x.cols(); ++j) {
        x(i, j) = data_.value(group.row(i), columns[static_cast<std::size_t>(j)]);
      }
    }
    Eigen::MatrixXd row_scores = Eigen::MatrixXd::Zero(n, chart_.size());  // s_i
    for (Index k = 0; k < frame_.n_components(); ++k) {
      const Place& place = chart_.place(k);
      const Seen seen = whole ? whole_[static_cast<std::size_t>(k)]
                              : see(place, sigma_[static_cast<std::size_t>(k)], columns);
      const Eigen::VectorXd mean = frame_.parameters.means.col(k);
      const Eigen::VectorXd r = group.r().col(k), wr = weights.cwiseProduct(r);
      const Eigen::MatrixXd deviations = x.rowwise() - select(mean, columns).transpose();
      Eigen::MatrixXd slope(size_of(columns), d);
      for (Index j = 0; j < slope.rows(); ++j) {
        slope.row(j) = seen.slope.row(columns[static_cast<std::size_t>(j)]);
      }
      const Eigen::MatrixXd inner = multiply(deviations, slope);
      Eigen::MatrixXd s(n, 1 + d + static_cast<Index>(place.directions.size()));
      s.col(0).setOnes();
      s.rightCols(s.cols() - 1) = scores(place, seen, deviations, inner);
      const std::vector<Index> at = coordinates(k);
      for (std::size_t j = 0; j < at.size(); ++j) {
        if (at[j] >= 0) row_scores.col(at[j]) += r.cwiseProduct(s.col(static_cast<Index>(j)));
      }
      InnerMoments moments;
      moments.mean_rows = moments.covariance_rows = wr.sum();
      moments.sum = crossprod_vector(inner, wr);
      moments.scatter = crossprod(inner, wr.asDiagonal() * inner);
      sums->inner[static_cast<std::size_t>(k)] +=
          0.5 * (moments.scatter - moments.covariance_rows * seen.inner);
      if (!observed) continue;
      add_complete(k, seen, moments, sums);
      scatter(k, crossprod(s, wr.asDiagonal() * s), -1.0, sums);
    }
    sums->weight += weights.sum();
    sums->gradient += crossprod_vector(row_scores, weights);
    if (!observed) row_scores.rowwise() += shift().transpose();
    if (kind_ == InformationKind::squared_scores) weights = weights.cwiseAbs2();
    sums->matrix += crossprod(row_scores, weights.asDiagonal() * row_scores);
  }

  const Observations& data_;
  const Frame& frame_;
  const Chart& chart_;
  InformationKind kind_;
  Indices all_;
  std::vector<Eigen::MatrixXd> sigma_;
  std::vector<Seen> whole_;
};

// From standard units to those of the data, for the rows of Chart::jacobian().
Eigen::VectorXd estimate_units(const Eigen::VectorXd& scale, Index n_components) {
  std::vector<double> units(static_cast<std::size_t>(n_components + 1), 1.0);
  for (Index k = 0; k < n_components; ++k) {
    units.insert(units.end(), scale.data(), scale.data() + scale.size());
  }
  for (Index k = 0; k < n_components; ++k) {
    for (Index j = 0; j < scale.size(); ++j) {
      for (Index i = j; i < scale.size(); ++i) units.push_back(scale[i] * scale[j]);
    }
  }
  return Eigen::Map<const Eigen::VectorXd>(units.data(), static_cast<Index>(units.size()));
}

}  // namespace

Information information(const Observations& data, const Family& family, const Mixture& mixture,
                        const EmOptions& options, InformationKind kind, Workers& workers,
                        Monitor& monitor) {
  const FlushDenormals flush;
  const Parameters parameters = to_parameters(mixture, data);
  const Index d = parameters.n_dimensions(), n_components = parameters.n_components();
  Frame frame;
  if (!make_frame(parameters, to_noise_density(mixture, data), &frame, &monitor)) {
    throw NumericalError("The covariances of a mixture must be positive definite.");
  }
  const double norm = data.scale().norm() / std::sqrt(static_cast<double>(d));
  const Eigen::VectorXd units = family.units == Units::common
                                    ? Eigen::VectorXd(data.scale() / norm)
                                    : Eigen::VectorXd(Eigen::VectorXd::Ones(d));
  const Chart chart(family, parameters, units, options.equal_weights, mixture.noise_on);
  const Gatherer gatherer(data, frame, chart, kind);
  Sums sums = gatherer.run(workers, monitor);
  sums.gradient += sums.weight * gatherer.shift();
  const Penalty penalty(family, n_components, options.prior, options.ridge, data,
                        overall_parameters(data, Scatter::full, workers, monitor).covariances);
  gatherer.add_penalty(penalty, &sums);
  if (kind == InformationKind::observed) {
    gatherer.add_weights(&sums);
    for (Index k = 0; k < n_components; ++k) {
      gatherer.add_curvature(k, sums.inner[static_cast<std::size_t>(k)], &sums);
    }
  }
  Information out;
  out.coordinates = chart.coordinates();
  out.matrix = 0.5 * (sums.matrix + sums.matrix.transpose());
  out.gradient = sums.gradient;
  out.jacobian = chart.jacobian();
  out.units = estimate_units(data.scale(), n_components);
  return out;
}

}  // namespace gmvae
