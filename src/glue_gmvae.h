// What R's doors to src/gmvae read.
#pragma once

#include <Rcpp.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "glue_convert.h"
#include "gmvae/model/fitted_model.h"
#include "gmvae/model/network.h"

namespace gmvae {

// `beside`: a list for each modality beside the first, of its likelihood, number of genes and the
// like; or NULL.
inline std::vector<Rcpp::List> read_beside(const Rcpp::List& list) {
  if (!list.containsElementNamed("beside") || Rf_isNull(list["beside"])) return {};
  std::vector<Rcpp::List> all;
  const Rcpp::List beside = read<Rcpp::List>(list, "beside");
  for (R_xlen_t m = 0; m < beside.size(); ++m) {
    if (TYPEOF(beside[m]) != VECSXP) refuse("beside", "hold lists");
    all.push_back(beside[m]);
  }
  return all;
}

inline ModalityShape read_modality(const Rcpp::List& list, Index n_genes) {
  return {read<std::string>(list, "likelihood"), n_genes,
          to_varies_by(read<std::string>(list, "dispersion")),
          to_varies_by(read<std::string>(list, "zero_inflation"))};
}

// n_rows, n_design: those of the data that come with the list.
inline ModelShape read_shape(const Rcpp::List& list, Index k, Index n_rows, Index n_design) {
  const std::vector<Index> hidden = read_indices(list, "hidden");
  const bool some = !hidden.empty() && *std::min_element(hidden.begin(), hidden.end()) >= 1;
  if (!some) refuse("hidden", "have sizes of at least 1");
  const std::vector<Index> hidden_decoder = read_indices(list, "hidden_decoder");
  for (Index size : hidden_decoder) {
    if (size < 1) refuse("hidden_decoder", "have sizes of at least 1");
  }
  if (k < 1) refuse("k", "be at least 1");
  std::vector<ModalityShape> modalities(1);
  for (const Rcpp::List& beside : read_beside(list)) {
    const Index n_genes = read_index(beside, "n_genes", 1);
    if (n_genes >= n_rows) refuse("n_genes", "leave genes for the first modality");
    modalities.push_back(read_modality(beside, n_genes));
    modalities.back().weight = read_finite(beside, "weight");
    if (!(modalities.back().weight > 0)) refuse("weight", "be positive");
    n_rows -= n_genes;
  }
  modalities.front() = read_modality(list, n_rows);
  return {modalities, read_index(list, "n_latent", 1), hidden, hidden_decoder, k, n_design};
}

// A number of each modality.
inline std::vector<double> read_of_modalities(const Rcpp::List& list, const char* name) {
  std::vector<double> all{read_finite(list, name)};
  for (const Rcpp::List& beside : read_beside(list)) all.push_back(read_finite(beside, name));
  return all;
}

inline Index n_parameters(const ModelShape& shape) { return Network<float>(shape).layout().size(); }

inline std::vector<float> read_parameters(const Rcpp::List& list, const ModelShape& shape) {
  const Rcpp::NumericVector values = read_numbers(list, "parameters", n_parameters(shape));
  std::vector<float> params(values.begin(), values.end());
  for (float value : params) {
    if (!std::isfinite(value)) refuse("parameters", "be finite");
  }
  return params;
}

inline FittedModel read_model(const Rcpp::List& state) {
  const Rcpp::List input = read<Rcpp::List>(state, "input");
  const Rcpp::NumericVector scale = read_numbers(input, "scale");
  const Index n_rows = scale.size();
  if (n_rows < 1) refuse("scale", "have a number for each gene");
  const Rcpp::NumericVector offset = read_numbers(input, "offset", n_rows);
  check_finite(scale.begin(), n_rows, "scale");
  check_finite(offset.begin(), n_rows, "offset");
  FittedModel model;
  model.shape = read_shape(state, read_index(state, "k", 1), n_rows, read_index(state, "n_design"));
  model.covariance = read<std::string>(state, "covariance");
  model.mixture = to_mixture(read<Rcpp::List>(state, "mixture"));
  if (model.mixture.means.cols() != model.shape.k ||
      model.mixture.means.rows() != model.shape.n_latent) {
    refuse("mixture", "have `k` components in the latent space");
  }
  model.params = read_parameters(state, model.shape);
  const std::vector<double> size_reference = read_of_modalities(state, "size_reference");
  Index first = 0;
  for (std::size_t m = 0; m < size_reference.size(); ++m) {
    const Index end = first + model.shape.modalities[m].n_genes;
    model.modalities.push_back({{std::vector<double>(scale.begin() + first, scale.begin() + end),
                                 std::vector<double>(offset.begin() + first, offset.begin() + end)},
                                size_reference[m]});
    first = end;
  }
  model.seed = to_seed(read<double>(state, "seed"));
  return model;
}

// Sizes of n cells in each modality, one modality after the other, and their rows of a design with
// so many columns.
inline void check_cells(const Rcpp::NumericVector& size, const Design& design, Index n,
                        std::size_t n_modalities, Index n_design) {
  check_length(size.size(), n * static_cast<Index>(n_modalities), "size");
  for (double one : size) {
    if (!(one > 0 && std::isfinite(one))) refuse("size", "be positive");
  }
  if (!design.empty()) check_length(design.n_rows(), n, "design");
  check_length(design.n_columns, n_design, "design");
  for (float value : design.value) {
    if (!std::isfinite(value)) refuse("design", "be finite");
  }
}

// What check_cells() has checked; points to `size` and `design`.
inline Covariates to_covariates(const Rcpp::NumericVector& size, const Design& design, Index n,
                                const int* label = nullptr) {
  Covariates covariates{size.begin(), &design, label};
  for (Index at = n; at < size.size(); at += n) {
    covariates.size_beside.push_back(size.begin() + at);
  }
  return covariates;
}

// Finite numbers for n points in d latent dimensions.
inline void check_points(const Rcpp::NumericMatrix& x, Index n, Index d, const char* name) {
  check_length(x.nrow(), n, name);
  check_length(x.ncol(), d, name);
  check_finite(x.begin(), x.size(), name);
}

// n x D to D x n.
inline std::vector<double> to_points(const Rcpp::NumericMatrix& latent) {
  const Index n = latent.nrow(), d = latent.ncol();
  std::vector<double> points(static_cast<std::size_t>(n * d));
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j < n; ++j) points[static_cast<std::size_t>(j * d + i)] = latent[i * n + j];
  }
  return points;
}

}  // namespace gmvae
