#include "gmm/inference/chart.h"

#include <cmath>
#include <limits>

#include "core/dense.h"

namespace gmvae {

namespace {

// Axes that matrices (d x dK) have in common.  Those of a weighted sum are, where its eigenvalues
// differ; of a few sums the best is taken.
Eigen::MatrixXd common_axes(const Eigen::MatrixXd& matrices) {
  const Index d = matrices.rows(), n_components = matrices.cols() / d;
  constexpr int n_sums = 10;
  constexpr double golden = 0.6180339887498949;
  Eigen::MatrixXd best;
  double least = std::numeric_limits<double>::infinity();
  for (int sum = 1; sum <= n_sums; ++sum) {
    Eigen::MatrixXd total = Eigen::MatrixXd::Zero(d, d);
    for (Index k = 0; k < n_components; ++k) {
      const auto matrix = nth_block(matrices, k);
      const double turn = golden * static_cast<double>(sum * (k + 1));
      total += matrix * ((0.1 + turn - std::floor(turn)) / matrix.trace());
    }
    const Eigen::MatrixXd axes = symmetric_eigen(total).vectors;
    double off = 0.0;
    for (Index k = 0; k < n_components; ++k) {
      const Eigen::MatrixXd inner = crossprod(axes, multiply(nth_block(matrices, k), axes));
      off += (inner.squaredNorm() - inner.diagonal().squaredNorm()) / inner.squaredNorm();
    }
    if (off < least) {
      least = off;
      best = axes;
    }
  }
  return best;
}

double is(Index i, Index j) { return i == j ? 1.0 : 0.0; }

}  // namespace

Eigen::MatrixXd Direction::matrix(Index d) const {
  if (is_stretch()) return stretch.asDiagonal();
  Eigen::MatrixXd m = Eigen::MatrixXd::Zero(d, d);
  m(a, b) = m(b, a) = slope;
  return m;
}

Chart::Chart(const Family& family, const Parameters& parameters, const Eigen::VectorXd& units,
             bool equal_weights, bool noise)
    : family_(family), n_components_(parameters.n_components()), d_(parameters.n_dimensions()),
      turns_(family.code[1] != family.code[2] && family.code[2] != 'I'),
      places_(static_cast<std::size_t>(parameters.n_components())) {
  pi_.resize(n_components_ + 1);
  pi_ << parameters.weights, parameters.noise;
  place_weights(equal_weights, noise);
  for (Index k = 0; k < n_components_; ++k) {
    places_[static_cast<std::size_t>(k)].first_mean = size();
    for (Index j = 0; j < d_; ++j) add(Moves::mean, k);
  }
  place_roots(parameters, units);
  place_directions();
}

Index Chart::add(Moves moves, Index component) {
  coordinates_.push_back({moves, component});
  return size() - 1;
}

void Chart::place_weights(bool equal_weights, bool noise) {
  weights_.assign(static_cast<std::size_t>(n_components_ + 1), -1);
  if (equal_weights) {
    if (noise) weights_.assign(weights_.size() - 1, add(Moves::weight, -1));
    weights_.resize(static_cast<std::size_t>(n_components_ + 1), -1);
    return;
  }
  const Index n_free = noise ? n_components_ : n_components_ - 1;
  for (Index k = 0; k < n_free; ++k) weights_[static_cast<std::size_t>(k)] = add(Moves::weight, k);
}

void Chart::place_roots(const Parameters& parameters, const Eigen::VectorXd& units) {
  Eigen::MatrixXd matrices(d_, d_ * n_components_);
  for (Index k = 0; k < n_components_; ++k) {
    nth_block(matrices, k) = scale_both_sides(parameters.covariances.matrix(k), units);
  }
  const bool shared_axes = turns_ && family_.code[2] == 'E', own_axes = turns_ && !shared_axes;
  const Eigen::MatrixXd axes = shared_axes ? common_axes(matrices) : Eigen::MatrixXd();
  for (Index k = 0; k < n_components_; ++k) {
    Place& place = places_[static_cast<std::size_t>(k)];
    const Eigen::MatrixXd sigma = nth_block(matrices, k);
    place.variance.setOnes(d_);
    if (own_axes) {
      const SymmetricEigen found = symmetric_eigen(sigma);
      place.root = found.vectors;
      place.variance = found.values;
    } else if (shared_axes) {
      place.root = axes;
      place.variance = crossprod(axes, multiply(sigma, axes)).diagonal();
    } else {
      cholesky(sigma, &place.root);
    }
    place.root = units.cwiseInverse().asDiagonal() * place.root;
  }
}

// Stretches (d x any) of S_k that are shared (E), each component's own (V) or not there (I).
void Chart::add_stretches(char shared, Moves moves, const Eigen::MatrixXd& stretches) {
  if (shared == 'I') return;
  for (Index s = 0; s < stretches.cols(); ++s) {
    Index coordinate = -1;
    for (Index k = 0; k < n_components_; ++k) {
      if (coordinate < 0 || shared == 'V') coordinate = add(moves, shared == 'V' ? k : -1);
      Place& place = places_[static_cast<std::size_t>(k)];
      Direction direction;
      direction.coordinate = coordinate;
      direction.stretch = place.variance.cwiseProduct(stretches.col(s));
      place.directions.push_back(direction);
    }
  }
}

void Chart::add_pairs(char shared) {
  if (shared == 'I') return;
  for (Index b = 1; b < d_; ++b) {
    for (Index a = 0; a < b; ++a) {
      Index coordinate = -1;
      for (Index k = 0; k < n_components_; ++k) {
        if (coordinate < 0 || shared == 'V') {
          coordinate = add(Moves::orientation, shared == 'V' ? k : -1);
        }
        Place& place = places_[static_cast<std::size_t>(k)];
        Direction direction;
        direction.coordinate = coordinate;
        direction.a = a;
        direction.b = b;
        direction.slope = turns_ ? place.variance[b] - place.variance[a] : 1.0;
        place.directions.push_back(direction);
      }
    }
  }
}

void Chart::place_directions() {
  add_stretches(family_.code[0], Moves::volume, Eigen::MatrixXd::Ones(d_, 1));
  Eigen::MatrixXd contrasts = Eigen::MatrixXd::Identity(d_, d_ - 1);
  contrasts.row(d_ - 1).setConstant(-1.0);
  add_stretches(family_.code[1], Moves::shape, contrasts);
  add_pairs(family_.code[2]);
}

// From the second-order terms of exp(S) = I + S + S^2 / 2, or with T = V S of
// exp(W) V exp(S) exp(-W) = V + [W, V] + T + V S^2 / 2 + [W, T] + [W, [W, V]] / 2.
double Chart::second_derivative(const Place& place, const Direction& p, const Direction& q,
                                const Eigen::MatrixXd& inner) const {
  const Eigen::VectorXd& v = place.variance;
  if (p.is_stretch() && q.is_stretch()) {
    return (p.stretch.array() * q.stretch.array() * inner.diagonal().array() / v.array()).sum();
  }
  if (q.is_stretch()) return second_derivative(place, q, p, inner);
  const Index a = q.a, b = q.b;
  if (p.is_stretch()) {
    const double sign = turns_ ? -1.0 : 1.0;
    return (turns_ ? 2.0 : 1.0) * inner(a, b) * (p.stretch[b] + sign * p.stretch[a]);
  }
  const Index c = p.a, e = p.b;
  if (!turns_) {
    return inner(c, a) * is(b, e) + inner(c, b) * is(a, e) + is(c, a) * inner(b, e) +
           is(c, b) * inner(a, e);
  }
  // [G, E_ij - E_ji] at (r, s)
  const auto commutator = [&](Index i, Index j, Index r, Index s) {
    return inner(r, i) * is(j, s) - inner(r, j) * is(i, s) - is(r, i) * inner(j, s) +
           is(r, j) * inner(i, s);
  };
  return p.slope * commutator(a, b, c, e) + q.slope * commutator(c, e, a, b);
}

Eigen::MatrixXd Chart::curvature(Index k, const Eigen::MatrixXd& inner) const {
  const Place& at = place(k);
  const Index n = static_cast<Index>(at.directions.size());
  Eigen::MatrixXd out(n, n);
  for (Index j = 0; j < n; ++j) {
    for (Index i = j; i < n; ++i) {
      out(i, j) = out(j, i) = second_derivative(at, at.directions[static_cast<std::size_t>(i)],
                                                at.directions[static_cast<std::size_t>(j)], inner);
    }
  }
  return out;
}

Eigen::MatrixXd Chart::jacobian() const {
  const Index triangle = d_ * (d_ + 1) / 2;
  Eigen::MatrixXd out =
      Eigen::MatrixXd::Zero(n_components_ + 1 + n_components_ * (d_ + triangle), size());
  for (Index j = 0; j <= n_components_; ++j) {
    const Index coordinate = weight_coordinate(j);
    if (coordinate < 0) continue;
    for (Index i = 0; i <= n_components_; ++i) out(i, coordinate) += pi_[i] * (is(i, j) - pi_[j]);
  }
  for (Index k = 0; k < n_components_; ++k) {
    const Place& at = place(k);
    const Index means = n_components_ + 1 + k * d_;
    out.block(means, at.first_mean, d_, d_).setIdentity();
    const Index covariances = n_components_ + 1 + n_components_ * d_ + k * triangle;
    for (const Direction& direction : at.directions) {
      const Eigen::MatrixXd slope = multiply(at.root, tcrossprod(direction.matrix(d_), at.root));
      Index row = covariances;
      for (Index j = 0; j < d_; ++j) {
        for (Index i = j; i < d_; ++i) out(row++, direction.coordinate) = slope(i, j);
      }
    }
  }
  return out;
}

}  // namespace gmvae
