// What R's doors to src/gmm read.
#pragma once

#include <Rcpp.h>

#include <Eigen/Core>
#include <string>
#include <vector>

#include "glue_convert.h"
#include "gmm/data/noise.h"
#include "gmm/data/observations.h"
#include "gmm/em/em.h"
#include "gmm/model/family.h"
#include "gmm/search/candidate.h"

namespace gmvae {

// Where R keeps them: rows are observations, columns coordinates.
inline Source source_of(const Rcpp::NumericMatrix& x) {
  return {x.begin(), x.nrow(), x.ncol(), 1, x.nrow()};
}

inline Eigen::MatrixXd to_matrix(const Rcpp::NumericMatrix& x) {
  return Eigen::Map<const Eigen::MatrixXd>(x.begin(), x.nrow(), x.ncol());
}

inline Eigen::VectorXd to_vector(const Rcpp::NumericVector& x) {
  return Eigen::Map<const Eigen::VectorXd>(x.begin(), x.size());
}

inline EmOptions read_em_options(const Rcpp::List& control, const Rcpp::List& prior) {
  EmOptions out;
  out.max_iter = read_index(control, "max_iter");
  out.tol = read<double>(control, "tol");
  out.accelerate = read<bool>(control, "accelerate");
  out.equal_weights = read<bool>(control, "equal_weights");
  out.ridge = read<double>(control, "ridge");
  out.min_rows = read<double>(control, "min_rows");
  out.min_eigen_ratio = read<double>(control, "min_eigen_ratio");
  out.prior.on = read<bool>(prior, "on");
  if (!out.prior.on) return out;
  out.prior.shrinkage = read<double>(prior, "shrinkage");
  out.prior.mean = to_vector(read<Rcpp::NumericVector>(prior, "mean"));
  out.prior.dof = read<double>(prior, "dof");
  out.prior.scale = to_matrix(read<Rcpp::NumericMatrix>(prior, "scale"));
  return out;
}

inline NoiseOptions read_noise_options(const Rcpp::List& noise) {
  NoiseOptions out;
  out.on = read<bool>(noise, "on");
  if (!out.on) return out;
  out.share = read<double>(noise, "share");
  out.rows = read_indices(noise, "rows");
  out.density = read<double>(noise, "density");
  return out;
}

// Null where a vector is empty: R's way to say that there is none.
template <typename Vector>
auto data_or_null(const Vector& x) {
  return x.size() > 0 ? x.begin() : nullptr;
}

inline std::vector<Candidate> read_candidates(const Rcpp::List& problem) {
  const std::vector<int> k = read<std::vector<int>>(problem, "k");
  const std::vector<std::string> model = read<std::vector<std::string>>(problem, "model");
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < k.size(); ++i) candidates.push_back({&find_family(model[i]), k[i]});
  return candidates;
}

}  // namespace gmvae
