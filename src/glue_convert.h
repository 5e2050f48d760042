// Between R's values and the core's.  R's matrices have one row, the core's one column, for each
// cell or observation.
//
// R checks what users give, by tables of what each field must be; what is read here is checked
// again for type and length, so that no list can make the core read outside of memory.
//
// Allocating in R can jump out of C++ (no memory, an interrupt), and then no destructor runs.  So
// results are made inside of made_by_r(), by functions that return a plain SEXP and hold nothing
// that needs a destructor; and threads of the core are joined before.
#pragma once

#include <Rcpp.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "core/design.h"
#include "core/types.h"
#include "gmm/em/mixture.h"
#include "gmvae/data/compressed.h"
#include "gmvae/data/source.h"

namespace gmvae {

// Reading ------------------------------------------------------------------------------------

[[noreturn]] inline void refuse(const char* name, const std::string& what) {
  throw std::invalid_argument("`" + std::string(name) + "` must " + what + ".");
}

inline SEXP element(const Rcpp::List& list, const char* name) {
  if (!list.containsElementNamed(name)) refuse(name, "be an element of the list");
  return list[name];
}

// A named element of a list: one number, flag or string, or a vector of R's.
template <typename T>
T read(const Rcpp::List& list, const char* name) {
  return Rcpp::as<T>(element(list, name));
}

// `length` numbers, or any number of them where it is negative; not copied.
inline Rcpp::NumericVector read_numbers(const Rcpp::List& list, const char* name,
                                        Index length = -1) {
  SEXP value = element(list, name);
  if (TYPEOF(value) != REALSXP) refuse(name, "hold numbers");
  if (length >= 0 && Rf_xlength(value) != length) {
    refuse(name, "have " + std::to_string(length) + " numbers");
  }
  return value;
}

inline Rcpp::NumericMatrix read_matrix(const Rcpp::List& list, const char* name, Index rows,
                                       Index cols) {
  SEXP value = element(list, name);
  if (TYPEOF(value) != REALSXP || !Rf_isMatrix(value) || Rf_nrows(value) != rows ||
      Rf_ncols(value) != cols) {
    refuse(name,
           "be a matrix of " + std::to_string(rows) + " x " + std::to_string(cols) + " numbers");
  }
  return value;
}

// A whole number of at least `least`.
inline Index read_index(const Rcpp::List& list, const char* name, Index least = 0) {
  const double value = read<double>(list, name);
  constexpr double largest = 9007199254740992.0;  // beyond, doubles are not exact
  if (!(value >= static_cast<double>(least) && value <= largest)) {
    refuse(name, "be a number of at least " + std::to_string(least));
  }
  return static_cast<Index>(value);
}

inline double read_finite(const Rcpp::List& list, const char* name) {
  const double value = read<double>(list, name);
  if (!std::isfinite(value)) refuse(name, "be finite");
  return value;
}

// An unsigned seed of the core.
inline std::uint64_t to_seed(double seed) {
  if (!(seed >= 0 && seed <= 9007199254740992.0)) refuse("seed", "be a whole number");
  return static_cast<std::uint64_t>(seed);
}

inline std::vector<Index> read_indices(const Rcpp::List& list, const char* name) {
  const std::vector<int> values = read<std::vector<int>>(list, name);
  return std::vector<Index>(values.begin(), values.end());
}

inline void check_finite(const double* x, Index n, const char* name) {
  for (Index i = 0; i < n; ++i) {
    if (!std::isfinite(x[i])) refuse(name, "be finite");
  }
}

// `n` of something that each cell or row has one of.
inline void check_length(R_xlen_t length, Index n, const char* name) {
  if (length != n) refuse(name, "have " + std::to_string(n) + " entries");
}

// Two at most while R checks a package; results do not depend on it.
inline Index checked_threads(double n_threads) {
  if (!(n_threads >= 1 && n_threads <= 1024)) refuse("n_threads", "be from 1 to 1024");
  const char* limit = std::getenv("_R_CHECK_LIMIT_CORES_");
  const bool limited = limit != nullptr && *limit != '\0' && std::string(limit) != "false" &&
                       std::string(limit) != "FALSE";
  return limited ? std::min<Index>(2, static_cast<Index>(n_threads))
                 : static_cast<Index>(n_threads);
}

// The slots of a dgCMatrix, kept alive while the core reads them.
class SparseCounts {
 public:
  // Other sparse classes have the same slots and another meaning.
  explicit SparseCounts(const Rcpp::S4& matrix)
      : start_(slot(matrix, "p", INTSXP)), gene_(slot(matrix, "i", INTSXP)),
        dim_(slot(matrix, "Dim", INTSXP)), count_(slot(matrix, "x", REALSXP)) {
    if (dim_.size() != 2 || start_.size() != static_cast<R_xlen_t>(dim_[1]) + 1) {
      refuse("p", "have one number more than there are columns");
    }
    check_length(count_.size(), gene_.size(), "x");
    const std::string fault = fault_of(
        {start_.begin(), start_.size(), gene_.begin(), gene_.size(), static_cast<Index>(dim_[0])});
    if (!fault.empty()) throw std::invalid_argument(fault + ".");
  }

