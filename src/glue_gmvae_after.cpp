#include <Rcpp.h>

#include <cmath>

#include "core/beta_binomial.h"
#include "glue_gmvae.h"
#include "glue_monitor.h"
#include "gmvae/model/contrast.h"
#include "gmvae/model/fit_sums.h"
#include "gmvae/model/posterior.h"
#include "gmvae/model/simulate.h"
#include "gmvae/select/split_test.h"
#include "gmvae/select/stability.h"
#include "gmvae/train/shifts.h"

using namespace gmvae;

// latent, latent_sd: n x D.  group: of each cell, from 1, or 0 for none.  designs: columns x rows
// of the design to average over by `weights`, or NULL.  modality: whose genes are compared, from 1.
// Matrices of genes x groups.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmvae_contrast(Rcpp::List state, Rcpp::NumericMatrix latent, Rcpp::NumericMatrix latent_sd,
                        Rcpp::IntegerVector group, double n_groups, SEXP designs,
                        Rcpp::NumericVector weights, double n_draws, double pseudocount,
                        double threshold, double modality, double n_threads, SEXP progress) {
  const FittedModel model = read_model(state);
  if (!(modality >= 1 && modality <= static_cast<double>(model.modalities.size()))) {
    refuse("modality", "be one of the fit");
  }
  const Index n = latent.nrow(), d = model.shape.n_latent;
  check_points(latent, n, d, "latent");
  check_points(latent_sd, n, d, "latent_sd");
  check_length(group.size(), n, "group");
  const Design rows = to_design(designs);
  check_length(rows.n_columns, model.shape.n_design, "designs");
  check_length(weights.size(), std::max<Index>(rows.n_rows(), 1), "weights");
  if (!(n_groups >= 2)) refuse("n_groups", "be at least 2");
  if (!(n_draws >= 1)) refuse("n_draws", "be at least 1");
  std::vector<std::vector<Index>> groups(static_cast<std::size_t>(n_groups));
  for (Index i = 0; i < n; ++i) {
    if (group[i] < 0 || group[i] > static_cast<int>(groups.size())) {
      refuse("group", "hold numbers of groups");
    }
    if (group[i] > 0) groups[static_cast<std::size_t>(group[i] - 1)].push_back(i);
  }
  const std::vector<double> mean = to_points(latent), sd = to_points(latent_sd);
  RMonitor monitor(progress);
  const Contrast contrast = [&] {
    Workers workers(checked_threads(n_threads), &monitor);
    return contrast_groups(model, ConstView<double>(mean.data(), d, n),
                           ConstView<double>(sd.data(), d, n), groups, rows,
                           std::vector<double>(weights.begin(), weights.end()),
                           {static_cast<Index>(n_draws), pseudocount, threshold,
                            static_cast<std::size_t>(modality) - 1},
                           workers, monitor);
  }();
  const auto parts_of = [](const Summaries& s) {
    return NamedList()
        .add("mean", s.mean)
        .add("median", s.median)
        .add("min", s.least)
        .add("max", s.largest)
        .list();
  };
  return made_by_r([&] {
    return NamedList()
        .add("level", contrast.level)
        .add("change", parts_of(contrast.change))
        .add("probability", parts_of(contrast.probability))
        .list();
  });
}

// Of each of the numbers of clusters compared, whether halves share as much as with number `at`,
// from 1.
// [[Rcpp::export(rng = false)]]
SEXP cpp_shares_as_much(Rcpp::NumericVector shared, Rcpp::NumericVector sd, double at) {
  check_length(sd.size(), shared.size(), "sd");
  if (!(at >= 1 && at <= static_cast<double>(shared.size()))) refuse("at", "be one of the numbers");
  const R_xlen_t best = static_cast<R_xlen_t>(at) - 1;
  Rcpp::LogicalVector as_much(shared.size());
  for (R_xlen_t i = 0; i < shared.size(); ++i) {
    as_much[i] = shares_as_much(shared[i], sd[i], shared[best], sd[best], as_much_within);
  }
  return as_much;
}

