// R's doors to src/gmm: read, call, wrap.
#include <Rcpp.h>

#include <Eigen/Core>

#include "glue_convert.h"
#include "glue_monitor.h"
#include "gmm/data/columns.h"
#include "gmm/model/family.h"
#include "gmm/search/search.h"

namespace {

using namespace gmvae;

// Where R keeps them: rows are observations, columns coordinates.
Source source_of(const Rcpp::NumericMatrix& x) {
  return {x.begin(), x.nrow(), x.ncol(), 1, x.nrow()};
}

Eigen::MatrixXd to_matrix(const Rcpp::NumericMatrix& x) {
  return Eigen::Map<const Eigen::MatrixXd>(x.begin(), x.nrow(), x.ncol());
}

Eigen::VectorXd to_vector(const Rcpp::NumericVector& x) {
  return Eigen::Map<const Eigen::VectorXd>(x.begin(), x.size());
}

EmOptions read_em_options(const Rcpp::List& control, const Rcpp::List& prior) {
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

NoiseOptions read_noise_options(const Rcpp::List& noise) {
  NoiseOptions out;
  out.on = read<bool>(noise, "on");
  if (!out.on) return out;
  out.share = read<double>(noise, "share");
  out.rows = read_indices(noise, "rows");
  out.density = read<double>(noise, "density");
  return out;
}

std::vector<Candidate> read_candidates(const Rcpp::List& problem) {
  const std::vector<int> k = read<std::vector<int>>(problem, "k");
  const std::vector<std::string> model = read<std::vector<std::string>>(problem, "model");
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < k.size(); ++i) candidates.push_back({&find_family(model[i]), k[i]});
  return candidates;
}

// Null where a vector is empty: R's way to say that there is none.
template <typename Vector>
auto data_or_null(const Vector& x) {
  return x.size() > 0 ? x.begin() : nullptr;
}

Rcpp::List to_list(const CandidateFit& fit) {
  Rcpp::NumericVector starts(fit.starts.begin(), fit.starts.end());
  starts.names() = Rcpp::wrap(fit.start_names);
  const bool there = fit.reason.empty(), kept = fit.mixture.weights.size() > 0;
  Rcpp::List mixture;
  if (kept) {
    mixture = to_list(fit.mixture);
    mixture["noise"] = fit.mixture.noise;
  }
  return Rcpp::List::create(Rcpp::Named("k") = static_cast<int>(fit.candidate.k),
                            Rcpp::Named("model") = fit.candidate.family->code,
                            Rcpp::Named("loglik") = fit.loglik,
                            Rcpp::Named("objective") = fit.objective,
                            Rcpp::Named("df") = static_cast<int>(fit.n_parameters),
                            Rcpp::Named("n_iter") = static_cast<int>(fit.history.size()),
                            Rcpp::Named("converged") = fit.converged,
                            Rcpp::Named("history") = fit.history, Rcpp::Named("starts") = starts,
                            Rcpp::Named("best_start") = static_cast<int>(fit.best_start) + 1,
                            Rcpp::Named("entropy") = fit.entropy,
                            Rcpp::Named("reason") = there ? NA_STRING : Rcpp::String(fit.reason),
                            Rcpp::Named("tied_column") = static_cast<int>(fit.tied_column) + 1,
                            Rcpp::Named("mixture") = kept ? Rcpp::wrap(mixture) : R_NilValue);
}

}  // namespace

// Codes and aliases of the covariance models that the core has.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmm_models() {
  Rcpp::CharacterVector code, alias;
  for (const Family& family : families) {
    code.push_back(family.code);
    alias.push_back(family.alias);
  }
  return Rcpp::List::create(Rcpp::Named("code") = code, Rcpp::Named("alias") = alias);
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmm_scan(const Rcpp::NumericMatrix& x) {
  const ColumnScan scan = scan_columns(source_of(x));
  const auto places = [](const ColumnScan::Places& found) {
    Rcpp::IntegerMatrix out(static_cast<int>(found.size()), 2);
    for (int i = 0; i < out.nrow(); ++i) {
      out(i, 0) = static_cast<int>(found[static_cast<std::size_t>(i)].first) + 1;
      out(i, 1) = static_cast<int>(found[static_cast<std::size_t>(i)].second) + 1;
    }
    return out;
  };
  return Rcpp::List::create(Rcpp::Named("min") = scan.min, Rcpp::Named("max") = scan.max,
                            Rcpp::Named("n_missing") = scan.n_missing,
                            Rcpp::Named("n_infinite") = scan.n_infinite,
                            Rcpp::Named("first_missing") = places(scan.first_missing),
                            Rcpp::Named("first_infinite") = places(scan.first_infinite),
                            Rcpp::Named("n_incomplete") = static_cast<double>(scan.n_incomplete));
}

