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

// n_genes, n_design: those of the data that come with the list.
inline ModelShape read_shape(const Rcpp::List& list, Index k, Index n_genes, Index n_design) {
  const std::vector<Index> hidden = read_indices(list, "hidden");
  const bool some = !hidden.empty() && *std::min_element(hidden.begin(), hidden.end()) >= 1;
  if (!some) refuse("hidden", "have sizes of at least 1");
  const std::vector<Index> hidden_decoder = read_indices(list, "hidden_decoder");
  for (Index size : hidden_decoder) {
    if (size < 1) refuse("hidden_decoder", "have sizes of at least 1");
  }
  if (k < 1) refuse("k", "be at least 1");
  return {{read<std::string>(list, "likelihood"), n_genes,
           to_varies_by(read<std::string>(list, "dispersion")),
           to_varies_by(read<std::string>(list, "zero_inflation"))},
          read_index(list, "n_latent", 1),
          hidden,
          hidden_decoder,
          k,
          n_design};
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
  const Index n_genes = scale.size();
  if (n_genes < 1) refuse("scale", "have a number for each gene");
  const Rcpp::NumericVector offset = read_numbers(input, "offset", n_genes);
  check_finite(scale.begin(), n_genes, "scale");
  check_finite(offset.begin(), n_genes, "offset");
  FittedModel model;
  model.shape =
      read_shape(state, read_index(state, "k", 1), n_genes, read_index(state, "n_design"));
  model.covariance = read<std::string>(state, "covariance");
  model.mixture = to_mixture(read<Rcpp::List>(state, "mixture"));
  if (model.mixture.means.cols() != model.shape.k ||
      model.mixture.means.rows() != model.shape.n_latent) {
    refuse("mixture", "have `k` components in the latent space");
  }
  model.params = read_parameters(state, model.shape);
  model.modality = {{std::vector<double>(scale.begin(), scale.end()),
                     std::vector<double>(offset.begin(), offset.end())},
                    read_finite(state, "size_reference")};
  model.seed = to_seed(read<double>(state, "seed"));
  return model;
}

// Sizes of n cells, and their rows of a design with so many columns.
inline void check_cells(const Rcpp::NumericVector& size, const Design& design, Index n,
                        Index n_design) {
  check_length(size.size(), n, "size");
  for (double one : size) {
    if (!(one > 0 && std::isfinite(one))) refuse("size", "be positive");
  }
  if (!design.empty()) check_length(design.n_rows(), n, "design");
  check_length(design.n_columns, n_design, "design");
  for (float value : design.value) {
    if (!std::isfinite(value)) refuse("design", "be finite");
  }
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
