// Between R's values and the core's.  R's matrices have one row, the core's one column, for each
// cell or observation.
#pragma once

#include <Rcpp.h>

#include <string>
#include <vector>

#include "core/design.h"
#include "core/types.h"
#include "gmm/em/mixture.h"
#include "gmvae/data/source.h"

namespace gmvae {

// A named element of a list that R code of this package made.
template <typename T>
T read(const Rcpp::List& list, const char* name) {
  if (!list.containsElementNamed(name)) {
    Rcpp::stop("the list given to the core has no element '%s'", name);
  }
  return Rcpp::as<T>(list[name]);
}

inline Index read_index(const Rcpp::List& list, const char* name) {
  return static_cast<Index>(read<double>(list, name));
}

inline std::vector<Index> read_indices(const Rcpp::List& list, const char* name) {
  const std::vector<int> values = read<std::vector<int>>(list, name);
  return std::vector<Index>(values.begin(), values.end());
}

// A named list, one element at a time: Rcpp::List::create() would be compiled anew for each number
// of elements.
class NamedList {
 public:
  NamedList& add(const char* name, SEXP value) {
    names_.emplace_back(name);
    values_.emplace_back(value);
    return *this;
  }
  NamedList& add(const char* name, const std::vector<double>& value) {
    return add(name, Rcpp::NumericVector(value.begin(), value.end()));
  }

  Rcpp::List list() const {
    const R_xlen_t n = static_cast<R_xlen_t>(values_.size());
    Rcpp::List result(n);
    Rcpp::CharacterVector names(n);
    for (R_xlen_t i = 0; i < n; ++i) {
      SET_VECTOR_ELT(result, i, values_[static_cast<std::size_t>(i)]);
      names[i] = names_[static_cast<std::size_t>(i)];
    }
    result.names() = names;
    return result;
  }

  // Of columns with so many rows.
  Rcpp::List data_frame(std::size_t n_rows) const {
    Rcpp::List result = list();
    result.attr("class") = "data.frame";
    result.attr("row.names") = Rcpp::IntegerVector::create(NA_INTEGER, -static_cast<int>(n_rows));
    return result;
  }

 private:
  std::vector<std::string> names_;
  std::vector<Rcpp::RObject> values_;
};

// The slots of a dgCMatrix, kept alive while the core reads them.
class SparseCounts {
 public:
  // Other sparse classes have the same slots and another meaning.
  explicit SparseCounts(const Rcpp::S4& matrix)
      : start_(matrix.slot("p")), gene_(matrix.slot("i")), dim_(matrix.slot("Dim")),
        count_(matrix.slot("x")) {}

  MatrixSource source() const {
    return MatrixSource(start_.begin(), gene_.begin(), count_.begin(), dim_[0], dim_[1]);
  }
  const Rcpp::NumericVector& values() const { return count_; }

 private:
  Rcpp::IntegerVector start_, gene_, dim_;
  Rcpp::NumericVector count_;
};

// rows x cols, column-major, to cols x rows.
template <typename T>
Rcpp::NumericMatrix transposed(const std::vector<T>& x, Index rows) {
  const Index cols = rows > 0 ? static_cast<Index>(x.size()) / rows : 0;
  Rcpp::NumericMatrix y(static_cast<int>(cols), static_cast<int>(rows));
  for (Index j = 0; j < cols; ++j) {
    for (Index i = 0; i < rows; ++i) {
      y(static_cast<int>(j), static_cast<int>(i)) =
          static_cast<double>(x[static_cast<std::size_t>(j * rows + i)]);
    }
  }
  return y;
}

// A dgCMatrix of columns x cells, or NULL where there is nothing to explain.
inline Design to_design(SEXP matrix) {
  Design design;
  if (Rf_isNull(matrix)) return design;
  const Rcpp::S4 object(matrix);
  const Rcpp::IntegerVector start = object.slot("p"), column = object.slot("i"),
                            dim = object.slot("Dim");
  const Rcpp::NumericVector value = object.slot("x");
  design.n_columns = dim[0];
  design.start.assign(start.begin(), start.end());
  design.column.assign(column.begin(), column.end());
  design.value.assign(value.begin(), value.end());
  return design;
}

// weights (k), means (k x d), covariances (d x d x k).
inline Rcpp::List to_list(const Mixture& mixture) {
  const int d = static_cast<int>(mixture.means.rows()), k = static_cast<int>(mixture.means.cols());
  Rcpp::NumericMatrix means(k, d);
  Rcpp::NumericVector covariances(static_cast<R_xlen_t>(d) * d * k);
  covariances.attr("dim") = Rcpp::IntegerVector::create(d, d, k);
  R_xlen_t next = 0;
  for (int c = 0; c < k; ++c) {
    for (int i = 0; i < d; ++i) means(c, i) = mixture.means(i, c);
    const Eigen::MatrixXd& sigma = mixture.covariances[static_cast<std::size_t>(c)];
    for (Index e = 0; e < sigma.size(); ++e) covariances[next++] = sigma.data()[e];
  }
  return NamedList()
      .add("weights", Rcpp::NumericVector(mixture.weights.data(), mixture.weights.data() + k))
      .add("means", means)
      .add("covariances", covariances)
      .list();
}

inline Mixture to_mixture(const Rcpp::List& list) {
  const Rcpp::NumericVector weights = list["weights"], covariances = list["covariances"];
  const Rcpp::NumericMatrix means = list["means"];
  const int k = means.nrow(), d = means.ncol();
  Mixture mixture;
  mixture.weights = Eigen::Map<const Eigen::VectorXd>(weights.begin(), k);
  mixture.means = Eigen::Map<const Eigen::MatrixXd>(means.begin(), k, d).transpose();
  for (int c = 0; c < k; ++c) {
    mixture.covariances.emplace_back(Eigen::Map<const Eigen::MatrixXd>(
        covariances.begin() + static_cast<R_xlen_t>(c) * d * d, d, d));
  }
  mixture.noise_on = list.containsElementNamed("noise");
  if (mixture.noise_on) {
    mixture.noise = read<double>(list, "noise");
    mixture.log_noise_density = read<double>(list, "log_noise_density");
    const Rcpp::NumericVector range = list["noise_range"];
    mixture.noise_range = Eigen::Map<const Eigen::VectorXd>(range.begin(), range.size());
  }
  return mixture;
}

}  // namespace gmvae
