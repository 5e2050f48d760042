// R's doors to src/gmm: read, call, wrap.
#include <Rcpp.h>

#include "glue_convert.h"
#include "glue_gmm.h"
#include "glue_monitor.h"
#include "gmm/data/columns.h"
#include "gmm/data/row_file.h"
#include "gmm/em/elsewhere.h"
#include "gmm/model/family.h"
#include "gmm/search/search.h"

namespace {

using namespace gmvae;

// Other processes by a function of R's.
class RElsewhere : public Elsewhere {
 public:
  RElsewhere(SEXP sums, const Observations& data) : sums_(sums), data_(data) {}

  std::vector<double> sums(const PassTask& task) override {
    const std::vector<double> numbers = to_numbers(task);
    const Rcpp::RObject found = made_by_r([&] {
      const Eigen::VectorXd &centre = data_.centre(), &scale = data_.scale();
      SEXP arguments[] = {PROTECT(r_numbers(numbers)),
                          PROTECT(r_number(static_cast<double>(task.n_shards))),
                          PROTECT(r_numbers(centre.data(), centre.size())),
                          PROTECT(r_numbers(scale.data(), scale.size()))};
      SEXP call = PROTECT(Rf_lang5(sums_, arguments[0], arguments[1], arguments[2], arguments[3]));
      SEXP value = Rf_eval(call, R_GlobalEnv);
      UNPROTECT(5);
      return value;
    });
    if (TYPEOF(found) != REALSXP) refuse("elsewhere", "return numbers");
    return Rcpp::as<std::vector<double>>(found);
  }

 private:
  SEXP sums_;
  const Observations& data_;
};

SEXP to_list(const CandidateFit& fit) {
  const bool there = fit.reason.empty();
  NamedList list;
  list.add("k", r_count(fit.candidate.k))
      .add("model", r_string(fit.candidate.family->code))
      .add("loglik", r_number(fit.loglik))
      .add("objective", r_number(fit.objective))
      .add("df", r_count(fit.n_parameters))
      .add("n_iter", r_count(static_cast<Index>(fit.history.size())))
      .add("converged", r_flag(fit.converged))
      .add("history", fit.history);
  SEXP starts = r_numbers(fit.starts);
  list.add("starts", starts);
  Rf_setAttrib(
      starts, R_NamesSymbol,
      PROTECT(r_strings_of(fit.start_names, [](const std::string& s) { return s.c_str(); })));
  UNPROTECT(1);
  list.add("best_start", r_count(fit.best_start + 1)).add("entropy", r_number(fit.entropy));
  list.add("tied_column", r_count(fit.tied_column + 1));
  list.add("reason", there ? Rf_ScalarString(NA_STRING) : r_string(fit.reason.c_str()));
  if (fit.mixture.weights.size() == 0) return list.add("mixture", R_NilValue).list();
  NamedList mixture;
  add_mixture(mixture, fit.mixture);
  mixture.add("noise", r_number(fit.mixture.noise));
  return list.add("mixture", mixture.list()).list();
}

}  // namespace

// Codes and aliases of the covariance models that the core has.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmm_models() {
  const std::vector<Family> all(std::begin(families), std::end(families));
  return made_by_r([&] {
    return NamedList()
        .add("code", r_strings_of(all, [](const Family& family) { return family.code; }))
        .add("alias", r_strings_of(all, [](const Family& family) { return family.alias; }))
        .list();
  });
}

// [[Rcpp::export(rng = false)]]
SEXP cpp_gmm_scan(SEXP x) {
  const ColumnScan scan = scan_columns(rows_of(x));
  // Rows and columns, from 1.
  const auto places = [](const ColumnScan::Places& found) {
    const int n = static_cast<int>(found.size());
    SEXP out = Rf_allocMatrix(INTSXP, n, 2);
    for (int i = 0; i < n; ++i) {
      INTEGER(out)[i] = static_cast<int>(found[static_cast<std::size_t>(i)].first) + 1;
      INTEGER(out)[n + i] = static_cast<int>(found[static_cast<std::size_t>(i)].second) + 1;
    }
    return out;
  };
  return made_by_r([&] {
    return NamedList()
        .add("min", scan.min)
        .add("max", scan.max)
        .add("n_missing", scan.n_missing)
        .add("n_infinite", scan.n_infinite)
        .add("first_missing", places(scan.first_missing))
        .add("first_infinite", places(scan.first_infinite))
        .add("n_incomplete", r_number(static_cast<double>(scan.n_incomplete)))
        .list();
  });
}

// weights: n, or empty.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmm_correlation(SEXP x, const Rcpp::NumericVector& weights) {
  const Source source = rows_of(x);
  if (weights.size() > 0) check_length(weights.size(), source.n, "weights");
  Workers workers(1);
  RMonitor monitor(R_NilValue);
  RowFacts facts;
  facts.weights = data_or_null(weights);
  const Eigen::MatrixXd found = correlation(Observations(source, facts, workers), &monitor);
  return made_by_r([&] {
    const int d = static_cast<int>(found.rows());
    SEXP out = Rf_allocMatrix(REALSXP, d, d);
    std::copy(found.data(), found.data() + found.size(), REAL(out));
    return out;
  });
}

