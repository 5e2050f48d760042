// R's doors to src/gmm/inference: read, call, wrap.
#include <Rcpp.h>

#include "glue_convert.h"
#include "glue_gmm.h"
#include "glue_monitor.h"
#include "gmm/inference/bootstrap.h"
#include "gmm/inference/dip.h"
#include "gmm/inference/information.h"

namespace {

using namespace gmvae;

Rcpp::NumericMatrix to_r(const Eigen::MatrixXd& x) {
  return Rcpp::NumericMatrix(static_cast<int>(x.rows()), static_cast<int>(x.cols()), x.data());
}

Rcpp::NumericVector to_r(const Eigen::VectorXd& x) {
  return Rcpp::NumericVector(x.data(), x.data() + x.size());
}

const char* name_of(Moves moves) {
  switch (moves) {
  case Moves::weight:
    return "weight";
  case Moves::mean:
    return "mean";
  case Moves::volume:
    return "volume";
  case Moves::shape:
    return "shape";
  case Moves::orientation:
    return "orientation";
  }
  return "";
}

InformationKind find_information(const std::string& name) {
  if (name == "scores") return InformationKind::scores;
  if (name == "squared_scores") return InformationKind::squared_scores;
  return InformationKind::observed;
}

}  // namespace

// `problem` has the weights, the labels and the prior of the fit.  The result's `component` is 0
// for coordinates that all components share.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmm_information(const Rcpp::NumericMatrix& x, const Rcpp::List& problem,
                               const Rcpp::List& mixture, const std::string& model,
                               const Rcpp::List& control, const std::string& kind) {
  const auto weights = read_row_facts<Rcpp::NumericVector>(problem, "weights", x.nrow());
  const auto labels = read_row_facts<Rcpp::IntegerVector>(problem, "labels", x.nrow());
  const Mixture fitted = to_mixture(mixture);
  check_length(x.ncol(), fitted.means.rows(), "x");
  check_codes(labels, static_cast<int>(fitted.weights.size()), "labels");
  RMonitor monitor(R_NilValue);
  Workers workers(checked_threads(read<double>(control, "n_threads")), &monitor);
  RowFacts facts;
  facts.weights = data_or_null(weights);
  facts.labels = data_or_null(labels);
  const Observations data(source_of(x), facts, workers);
  const Information found =
      information(data, find_family(model), fitted,
                  read_em_options(control, read<Rcpp::List>(problem, "prior"), x.ncol()),
                  find_information(kind), workers, monitor);
  Rcpp::CharacterVector moves;
  Rcpp::IntegerVector component;
  for (const Coordinate& coordinate : found.coordinates) {
    moves.push_back(name_of(coordinate.moves));
    component.push_back(static_cast<int>(coordinate.component) + 1);
  }
  return NamedList()
      .add("matrix", to_r(found.matrix))
      .add("gradient", to_r(found.gradient))
      .add("jacobian", to_r(found.jacobian))
      .add("units", to_r(found.units))
      .add("moves", moves)
      .add("component", component)
      .list();
}

namespace {

// The data and the mixture of a fit, kept alive while samples are drawn from them.
class FittedData {
 public:
  FittedData(const Rcpp::NumericMatrix& x, const Rcpp::List& problem, const Rcpp::List& mixture)
      : x_(x), weights_(read_row_facts<Rcpp::NumericVector>(problem, "weights", x.nrow())),
        labels_(read_row_facts<Rcpp::IntegerVector>(problem, "labels", x.nrow())),
        mixture_(to_mixture(mixture)) {
    check_length(x.ncol(), mixture_.means.rows(), "x");
    check_codes(labels_, static_cast<int>(mixture_.weights.size()), "labels");
  }

  Population population() const {
    RowFacts facts;
    facts.weights = data_or_null(weights_);
    facts.labels = data_or_null(labels_);
    return {source_of(x_), facts, mixture_};
  }

 private:
  Rcpp::NumericMatrix x_;
  Rcpp::NumericVector weights_;
  Rcpp::IntegerVector labels_;
  Mixture mixture_;
};

SearchOptions read_search_options(const Rcpp::NumericMatrix& x, const Rcpp::List& problem,
                                  const Rcpp::List& control) {
  SearchOptions options;
  options.em = read_em_options(control, read<Rcpp::List>(problem, "prior"), x.ncol());
  options.n_init = read_index(control, "n_init");
  options.noise = read_noise_options(read<Rcpp::List>(problem, "noise"), x.nrow());
  return options;
}

Replicates read_replicates(const Rcpp::List& replicates) {
  return {read_index(replicates, "first") - 1, read_index(replicates, "n"),
          static_cast<std::uint64_t>(read<double>(replicates, "seed"))};
}

}  // namespace

// Refits to samples number `first` to `first + n - 1`: a column of estimates for each.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmm_refit(const Rcpp::NumericMatrix& x, const Rcpp::List& problem,
                         const Rcpp::List& mixture, const std::string& model,
                         const std::string& type, const Rcpp::List& control,
                         const Rcpp::List& replicates, SEXP progress) {
  const FittedData fitted(x, problem, mixture);
  const Population population = fitted.population();
  RMonitor monitor(progress);
  Workers workers(checked_threads(read<double>(control, "n_threads")), &monitor);
  const Candidate candidate{&find_family(model), population.mixture().weights.size()};
  const Refits found =
      refit(population, candidate, find_resampling(type), read_search_options(x, problem, control),
            read_replicates(replicates), workers, monitor);
  return NamedList()
      .add("estimates", to_r(found.estimates))
      .add("reasons", Rcpp::wrap(found.reasons))
      .list();
}

// Log-likelihoods of the candidates (rows) on samples from a mixture (columns).
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_gmm_null(const Rcpp::NumericMatrix& x, const Rcpp::List& problem,
                                 const Rcpp::List& mixture, const Rcpp::List& control,
                                 const Rcpp::List& replicates, SEXP progress) {
  const FittedData fitted(x, problem, mixture);
  RMonitor monitor(progress);
  Workers workers(checked_threads(read<double>(control, "n_threads")), &monitor);
  return to_r(null_logliks(fitted.population(), read_candidates(problem),
                           read_search_options(x, problem, control), read_replicates(replicates),
                           workers, monitor));
}

// The dip of values with weights, and its p-value by `n_samples` uniform samples from a seed.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector cpp_dip_test(const Rcpp::NumericVector& values,
                                 const Rcpp::NumericVector& weights, int n_samples, double seed,
                                 double n_threads) {
  check_length(weights.size(), values.size(), "weights");
  RMonitor monitor(R_NilValue);
  Workers workers(checked_threads(n_threads), &monitor);
  const DipTest test =
      dip_test(Rcpp::as<std::vector<double>>(values), Rcpp::as<std::vector<double>>(weights),
               n_samples, static_cast<std::uint64_t>(seed), workers, monitor);
  return Rcpp::NumericVector::create(test.dip, test.p_value);
}
