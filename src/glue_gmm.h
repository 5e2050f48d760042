// What R's doors to src/gmm read.
#pragma once

#include <Rcpp.h>

#include <string>
#include <vector>

#include "core/eigen.h"
#include "glue_convert.h"
#include "gmm/data/noise.h"
#include "gmm/data/observations.h"
#include "gmm/data/row_file.h"
#include "gmm/em/em.h"
#include "gmm/model/family.h"
#include "gmm/search/candidate.h"

namespace gmvae {

// Where R keeps them: rows are observations, columns coordinates.
inline Source source_of(const Rcpp::NumericMatrix& x) {
  return {x.begin(), x.nrow(), x.ncol(), 1, x.nrow()};
}

inline SEXP row_file_tag() { return Rf_install("gmvae_row_file"); }

// The file behind R's pointer.  After a session was saved, or in another process, there is none.
inline RowFile& row_file_of(SEXP pointer) {
  const bool ours = TYPEOF(pointer) == EXTPTRSXP && R_ExternalPtrTag(pointer) == row_file_tag();
  if (!ours || R_ExternalPtrAddr(pointer) == nullptr) refuse("x", "be an open file of rows");
  return *static_cast<RowFile*>(R_ExternalPtrAddr(pointer));
}

// A matrix of doubles, or a file of rows.  R keeps it alive for the length of a call.
inline Source rows_of(SEXP x) {
  if (TYPEOF(x) == EXTPTRSXP) return row_file_of(x).source();
  if (TYPEOF(x) != REALSXP || !Rf_isMatrix(x)) refuse("x", "be a matrix of numbers");
  return {REAL(x), Rf_nrows(x), Rf_ncols(x), 1, Rf_nrows(x)};
}

inline Eigen::MatrixXd to_matrix(const Rcpp::NumericMatrix& x) {
  return Eigen::Map<const Eigen::MatrixXd>(x.begin(), x.nrow(), x.ncol());
}

inline Eigen::VectorXd to_vector(const Rcpp::NumericVector& x) {
  return Eigen::Map<const Eigen::VectorXd>(x.begin(), x.size());
}

// `name` of the rows: n entries, or none.
template <typename Vector>
Vector read_row_facts(const Rcpp::List& list, const char* name, Index n) {
  SEXP value = element(list, name);
  if (TYPEOF(value) != Rcpp::traits::r_sexptype_traits<typename Vector::stored_type>::rtype) {
    refuse(name, "be of the right type");
  }
  if (Rf_xlength(value) != 0) check_length(Rf_xlength(value), n, name);
  return value;
}

// d: columns of the data.
inline EmOptions read_em_options(const Rcpp::List& control, const Rcpp::List& prior, Index d) {
  EmOptions out;
  out.max_iter = read_index(control, "max_iter", 1);
  out.tol = read<double>(control, "tol");
  out.accelerate = read<bool>(control, "accelerate");
  out.equal_weights = read<bool>(control, "equal_weights");
  out.ridge = read<double>(control, "ridge");
  out.min_rows = read<double>(control, "min_rows");
  out.min_eigen_ratio = read<double>(control, "min_eigen_ratio");
  out.prior.on = read<bool>(prior, "on");
  if (!out.prior.on) return out;
  out.prior.shrinkage = read<double>(prior, "shrinkage");
  out.prior.mean = to_vector(read_row_facts<Rcpp::NumericVector>(prior, "mean", d));
  out.prior.dof = read<double>(prior, "dof");
  out.prior.scale = to_matrix(read<Rcpp::NumericMatrix>(prior, "scale"));
  if (out.prior.scale.size() > 0) check_length(out.prior.scale.size(), d * d, "scale");
  return out;
}

inline NoiseOptions read_noise_options(const Rcpp::List& noise, Index n) {
  NoiseOptions out;
  out.on = read<bool>(noise, "on");
  if (!out.on) return out;
  out.share = read<double>(noise, "share");
  out.rows = read_indices(noise, "rows");
  for (Index row : out.rows) {
    if (row < 0 || row >= n) refuse("rows", "be rows of the data");
  }
  out.density = read<double>(noise, "density");
  return out;
}

inline std::vector<Candidate> read_candidates(const Rcpp::List& problem) {
  const std::vector<int> k = read<std::vector<int>>(problem, "k");
  const std::vector<std::string> model = read<std::vector<std::string>>(problem, "model");
  if (k.empty() || model.size() != k.size()) refuse("k", "have one number for each model");
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < k.size(); ++i) {
    if (k[i] < 1) refuse("k", "be at least 1");
    candidates.push_back({&find_family(model[i]), k[i]});
  }
  return candidates;
}

// Null where a vector is empty: R's way to say that there is none.
template <typename Vector>
auto data_or_null(const Vector& x) {
  return x.size() > 0 ? x.begin() : nullptr;
}

// Labels and parts of the data that begin with given groups: from 0 (-1: unknown) to below `end`.
inline void check_codes(const Rcpp::IntegerVector& codes, int end, const char* name) {
  for (int code : codes) {
    if (code < -1 || code >= end) refuse(name, "be components");
  }
}

}  // namespace gmvae
