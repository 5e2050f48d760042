// R's doors to src/gmm: read, call, wrap.
#include <Rcpp.h>

#include <Eigen/Core>

#include "glue_convert.h"
#include "glue_monitor.h"
#include "gmm/em.h"
#include "gmm/family.h"

namespace {

using namespace gmvae;

Eigen::MatrixXd observations_in_columns(const Rcpp::NumericMatrix& x) {
  return Eigen::Map<const Eigen::MatrixXd>(x.begin(), x.nrow(), x.ncol()).transpose();
}

ConstView<double> view(const Eigen::MatrixXd& x) { return {x.data(), x.rows(), x.cols()}; }

EmOptions read_em_options(const Rcpp::List& options, double seed) {
  EmOptions out;
  out.model = read<std::string>(options, "model");
  out.k = read_index(options, "k");
  out.max_iter = read_index(options, "max_iter");
  out.tol = read<double>(options, "tol");
  out.n_init = read_index(options, "n_init");
  out.ridge = read<double>(options, "ridge");
  out.seed = static_cast<std::uint64_t>(seed);
  out.start = read_indices(options, "start");
  return out;
}

}  // namespace

// x: n x d.  options$start: components (from 0) of the rows, or integer(0).
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmm_fit(const Rcpp::NumericMatrix& x, const Rcpp::List& options, double seed,
                       SEXP progress) {
  Workers workers(read_index(options, "n_threads"));
  RMonitor monitor(progress);
  const EmFit fit = fit_mixture(view(observations_in_columns(x)), read_em_options(options, seed),
                                workers, monitor);
  return Rcpp::List::create(
      Rcpp::Named("mixture") = to_list(fit.mixture), Rcpp::Named("loglik") = fit.loglik,
      Rcpp::Named("history") = fit.history, Rcpp::Named("n_iter") = static_cast<int>(fit.n_iter),
      Rcpp::Named("converged") = fit.converged,
      Rcpp::Named("best_start") = static_cast<int>(fit.best_start) + 1,
      Rcpp::Named("df") = static_cast<int>(fit.n_parameters), Rcpp::Named("starts") = fit.starts);
}

// Log-density (n) of the rows of x, and the probability (n x k) of each component.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmm_evaluate(const Rcpp::NumericMatrix& x, const Rcpp::List& mixture,
                            int n_threads) {
  Workers workers(n_threads);
  const Mixture read = to_mixture(mixture);
  Rcpp::NumericVector log_density(x.nrow());
  Eigen::MatrixXd posterior(read.weights.size(), x.nrow());
  evaluate_mixture(read, view(observations_in_columns(x)), workers, log_density.begin(),
                   posterior.data());
  const Eigen::MatrixXd rows = posterior.transpose();
  return Rcpp::List::create(Rcpp::Named("log_density") = log_density,
                            Rcpp::Named("posterior") =
                                Rcpp::NumericMatrix(static_cast<int>(rows.rows()),
                                                    static_cast<int>(rows.cols()), rows.data()));
}

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
