// Coordinates of the mixtures of one family around a given one, theta = 0 there:
//
//   weights     pi_c proportional to exp(alpha_c), the last component (with noise: noise) at 0
//   means       as they are
//   covariances Sigma_k = R_k exp(S_k) R_k', or for families whose shape and orientation differ in
//               who shares them Sigma_k = R_k exp(W_k) V_k exp(S_k) exp(-W_k) R_k'
//
// with S_k symmetric (diagonal where there is a W_k), W_k skew, V_k diagonal.  What the letters of
// a family say of volume, shape and orientation (Banfield & Raftery 1993, <doi:10.2307/2532201>)
// is linear in S_k and W_k: their trace, the rest of their diagonal, and their other entries.  So
// first and second derivatives of Sigma_k at 0 are exact and take a few operations each.
//
// Everything is in the standard units of the observations.
#pragma once

#include <vector>

#include "core/eigen.h"
#include "gmm/model/family.h"
#include "gmm/model/frame.h"

namespace gmvae {

// What a coordinate moves.
enum class Moves { weight, mean, volume, shape, orientation };

struct Coordinate {
  Moves moves;
  Index component;  // -1: all of them
};

// The derivative of R_k^-1 Sigma_k R_k'^-1 by one coordinate: diag(stretch), or where that is empty
// an entry `slope` at (a, b) and (b, a).
struct Direction {
  Index coordinate;
  Eigen::VectorXd stretch;
  Index a = 0, b = 0;
  double slope = 0.0;

  bool is_stretch() const { return stretch.size() > 0; }
  // Its product with a symmetric matrix, the sum over all entries.
  double with(const Eigen::MatrixXd& m) const {
    return is_stretch() ? stretch.dot(m.diagonal()) : 2.0 * slope * m(a, b);
  }
  Eigen::MatrixXd matrix(Index d) const;
};

// What the chart knows of one component.
struct Place {
  Eigen::MatrixXd root;      // R_k, d x d
  Eigen::VectorXd variance;  // diagonal of V_k; ones where there is no W_k
  Index first_mean = 0;      // the coordinates of its mean are these d
  std::vector<Direction> directions;
};

class Chart {
 public:
  // `units` (d): standard units times these are units in which the family is one.
  Chart(const Family& family, const Parameters& parameters, const Eigen::VectorXd& units,
        bool equal_weights, bool noise);

  Index size() const { return static_cast<Index>(coordinates_.size()); }
  const std::vector<Coordinate>& coordinates() const { return coordinates_; }
  const Place& place(Index k) const { return places_[static_cast<std::size_t>(k)]; }

  // The coordinate of a component's alpha; the one after the last is noise; -1: none.
  Index weight_coordinate(Index component) const {
    return weights_[static_cast<std::size_t>(component)];
  }
  // pi, with that of noise: K + 1
  const Eigen::VectorXd& weights() const { return pi_; }

  // sum_ij G_ij d^2 Sigma_k,ij / d theta_a d theta_b for each two directions of component k, from
  // R_k' G R_k.
  Eigen::MatrixXd curvature(Index k, const Eigen::MatrixXd& inner) const;

  // Derivatives of the estimates by the coordinates: K + 1 weights, that of noise last; d K means;
  // lower triangles of covariances, column by column, one component after the other.
  Eigen::MatrixXd jacobian() const;

 private:
  Index add(Moves moves, Index component);
  void place_weights(bool equal_weights, bool noise);
  void place_roots(const Parameters& parameters, const Eigen::VectorXd& units);
  void place_directions();
  void add_stretches(char shared, Moves moves, const Eigen::MatrixXd& stretches);
  void add_pairs(char shared);
  double second_derivative(const Place& place, const Direction& p, const Direction& q,
                           const Eigen::MatrixXd& inner) const;

  const Family& family_;
  Index n_components_, d_;
  bool turns_;  // there are W_k
  Eigen::VectorXd pi_;
  std::vector<Coordinate> coordinates_;
  std::vector<Index> weights_;
  std::vector<Place> places_;
};

}  // namespace gmvae
