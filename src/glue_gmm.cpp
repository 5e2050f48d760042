// R's doors to src/gmm: read, call, wrap.  R has observations in rows, the core in columns.
#include <Rcpp.h>

#include <Eigen/Core>

#include "glue_monitor.h"
#include "gmm/em.h"
#include "gmm/family.h"

namespace {

using gmvae::Index;

Eigen::MatrixXd observations_in_columns(const Rcpp::NumericMatrix& x) {
  return Eigen::Map<const Eigen::MatrixXd>(x.begin(), x.nrow(), x.ncol()).transpose();
}

gmvae::ConstView<double> view(const Eigen::MatrixXd& x) { return {x.data(), x.rows(), x.cols()}; }

Rcpp::NumericMatrix to_r(const Eigen::MatrixXd& x) {
  return Rcpp::NumericMatrix(static_cast<int>(x.rows()), static_cast<int>(x.cols()), x.data());
}

gmvae::EmOptions read_em_options(const Rcpp::List& options, double seed) {
  gmvae::EmOptions out;
  out.model = Rcpp::as<std::string>(options["model"]);
  out.k = Rcpp::as<Index>(options["k"]);
  out.max_iter = Rcpp::as<Index>(options["max_iter"]);
  out.tol = Rcpp::as<double>(options["tol"]);
  out.n_init = Rcpp::as<Index>(options["n_init"]);
  out.ridge = Rcpp::as<double>(options["ridge"]);
  out.seed = static_cast<std::uint64_t>(seed);
  for (const int component : Rcpp::as<Rcpp::IntegerVector>(options["start"])) {
    out.start.push_back(component - 1);
  }
  return out;
}

Rcpp::List to_list(const gmvae::Mixture& mixture) {
  const Eigen::MatrixXd means = mixture.means.transpose();
  const int d = static_cast<int>(means.cols()), k = static_cast<int>(means.rows());
  Rcpp::NumericVector covariances(static_cast<R_xlen_t>(d) * d * k);
  auto to = covariances.begin();
  for (const Eigen::MatrixXd& covariance : mixture.covariances) {
    to = std::copy(covariance.data(), covariance.data() + covariance.size(), to);
  }
  covariances.attr("dim") = Rcpp::IntegerVector::create(d, d, k);
  return Rcpp::List::create(
      Rcpp::Named("weights") =
          Rcpp::NumericVector(mixture.weights.data(), mixture.weights.data() + k),
      Rcpp::Named("means") = to_r(means), Rcpp::Named("covariances") = covariances);
}

gmvae::Mixture read_mixture(const Rcpp::List& mixture) {
  const Rcpp::NumericVector weights = mixture["weights"], covariances = mixture["covariances"];
  gmvae::Mixture out;
  out.weights = Eigen::Map<const Eigen::VectorXd>(weights.begin(), weights.size());
  out.means = observations_in_columns(mixture["means"]);
  const Index d = out.means.rows();
  for (Index k = 0; k < out.means.cols(); ++k) {
    out.covariances.push_back(
        Eigen::Map<const Eigen::MatrixXd>(covariances.begin() + k * d * d, d, d));
  }
  return out;
}

}  // namespace

// x: n x d.  options$start: components (from 1) of the rows, or integer(0).
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmm_fit(const Rcpp::NumericMatrix& x, const Rcpp::List& options, double seed,
                       Rcpp::RObject progress) {
  gmvae::Workers workers(Rcpp::as<Index>(options["n_threads"]));
  RMonitor monitor(progress);
  const gmvae::EmFit fit = gmvae::fit_mixture(view(observations_in_columns(x)),
                                              read_em_options(options, seed), workers, monitor);
  return Rcpp::List::create(
      Rcpp::Named("mixture") = to_list(fit.mixture), Rcpp::Named("loglik") = fit.loglik,
      Rcpp::Named("history") = fit.history,
      Rcpp::Named("n_iter") = static_cast<int>(fit.n_iter),
      Rcpp::Named("converged") = fit.converged,
      Rcpp::Named("best_start") = static_cast<int>(fit.best_start) + 1,
      Rcpp::Named("df") = static_cast<int>(fit.n_parameters), Rcpp::Named("starts") = fit.starts);
}

// Log-density (n) of the rows of x and the probability (n x k) of each component.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmm_evaluate(const Rcpp::NumericMatrix& x, const Rcpp::List& mixture,
                            int n_threads) {
  gmvae::Workers workers(n_threads);
  const gmvae::Mixture read = read_mixture(mixture);
  Rcpp::NumericVector log_density(x.nrow());
  Eigen::MatrixXd posterior(read.weights.size(), x.nrow());
  gmvae::evaluate_mixture(read, view(observations_in_columns(x)), workers, log_density.begin(),
                          posterior.data());
  return Rcpp::List::create(Rcpp::Named("log_density") = log_density,
                            Rcpp::Named("posterior") = to_r(posterior.transpose()));
}

// Codes and aliases of the covariance models that the core has.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmm_models() {
  Rcpp::CharacterVector code, alias;
  for (const gmvae::Family& family : gmvae::families) {
    code.push_back(family.code);
    alias.push_back(family.alias);
  }
  return Rcpp::List::create(Rcpp::Named("code") = code, Rcpp::Named("alias") = alias);
}