// x of n trials each; a list of P(X <= x) and P(X >= x).
// [[Rcpp::export(rng = false)]]
SEXP cpp_beta_binomial_tails(Rcpp::NumericVector x, Rcpp::NumericVector n, Rcpp::NumericVector a,
                             Rcpp::NumericVector b) {
  const Index size = x.size();
  check_length(n.size(), size, "n");
  check_length(a.size(), size, "a");
  check_length(b.size(), size, "b");
  std::vector<double> lower(static_cast<std::size_t>(size)), upper(lower.size());
  for (Index i = 0; i < size; ++i) {
    if (!(x[i] >= 0 && x[i] <= n[i] && n[i] < 1e15)) refuse("x", "be from 0 to `n`");
    if (!(a[i] > 0 && b[i] > 0 && a[i] < 1e15 && b[i] < 1e15)) {
      refuse("a` and `b", "be positive");
    }
    const Tails tails = beta_binomial_tails(x[i], n[i], a[i], b[i]);
    lower[static_cast<std::size_t>(i)] = tails.lower;
    upper[static_cast<std::size_t>(i)] = tails.upper;
  }
  return made_by_r([&] { return NamedList().add("lower", lower).add("upper", upper).list(); });
}

// Cells drawn at latent points (n x D): the slots p, i and x of a dgCMatrix.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmvae_simulate(Rcpp::List state, Rcpp::NumericMatrix latent, Rcpp::NumericVector size,
                        SEXP design, double n_threads) {
  const FittedModel model = read_model(state);
  const Index n = latent.nrow();
  check_points(latent, n, model.shape.n_latent, "latent");
  const Design rows = to_design(design);
  check_cells(size, rows, n, model.modalities.size(), model.shape.n_design);
  const std::vector<double> points = to_points(latent);
  RMonitor monitor(R_NilValue);
  const SimulatedCells cells = [&] {
    Workers workers(checked_threads(n_threads), &monitor);
    return simulate_counts(model, ConstView<double>(points.data(), model.shape.n_latent, n),
                           to_covariates(size, rows, n), 0, workers);
  }();
  return made_by_r([&] {
    return NamedList()
        .add("p", r_counts_of(cells.start, [](int at) { return at; }))
        .add("i", r_counts_of(cells.gene, [](std::int32_t gene) { return gene; }))
        .add("x", cells.value)
        .list();
  });
}

// latent: n x D.  group: of each cell, from 1.  Matrices of genes x groups.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmvae_sums(Rcpp::List state, Rcpp::S4 counts, Rcpp::NumericMatrix latent,
                    Rcpp::NumericVector size, SEXP design, Rcpp::IntegerVector group,
                    double n_groups, double n_threads, SEXP progress) {
  const SparseCounts matrix(counts);
  const MatrixSource source = matrix.source();
  const FittedModel model = read_model(state);
  const Index n = source.n_cells(), groups = static_cast<Index>(n_groups);
  check_length(source.n_genes(), model.shape.modalities.front().n_genes, "counts");
  check_points(latent, n, model.shape.n_latent, "latent");
  check_length(group.size(), n, "group");
  const Design rows = to_design(design);
  check_cells(size, rows, n, model.modalities.size(), model.shape.n_design);
  std::vector<std::int32_t> of_cell;
  for (int one : group) {
    if (one < 1 || one > groups) refuse("group", "be a group of the cells");
    of_cell.push_back(one - 1);
  }
  const std::vector<double> points = to_points(latent);
  RMonitor monitor(progress);
  const FitSums sums = [&] {
    Workers workers(checked_threads(n_threads), &monitor);
    return fit_sums(model, source, ConstView<double>(points.data(), model.shape.n_latent, n),
                    to_covariates(size, rows, n), of_cell, groups, workers, monitor);
  }();
  return made_by_r([&] {
    return NamedList()
        .add("observed", sums.observed)
        .add("expected", sums.expected)
        .add("zeros", sums.zeros)
        .add("expected_zeros", sums.expected_zeros)
        .add("squares", sums.squares)
        .add("variance", sums.variance)
        .add("score_mean", sums.score_mean)
        .add("information_mean", sums.information_mean)
        .add("score_scale", sums.score_scale)
        .add("information_scale", sums.information_scale)
        .add("zeros_by_mean", sums.zeros_by_mean)
        .add("zeros_by_scale", sums.zeros_by_scale)
        .list();
  });
}