  MatrixSource source() const {
    return MatrixSource(start_.begin(), gene_.begin(), count_.begin(), dim_[0], dim_[1]);
  }
  const Rcpp::NumericVector& values() const { return count_; }

  // The matrix as rows of a design, a row for each column here.
  Design design() const {
    Design design;
    design.n_columns = dim_[0];
    design.start.assign(start_.begin(), start_.end());
    design.column.assign(gene_.begin(), gene_.end());
    design.value.assign(count_.begin(), count_.end());
    return design;
  }

 private:
  static SEXP slot(const Rcpp::S4& matrix, const char* name, int type) {
    SEXP value = Rf_getAttrib(matrix, Rf_install(name));
    if (TYPEOF(value) != type) refuse(name, "be a slot of the right type");
    return value;
  }

  Rcpp::IntegerVector start_, gene_, dim_;
  Rcpp::NumericVector count_;
};

// A dgCMatrix of columns x cells, or NULL where there is nothing to explain.
inline Design to_design(SEXP matrix) {
  return Rf_isNull(matrix) ? Design() : SparseCounts(Rcpp::S4(matrix)).design();
}

// weights (k), means (k x d), covariances (d x d x k); noise, if there, with log_noise_density and
// noise_range (d).
inline Mixture to_mixture(const Rcpp::List& list) {
  const Rcpp::NumericVector weights = read_numbers(list, "weights");
  const Index k = weights.size();
  if (k < 1) refuse("weights", "have a number for each component");
  SEXP given = element(list, "means");
  const Index d = Rf_isMatrix(given) ? Rf_ncols(given) : 0;
  const Rcpp::NumericMatrix means = read_matrix(list, "means", k, d);
  if (d < 1) refuse("means", "have columns");
  const Rcpp::NumericVector covariances = read_numbers(list, "covariances", d * d * k);
  check_finite(weights.begin(), k, "weights");
  check_finite(means.begin(), k * d, "means");
  check_finite(covariances.begin(), d * d * k, "covariances");
  Mixture mixture;
  mixture.weights = Eigen::Map<const Eigen::VectorXd>(weights.begin(), k);
  if (!(mixture.weights.minCoeff() >= 0 && mixture.weights.sum() > 0)) {
    refuse("weights", "be positive");
  }
  mixture.means = Eigen::Map<const Eigen::MatrixXd>(means.begin(), k, d).transpose();
  for (Index c = 0; c < k; ++c) {
    mixture.covariances.emplace_back(
        Eigen::Map<const Eigen::MatrixXd>(covariances.begin() + c * d * d, d, d));
  }
  mixture.noise_on = list.containsElementNamed("noise");
  if (mixture.noise_on) {
    mixture.noise = read_finite(list, "noise");
    mixture.log_noise_density = read<double>(list, "log_noise_density");
    const Rcpp::NumericVector range = read_numbers(list, "noise_range", d);
    mixture.noise_range = Eigen::Map<const Eigen::VectorXd>(range.begin(), d);
  }
  return mixture;
}

// Writing ------------------------------------------------------------------------------------

// What `make` returns.  A jump of R's out of it becomes an exception, which runs destructors.
template <typename Make>
SEXP made_by_r(Make&& make) {
  return Rcpp::unwindProtect(std::function<SEXP()>(std::ref(make)));
}

inline SEXP r_number(double x) { return Rf_ScalarReal(x); }
inline SEXP r_count(Index x) { return Rf_ScalarInteger(static_cast<int>(x)); }
inline SEXP r_flag(bool x) { return Rf_ScalarLogical(x); }
inline SEXP r_string(const char* x) { return Rf_mkString(x); }

template <typename T>
SEXP r_numbers(const T* x, Index n) {
  SEXP result = Rf_allocVector(REALSXP, n);
  double* y = REAL(result);
  for (Index i = 0; i < n; ++i) y[i] = static_cast<double>(x[i]);
  return result;
}

template <typename T>
SEXP r_numbers(const std::vector<T>& x) {
  return r_numbers(x.data(), static_cast<Index>(x.size()));
}

// One entry of a vector for each item; strings as const char*, as a std::string would be lost.
template <typename Item, typename Fn>
SEXP r_numbers_of(const std::vector<Item>& items, Fn&& fn) {
  SEXP result = Rf_allocVector(REALSXP, static_cast<R_xlen_t>(items.size()));
  double* at = REAL(result);
  for (const Item& item : items) *at++ = fn(item);
  return result;
}

template <typename Item, typename Fn>
SEXP r_counts_of(const std::vector<Item>& items, Fn&& fn) {
  SEXP result = Rf_allocVector(INTSXP, static_cast<R_xlen_t>(items.size()));
  int* at = INTEGER(result);
  for (const Item& item : items) *at++ = static_cast<int>(fn(item));
  return result;
}

template <typename Item, typename Fn>
SEXP r_flags_of(const std::vector<Item>& items, Fn&& fn) {
  SEXP result = Rf_allocVector(LGLSXP, static_cast<R_xlen_t>(items.size()));
  int* at = LOGICAL(result);
  for (const Item& item : items) *at++ = fn(item) ? 1 : 0;
  return result;
}

template <typename Item, typename Fn>
SEXP r_strings_of(const std::vector<Item>& items, Fn&& fn) {
  SEXP result = PROTECT(Rf_allocVector(STRSXP, static_cast<R_xlen_t>(items.size())));
  R_xlen_t at = 0;
  for (const Item& item : items) SET_STRING_ELT(result, at++, Rf_mkCharCE(fn(item), CE_UTF8));
  UNPROTECT(1);
  return result;
}

// rows x cols, column-major, to cols x rows.
template <typename T>
SEXP transposed(const std::vector<T>& x, Index rows) {
  const Index cols = rows > 0 ? static_cast<Index>(x.size()) / rows : 0;
  SEXP result = Rf_allocMatrix(REALSXP, static_cast<int>(cols), static_cast<int>(rows));
  double* y = REAL(result);
  for (Index j = 0; j < cols; ++j) {
    for (Index i = 0; i < rows; ++i) {
      y[i * cols + j] = static_cast<double>(x[static_cast<std::size_t>(j * rows + i)]);
    }
  }
  return result;
}

inline SEXP r_matrix(const Eigen::MatrixXd& x) {
  SEXP result = Rf_allocMatrix(REALSXP, static_cast<int>(x.rows()), static_cast<int>(x.cols()));
  std::copy(x.data(), x.data() + x.size(), REAL(result));
  return result;
}

// Ends what an external pointer holds, when R has no use for it any more.
template <typename T>
void delete_pointee(SEXP pointer) {
  delete static_cast<T*>(R_ExternalPtrAddr(pointer));
  R_ClearExternalPtr(pointer);
}

// A named list, one element at a time.  It protects what it holds until list() is called, and
// others may be made meanwhile only if they end first.
class NamedList {
 public:
  NamedList() { PROTECT_WITH_INDEX(values_ = Rf_allocVector(VECSXP, most), &place_); }
  NamedList(const NamedList&) = delete;
  NamedList& operator=(const NamedList&) = delete;