// x: n x d, a matrix or a file.  Everything about the problem is there; what doesn't apply is
// empty. elsewhere: NULL, or function(task, n_shards, centre, scale) that returns cpp_gmm_shards()
// of all shards.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmm_fit(SEXP x, const Rcpp::List& problem, const Rcpp::List& control, double seed,
                 SEXP progress, SEXP elsewhere) {
  const Source source = rows_of(x);
  const Index n = source.n, d = source.d;
  const Rcpp::NumericVector weights = read_row_facts<Rcpp::NumericVector>(problem, "weights", n);
  const Rcpp::IntegerVector labels = read_row_facts<Rcpp::IntegerVector>(problem, "labels", n);
  const Rcpp::IntegerVector partition =
      read_row_facts<Rcpp::IntegerVector>(problem, "partition", n);
  const Rcpp::NumericMatrix responsibilities =
      read<Rcpp::NumericMatrix>(problem, "responsibilities");
  const std::vector<Candidate> candidates = read_candidates(problem);
  Index least = candidates.front().k, most = 1;
  for (const Candidate& candidate : candidates) {
    least = std::min(least, candidate.k);
    most = std::max(most, candidate.k);
  }
  check_codes(labels, least, "labels");
  check_codes(partition, most, "partition");
  if (responsibilities.size() > 0) {
    check_length(responsibilities.nrow(), n, "responsibilities");
    // The noise, if it is on, has the last column.
    const Index columns = read<bool>(read<Rcpp::List>(problem, "noise"), "on") ? most + 1 : most;
    check_length(responsibilities.ncol(), columns, "responsibilities");
  }
  const SEXP given_mixture = element(problem, "mixture");

  SearchOptions options;
  options.em = read_em_options(control, read<Rcpp::List>(problem, "prior"), d);
  options.n_init = read_index(control, "n_init", 1);
  options.n_kept = read_index(problem, "n_kept", 1);
  options.seed = to_seed(seed);
  options.noise = read_noise_options(read<Rcpp::List>(problem, "noise"), n);
  options.start.partition = data_or_null(partition);
  options.start.responsibilities = data_or_null(responsibilities);
  options.start.n = partition.size() > 0 || responsibilities.size() > 0 ? n : 0;
  Mixture mixture;
  if (!Rf_isNull(given_mixture)) {
    mixture = to_mixture(Rcpp::List(given_mixture));
    check_length(mixture.means.rows(), d, "mixture");
    options.start_mixture = &mixture;
  }

  const Index n_threads = checked_threads(read<double>(control, "n_threads"));
  const Index n_shards = read_index(control, "n_shards");
  RMonitor monitor(progress);
  RowFacts facts;
  facts.weights = data_or_null(weights);
  facts.labels = data_or_null(labels);
  const SearchResult found = [&] {
    Workers workers(n_threads, &monitor);
    Observations data(source, facts, workers);
    data.set_n_shards(n_shards);
    RElsewhere others(elsewhere, data);
    if (!Rf_isNull(elsewhere)) data.set_elsewhere(&others);
    return search(data, candidates, options, workers, monitor);
  }();
  return made_by_r([&] {
    SEXP fits = PROTECT(Rf_allocVector(VECSXP, static_cast<R_xlen_t>(found.candidates.size())));
    R_xlen_t at = 0;
    for (const CandidateFit& fit : found.candidates) SET_VECTOR_ELT(fits, at++, to_list(fit));
    SEXP result = NamedList()
                      .add("candidates", fits)
                      .add("log_noise_density", r_number(found.log_noise_density))
                      .add("noise_range", found.noise_range)
                      .list();
    UNPROTECT(1);
    return result;
  });
}

// The rows of x (n x d) under a mixture; `what` names the elements of the result.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmm_evaluate(SEXP x, const Rcpp::List& mixture, const std::vector<std::string>& what,
                      double n_threads) {
  const Mixture given = to_mixture(mixture);
  const Source source = rows_of(x);
  const int n = static_cast<int>(source.n), k = static_cast<int>(given.weights.size());
  check_length(source.d, given.means.rows(), "x");
  Evaluation wanted;
  wanted.n = n;
  // The core writes where R keeps the results.
  const Rcpp::RObject result = made_by_r([&] {
    NamedList list;
    const auto matrix = [&](const char* name, int columns) {
      SEXP out = Rf_allocMatrix(REALSXP, n, columns);
      list.add(name, out);
      return REAL(out);
    };
    const auto numbers = [&](const char* name) {
      SEXP out = Rf_allocVector(REALSXP, n);
      list.add(name, out);
      return REAL(out);
    };
    for (const std::string& name : what) {
      if (name == "log_density") {
        wanted.log_density = numbers("log_density");
      } else if (name == "cluster") {
        SEXP cluster = Rf_allocVector(INTSXP, n);
        list.add("cluster", cluster);
        wanted.cluster = INTEGER(cluster);
        wanted.uncertainty = numbers("uncertainty");
      } else if (name == "posterior") {
        wanted.posterior = matrix("posterior", given.noise_on ? k + 1 : k);
      } else if (name == "components") {
        wanted.components = matrix("components", k);
      } else if (name == "imputed") {
        if (TYPEOF(x) != REALSXP) refuse("x", "be a matrix");
        SEXP copy = Rf_duplicate(x);
        list.add("imputed", copy);
        wanted.imputed = REAL(copy);
      }
    }
    return list.list();
  });
  RMonitor monitor(R_NilValue);
  Workers workers(checked_threads(n_threads), &monitor);
  evaluate_mixture(given, source, wanted, workers, monitor);
  return result;
}