// The parameters with the shifts of the design's columns from `first_column` (from 1) on fitted to
// these cells.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmvae_shifts(Rcpp::List state, Rcpp::S4 counts, Rcpp::NumericVector size, SEXP design,
                      Rcpp::List options, double seed, double n_threads, SEXP progress) {
  const SparseCounts matrix(counts);
  const MatrixSource source = matrix.source();
  const FittedModel model = read_model(state);
  check_length(source.n_genes(), model.shape.n_rows(), "counts");
  const Design rows = to_design(design);
  check_cells(size, rows, source.n_cells(), model.modalities.size(), model.shape.n_design);
  const ShiftOptions shift{read_index(options, "first_column", 1) - 1,
                           read_index(options, "n_steps"),
                           read_index(options, "batch_size", 1),
                           read_finite(options, "learning_rate"),
                           read_finite(options, "penalty"),
                           to_seed(seed)};
  RMonitor monitor(progress);
  const std::vector<float> params = [&] {
    Workers workers(checked_threads(n_threads), &monitor);
    return fit_shifts(model, source, to_covariates(size, rows, source.n_cells()), shift, workers,
                      monitor);
  }();
  return made_by_r([&] { return r_numbers(params); });
}

// latent, latent_sd: n x D.  n x components.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmvae_posterior(Rcpp::List state, Rcpp::NumericMatrix latent,
                         Rcpp::NumericMatrix latent_sd, double n_threads) {
  const FittedModel model = read_model(state);
  const Index n = latent.nrow(), d = model.shape.n_latent;
  check_points(latent, n, d, "latent");
  check_points(latent_sd, n, d, "latent_sd");
  const std::vector<double> mean = to_points(latent), sd = to_points(latent_sd);
  RMonitor monitor(R_NilValue);
  const std::vector<double> posterior = [&] {
    Workers workers(checked_threads(n_threads), &monitor);
    return posterior_probabilities(model.mixture, model.seed, mean, sd, workers, monitor);
  }();
  return made_by_r([&] { return SEXP(transposed(posterior, model.shape.k)); });
}

// side: of each cell, 1 or 2.  latent: n x D.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmvae_division(Rcpp::List state, Rcpp::NumericMatrix latent, Rcpp::NumericVector size,
                        SEXP design, Rcpp::IntegerVector side, double n_clusters,
                        Rcpp::List options, SEXP progress) {
  const FittedModel model = read_model(state);
  const Index n = latent.nrow(), d = model.shape.n_latent;
  check_points(latent, n, d, "latent");
  const Design rows = to_design(design);
  check_cells(size, rows, n, model.modalities.size(), model.shape.n_design);
  check_length(side.size(), n, "side");
  std::vector<int> sides;
  for (int one : side) {
    if (one != 1 && one != 2) refuse("side", "be 1 or 2");
    sides.push_back(one - 1);
  }
  if (!(n_clusters >= 2 && n_clusters <= static_cast<double>(n))) {
    refuse("n_clusters", "be from 2 to the number of cells");
  }
  HalvesOptions halves;
  halves.covariance = model.covariance;
  halves.max_iter = read_index(options, "max_iter", 1);
  halves.tol = read_finite(options, "tol");
  halves.seed = model.seed;
  const std::vector<double> points = to_points(latent);
  RMonitor monitor(progress);
  const DivisionTest test = [&] {
    Workers workers(checked_threads(read<double>(options, "n_threads")), &monitor);
    return test_division(model, ConstView<double>(points.data(), d, n),
                         to_covariates(size, rows, n), sides, static_cast<Index>(n_clusters),
                         halves, workers, monitor);
  }();
  return made_by_r([&] {
    return NamedList()
        .add("p", Rf_ScalarReal(test.p))
        .add("p_unseen", Rf_ScalarReal(test.p_unseen))
        .add("stability", Rf_ScalarReal(test.stability))
        .list();
  });
}