  NamedList& add(const char* name, SEXP value) {
    if (n_ < most) {
      SET_VECTOR_ELT(values_, n_, value);
      names_[n_++] = name;
    }
    return *this;
  }
  NamedList& add(const char* name, const std::vector<double>& value) {
    return add(name, r_numbers(value));
  }

  SEXP list() {
    REPROTECT(values_ = Rf_xlengthgets(values_, n_), place_);
    SEXP names = PROTECT(Rf_allocVector(STRSXP, n_));
    for (int i = 0; i < n_; ++i) SET_STRING_ELT(names, i, Rf_mkChar(names_[i]));
    Rf_setAttrib(values_, R_NamesSymbol, names);
    UNPROTECT(2);
    return values_;
  }

  // Of columns with so many rows.
  SEXP data_frame(std::size_t n_rows) {
    SEXP frame = PROTECT(list());
    Rf_setAttrib(frame, R_ClassSymbol, PROTECT(Rf_mkString("data.frame")));
    SEXP rows = PROTECT(Rf_allocVector(INTSXP, 2));
    INTEGER(rows)[0] = NA_INTEGER;
    INTEGER(rows)[1] = -static_cast<int>(n_rows);
    Rf_setAttrib(frame, R_RowNamesSymbol, rows);
    UNPROTECT(3);
    return frame;
  }

 private:
  static constexpr int most = 32;
  SEXP values_;
  PROTECT_INDEX place_;
  const char* names_[most];
  int n_ = 0;
};

// weights (k), means (k x d), covariances (d x d x k).
inline void add_mixture(NamedList& list, const Mixture& mixture) {
  const Index d = mixture.means.rows(), k = mixture.means.cols();
  list.add("weights", r_numbers(mixture.weights.data(), k));
  SEXP means = Rf_allocMatrix(REALSXP, static_cast<int>(k), static_cast<int>(d));
  list.add("means", means);
  for (Index c = 0; c < k; ++c) {
    for (Index i = 0; i < d; ++i) REAL(means)[i * k + c] = mixture.means(i, c);
  }
  SEXP covariances =
      Rf_alloc3DArray(REALSXP, static_cast<int>(d), static_cast<int>(d), static_cast<int>(k));
  list.add("covariances", covariances);
  for (Index c = 0; c < k; ++c) {
    const double* sigma = mixture.covariances[static_cast<std::size_t>(c)].data();
    std::copy(sigma, sigma + d * d, REAL(covariances) + c * d * d);
  }
}

inline SEXP to_list(const Mixture& mixture) {
  NamedList list;
  add_mixture(list, mixture);
  return list.list();
}

}  // namespace gmvae
