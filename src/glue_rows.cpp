// R's doors to files of rows: read, call, wrap.
#include <Rcpp.h>

#include <algorithm>
#include <limits>

#include "glue_gmm.h"
#include "glue_monitor.h"
#include "gmm/em/pass.h"

using namespace gmvae;

namespace {

using Writer = Rcpp::XPtr<RowFileWriter>;

// A file of rows in a worker, ready for passes.
struct SharedRows {
  RowFile file;
  Observations data;

  SharedRows(const std::string& path, const Eigen::VectorXd& centre, const Eigen::VectorXd& scale)
      : file(path), data(file.source(), file.facts(), centre, scale) {}
};

}  // namespace

// A file that rows are added to; finish it, or it vanishes with the pointer.
// [[Rcpp::export(rng = false)]]
SEXP cpp_row_file_create(std::string path, double capacity, double d) {
  constexpr double most = std::numeric_limits<int>::max();
  if (!(capacity >= 1 && capacity <= most && d >= 1 && d <= most)) {
    refuse("dim", "be from 1 to 2147483647");
  }
  return Writer(new RowFileWriter(path, static_cast<Index>(capacity), static_cast<Index>(d)));
}

// [[Rcpp::export(rng = false)]]
void cpp_row_file_add(SEXP writer, Rcpp::NumericMatrix rows) {
  Writer(writer)->add(rows.begin(), rows.nrow());
}

// [[Rcpp::export(rng = false)]]
void cpp_row_file_finish(SEXP writer) { Writer(writer)->finish(); }

// Weights and labels of the rows of a finished file; empty: none.
// [[Rcpp::export(rng = false)]]
void cpp_row_file_facts(std::string path, Rcpp::NumericVector weights, Rcpp::IntegerVector labels) {
  const Index n = RowFile(path).source().n;
  if (weights.size() > 0) check_length(weights.size(), n, "weights");
  if (labels.size() > 0) check_length(labels.size(), n, "labels");
  RowFacts facts;
  facts.weights = data_or_null(weights);
  facts.labels = data_or_null(labels);
  write_facts(path, facts);
}

// [[Rcpp::export(rng = false)]]
SEXP cpp_row_file_open(std::string path) {
  auto file = std::make_unique<RowFile>(path);
  SEXP pointer = PROTECT(R_MakeExternalPtr(file.release(), row_file_tag(), R_NilValue));
  R_RegisterCFinalizerEx(pointer, delete_pointee<RowFile>, TRUE);
  UNPROTECT(1);
  return pointer;
}

// Rows with these numbers, from 1, as a matrix.
// [[Rcpp::export(rng = false)]]
SEXP cpp_row_file_read(SEXP x, Rcpp::IntegerVector rows) {
  const Source source = row_file_of(x).source();
  for (int row : rows) {
    if (row == NA_INTEGER || row < 1 || row > source.n) refuse("rows", "be rows of the file");
  }
  const Index n = rows.size();
  const Rcpp::RObject result = made_by_r(
      [&] { return Rf_allocMatrix(REALSXP, static_cast<int>(n), static_cast<int>(source.d)); });
  double* values = REAL(result);
  bool in_a_row = true;
  for (Index i = 1; i < n; ++i) in_a_row = in_a_row && rows[i] == rows[i - 1] + 1;
  for (Index j = 0; j < source.d; ++j) {
    for (Index i = 0; i < n; ++i) values[j * n + i] = source(rows[i] - 1, j);
    if (in_a_row) {
      source.used(n);
    } else {
      source.used_scattered(n);
    }
  }
  return result;
}

// The rows of a file in a worker, in units that the session has found.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmm_shared_rows(std::string path, Rcpp::NumericVector centre, Rcpp::NumericVector scale) {
  const RowFile file(path);
  check_length(centre.size(), file.source().d, "centre");
  check_length(scale.size(), file.source().d, "scale");
  return Rcpp::XPtr<SharedRows>(new SharedRows(path, to_vector(centre), to_vector(scale)));
}

// The sums of shards from `first` to `last`, from 1, of a pass.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmm_shards(SEXP rows, const std::vector<double>& task, double first, double last,
                    double n_threads) {
  const Rcpp::XPtr<SharedRows> shared(rows);
  RMonitor monitor(R_NilValue);
  Workers workers(checked_threads(n_threads), &monitor);
  const std::vector<double> sums =
      shard_sums(shared->data, to_task(task), static_cast<Index>(first) - 1,
                 static_cast<Index>(last), workers, monitor);
  return made_by_r([&] { return r_numbers(sums); });
}