// weights: n, or empty.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_gmm_correlation(const Rcpp::NumericMatrix& x,
                                        const Rcpp::NumericVector& weights) {
  Workers workers(1);
  RowFacts facts;
  facts.weights = data_or_null(weights);
  const Eigen::MatrixXd found = correlation(Observations(source_of(x), facts, workers));
  return Rcpp::NumericMatrix(x.ncol(), x.ncol(), found.data());
}

// x: n x d.  Everything about the problem is there; what doesn't apply is empty.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmm_fit(const Rcpp::NumericMatrix& x, const Rcpp::List& problem,
                       const Rcpp::List& control, double seed, SEXP progress) {
  const Rcpp::NumericVector weights = read<Rcpp::NumericVector>(problem, "weights");
  const Rcpp::IntegerVector labels = read<Rcpp::IntegerVector>(problem, "labels");
  const Rcpp::IntegerVector partition = read<Rcpp::IntegerVector>(problem, "partition");
  const Rcpp::NumericMatrix responsibilities =
      read<Rcpp::NumericMatrix>(problem, "responsibilities");
  const SEXP given_mixture = problem["mixture"];

  SearchOptions options;
  options.em = read_em_options(control, read<Rcpp::List>(problem, "prior"));
  options.n_init = read_index(control, "n_init");
  options.n_kept = read_index(problem, "n_kept");
  options.seed = static_cast<std::uint64_t>(seed);
  options.noise = read_noise_options(read<Rcpp::List>(problem, "noise"));
  options.start.partition = data_or_null(partition);
  options.start.responsibilities = data_or_null(responsibilities);
  options.start.n =
      partition.size() > 0 || responsibilities.size() > 0 ? static_cast<Index>(x.nrow()) : 0;
  Mixture mixture;
  if (!Rf_isNull(given_mixture)) {
    mixture = to_mixture(Rcpp::List(given_mixture));
    options.start_mixture = &mixture;
  }

  Workers workers(read_index(control, "n_threads"));
  RMonitor monitor(progress);
  RowFacts facts;
  facts.weights = data_or_null(weights);
  facts.labels = data_or_null(labels);
  const Observations data(source_of(x), facts, workers);
  const SearchResult found = search(data, read_candidates(problem), options, workers, monitor);
  Rcpp::List candidates(static_cast<R_xlen_t>(found.candidates.size()));
  for (std::size_t i = 0; i < found.candidates.size(); ++i) {
    candidates[static_cast<R_xlen_t>(i)] = to_list(found.candidates[i]);
  }
  return Rcpp::List::create(Rcpp::Named("candidates") = candidates,
                            Rcpp::Named("log_noise_density") = found.log_noise_density,
                            Rcpp::Named("noise_range") = found.noise_range);
}

// The rows of x (n x d) under a mixture; `what` names the elements of the result.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmm_evaluate(const Rcpp::NumericMatrix& x, const Rcpp::List& mixture,
                            const std::vector<std::string>& what, int n_threads) {
  const Mixture given = to_mixture(mixture);
  const int n = x.nrow(), k = static_cast<int>(given.weights.size());
  Evaluation wanted;
  wanted.n = n;
  Rcpp::List result;
  const auto matrix = [&](const std::string& name, int columns) {
    Rcpp::NumericMatrix out(n, columns);
    result[name] = out;
    return out.begin();
  };
  for (const std::string& name : what) {
    if (name == "log_density") {
      Rcpp::NumericVector out(n);
      result[name] = out;
      wanted.log_density = out.begin();
    } else if (name == "cluster") {
      Rcpp::IntegerVector cluster(n);
      Rcpp::NumericVector uncertainty(n);
      result[name] = cluster;
      result["uncertainty"] = uncertainty;
      wanted.cluster = cluster.begin();
      wanted.uncertainty = uncertainty.begin();
    } else if (name == "posterior") {
      wanted.posterior = matrix(name, given.noise_on ? k + 1 : k);
    } else if (name == "components") {
      wanted.components = matrix(name, k);
    } else if (name == "imputed") {
      const Rcpp::NumericMatrix copy = Rcpp::clone(x);
      result[name] = copy;
      wanted.imputed = const_cast<Rcpp::NumericMatrix&>(copy).begin();
    }
  }
  Workers workers(n_threads);
  RMonitor monitor(R_NilValue);
  evaluate_mixture(given, source_of(x), wanted, workers, monitor);
  return result;
}
