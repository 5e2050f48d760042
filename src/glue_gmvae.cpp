#include <Rcpp.h>

#include "glue_convert.h"
#include "glue_monitor.h"
#include "gmvae/data/gene_scores.h"
#include "gmvae/data/values.h"
#include "gmvae/select/find_batches.h"
#include "gmvae/select/halves.h"
#include "gmvae/train/train.h"

using namespace gmvae;

namespace {

TrainOptions read_train_options(const Rcpp::List& list, double seed) {
  TrainOptions options;
  options.likelihood = read<std::string>(list, "likelihood");
  options.covariance = read<std::string>(list, "covariance");
  options.k = read_index(list, "k");
  options.n_latent = read_index(list, "n_latent");
  options.hidden = read_indices(list, "hidden");
  options.dispersion = to_varies_by(read<std::string>(list, "dispersion"));
  options.zero_inflation = to_varies_by(read<std::string>(list, "zero_inflation"));
  options.n_batches = read_index(list, "n_batches");
  options.size_reference = read<double>(list, "size_reference");
  options.epochs_pretrain = read_index(list, "epochs_pretrain");
  options.epochs_warmup = read_index(list, "epochs_warmup");
  options.epochs_joint = read_index(list, "epochs_joint");
  options.batch_size = read_index(list, "batch_size");
  options.learning_rate = read<double>(list, "learning_rate");
  options.mask = read<double>(list, "mask");
  options.heldout = read<double>(list, "heldout");
  options.most_k = read_index(list, "most_k");
  options.patience = read_index(list, "patience");
  options.damping = read<double>(list, "damping");
  options.n_init = read_index(list, "n_init");
  options.max_iter = read_index(list, "max_iter");
  options.tol = read<double>(list, "tol");
  options.seed = static_cast<std::uint64_t>(seed);
  const Rcpp::NumericVector params = list["start_params"];
  options.start_params.assign(params.begin(), params.end());
  options.epochs_before = read_index(list, "epochs_before");
  return options;
}

FittedModel read_model(const Rcpp::List& state, Index n_genes) {
  FittedModel model;
  model.likelihood = read<std::string>(state, "likelihood");
  model.covariance = read<std::string>(state, "covariance");
  model.shape = {n_genes,
                 read_index(state, "n_latent"),
                 read_indices(state, "hidden"),
                 read_index(state, "k"),
                 to_varies_by(read<std::string>(state, "dispersion")),
                 to_varies_by(read<std::string>(state, "zero_inflation")),
                 read_index(state, "n_batches")};
  const Rcpp::NumericVector params = state["parameters"];
  model.params.assign(params.begin(), params.end());
  const Rcpp::List input = state["input"];
  model.input = {read<std::vector<double>>(input, "scale"),
                 read<std::vector<double>>(input, "offset")};
  model.mixture = to_mixture(state["mixture"]);
  model.size_reference = read<double>(state, "size_reference");
  model.seed = static_cast<std::uint64_t>(read<double>(state, "seed"));
  return model;
}

// batch: n, from 0; or empty.
Covariates to_covariates(const Rcpp::NumericVector& size, const Rcpp::IntegerVector& batch) {
  return {size.begin(), batch.size() > 0 ? batch.begin() : nullptr};
}

Rcpp::DataFrame to_frame(const std::vector<ParamSlice>& layout) {
  std::vector<std::string> name;
  std::vector<double> rows, cols, offset;
  for (const ParamSlice& slice : layout) {
    name.push_back(slice.name);
    rows.push_back(static_cast<double>(slice.rows));
    cols.push_back(static_cast<double>(slice.cols));
    offset.push_back(static_cast<double>(slice.offset));
  }
  return Rcpp::DataFrame::create(Rcpp::Named("name") = name, Rcpp::Named("rows") = rows,
                                 Rcpp::Named("cols") = cols, Rcpp::Named("offset") = offset);
}

Rcpp::DataFrame to_frame(const std::vector<EpochRecord>& history) {
  const R_xlen_t n = static_cast<R_xlen_t>(history.size());
  Rcpp::IntegerVector epoch(n);
  Rcpp::CharacterVector phase(n);
  Rcpp::NumericVector elbo(n), elbo_heldout(n), reconstruction(n), kl(n), rate(n), seconds(n);
  for (R_xlen_t i = 0; i < n; ++i) {
    const EpochRecord& record = history[static_cast<std::size_t>(i)];
    epoch[i] = static_cast<int>(i + 1);
    phase[i] = record.phase;
    elbo[i] = record.elbo;
    elbo_heldout[i] = record.elbo_heldout;
    reconstruction[i] = record.reconstruction;
    kl[i] = record.kl;
    rate[i] = record.learning_rate;
    seconds[i] = record.seconds;
  }
  return Rcpp::DataFrame::create(
      Rcpp::Named("epoch") = epoch, Rcpp::Named("phase") = phase, Rcpp::Named("elbo") = elbo,
      Rcpp::Named("elbo_heldout") = elbo_heldout, Rcpp::Named("reconstruction") = reconstruction,
      Rcpp::Named("kl") = kl, Rcpp::Named("learning_rate") = rate, Rcpp::Named("seconds") = seconds,
      Rcpp::Named("stringsAsFactors") = false);
}

// n x (number of k): components from 1, NA where there is no mixture.
template <typename Seen>
Rcpp::IntegerMatrix components(const std::vector<Seen>& by_k, std::size_t n) {
  Rcpp::IntegerMatrix m(static_cast<int>(n), static_cast<int>(by_k.size()));
  for (std::size_t i = 0; i < by_k.size(); ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      m(static_cast<int>(j), static_cast<int>(i)) =
          by_k[i].component.empty() ? NA_INTEGER : by_k[i].component[j] + 1;
    }
  }
  return m;
}

std::vector<double> log_densities(const std::vector<GroupsSeen>& by_k) {
  std::vector<double> values;
  for (const GroupsSeen& seen : by_k) {
    values.push_back(seen.component.empty() ? NA_REAL : seen.log_density);
  }
  return values;
}

// By halving.
Rcpp::List to_list(const std::vector<std::vector<GroupsSeen>>& sides, std::size_t n) {
  Rcpp::List list;
  for (const std::vector<GroupsSeen>& side : sides) {
    list.push_back(Rcpp::List::create(Rcpp::Named("component") = components(side, n),
                                      Rcpp::Named("log_density") = log_densities(side)));
  }
  return list;
}

Rcpp::NumericVector to_vector(const ElboTerms& terms) {
  return Rcpp::NumericVector::create(Rcpp::Named("elbo") = terms.reconstruction - terms.kl(),
                                     Rcpp::Named("reconstruction") = terms.reconstruction,
                                     Rcpp::Named("kl_z") = terms.kl_z,
                                     Rcpp::Named("kl_c") = terms.kl_c);
}

}  // namespace

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmvae_train(Rcpp::S4 counts, Rcpp::NumericVector size, Rcpp::IntegerVector batch,
                           Rcpp::List options, double seed, SEXP progress) {
  const SparseCounts matrix(counts);
  const TrainOptions opts = read_train_options(options, seed);
  RMonitor monitor(progress);
  Workers workers(read_index(options, "n_threads"));
  const TrainResult fit =
      train(matrix.reader(), to_covariates(size, batch), opts, workers, monitor);
  std::vector<int> heldout;
  for (Index cell : fit.heldout_cells) heldout.push_back(static_cast<int>(cell + 1));
  return Rcpp::List::create(
      Rcpp::Named("parameters") =
          Rcpp::NumericVector(fit.model.params.begin(), fit.model.params.end()),
      Rcpp::Named("layout") = to_frame(fit.layout),
      Rcpp::Named("input") = Rcpp::List::create(Rcpp::Named("scale") = fit.model.input.scale,
                                                Rcpp::Named("offset") = fit.model.input.offset),
      Rcpp::Named("mixture") = to_list(fit.model.mixture),
      Rcpp::Named("latent") = transposed(fit.cells.mean, opts.n_latent),
      Rcpp::Named("latent_sd") = transposed(fit.cells.sd, opts.n_latent),
      Rcpp::Named("posterior") = transposed(fit.cells.posterior, opts.k),
      Rcpp::Named("history") = to_frame(fit.history),
      Rcpp::Named("elbo") = Rcpp::List::create(Rcpp::Named("train") = to_vector(fit.train),
                                               Rcpp::Named("heldout") = to_vector(fit.heldout)),
      Rcpp::Named("heldout") = heldout,
      Rcpp::Named("n_rollbacks") = static_cast<int>(fit.n_rollbacks),
      Rcpp::Named("converged") = fit.converged, Rcpp::Named("seed") = seed);
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmvae_encode(Rcpp::List state, Rcpp::S4 counts, Rcpp::NumericVector size,
                            Rcpp::IntegerVector batch, double n_draws, bool posterior,
                            double n_threads, SEXP progress) {
  const SparseCounts matrix(counts);
  const MatrixReader reader = matrix.reader();
  const FittedModel model = read_model(state, reader.n_genes());
  RMonitor monitor(progress);
  Workers workers(static_cast<Index>(n_threads));
  const Encoding cells = encode(model, reader, to_covariates(size, batch),
                                static_cast<Index>(n_draws), posterior, workers, monitor);
  return Rcpp::List::create(
      Rcpp::Named("latent") = transposed(cells.mean, model.shape.n_latent),
      Rcpp::Named("latent_sd") = transposed(cells.sd, model.shape.n_latent),
      Rcpp::Named("posterior") =
          posterior ? Rcpp::RObject(transposed(cells.posterior, model.mixture.weights.size()))
                    : Rcpp::RObject(R_NilValue),
      Rcpp::Named("elbo") = cells.elbo);
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_gmvae_decode(Rcpp::List state, Rcpp::NumericMatrix latent,
                                     Rcpp::NumericVector size, Rcpp::IntegerVector batch,
                                     Rcpp::IntegerVector features, double n_threads) {
  const Rcpp::List input = state["input"];
  const FittedModel model = read_model(state, Rf_xlength(input["scale"]));
  const std::vector<double> points = Rcpp::as<std::vector<double>>(Rcpp::transpose(latent));
  std::vector<Index> genes;
  for (int feature : features) genes.push_back(feature - 1);
  Workers workers(static_cast<Index>(n_threads));
  const std::vector<double> expected =
      decode(model, ConstView<double>(points.data(), latent.ncol(), latent.nrow()),
             to_covariates(size, batch), genes, workers);
  return Rcpp::NumericMatrix(static_cast<int>(genes.size()), latent.nrow(), expected.begin());
}

// latent: n x D.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmvae_halves(Rcpp::NumericMatrix latent, Rcpp::IntegerVector batch,
                            Rcpp::List options, double seed, SEXP progress) {
  const std::vector<double> points = Rcpp::as<std::vector<double>>(Rcpp::transpose(latent));
  HalvesOptions opts;
  opts.k = read_indices(options, "k");
  opts.covariance = read<std::string>(options, "covariance");
  opts.most_cells = read_index(options, "most_cells");
  opts.n_halvings = read_index(options, "n_halvings");
  opts.n_init = read_index(options, "n_init");
  opts.max_iter = read_index(options, "max_iter");
  opts.tol = read<double>(options, "tol");
  opts.seed = static_cast<std::uint64_t>(seed);
  opts.batch.assign(batch.begin(), batch.end());
  opts.n_batches = read_index(options, "n_batches");
  RMonitor monitor(progress);
  Workers workers(read_index(options, "n_threads"));
  const Halves halves = fit_halves(ConstView<double>(points.data(), latent.ncol(), latent.nrow()),
                                   opts, workers, monitor);
  const std::size_t n = halves.cells.size();
  std::vector<double> cells, loglik, entropy, n_parameters;
  for (Index cell : halves.cells) cells.push_back(static_cast<double>(cell) + 1);
  for (const WholeFit& whole : halves.whole) {
    loglik.push_back(whole.found ? whole.loglik : NA_REAL);
    entropy.push_back(whole.found ? whole.entropy : NA_REAL);
    n_parameters.push_back(static_cast<double>(whole.n_parameters));
  }
  return Rcpp::List::create(Rcpp::Named("cells") = cells, Rcpp::Named("loglik") = loglik,
                            Rcpp::Named("entropy") = entropy,
                            Rcpp::Named("n_parameters") = n_parameters,
                            Rcpp::Named("component") = components(halves.whole, n),
                            Rcpp::Named("first") = to_list(halves.first, n),
                            Rcpp::Named("second") = to_list(halves.second, n));
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_value_traits(Rcpp::NumericVector values) {
  const ValueTraits traits = value_traits(values.begin(), values.size());
  return Rcpp::List::create(
      Rcpp::Named("least") = traits.least, Rcpp::Named("largest") = traits.largest,
      Rcpp::Named("finite") = traits.finite, Rcpp::Named("whole") = traits.whole,
      Rcpp::Named("has_zero") = traits.has_zero);
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_feature_moments(Rcpp::S4 counts, Rcpp::NumericVector size, bool log) {
  const SparseCounts matrix(counts);
  const FeatureMoments moments = feature_moments(matrix.reader(), size.begin(), log);
  return Rcpp::List::create(Rcpp::Named("mean") = moments.mean,
                            Rcpp::Named("variance") = moments.variance,
                            Rcpp::Named("n_cells") = moments.n_cells);
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector cpp_feature_deviance(Rcpp::S4 counts, Rcpp::NumericVector total) {
  const SparseCounts matrix(counts);
  const std::vector<double> deviance = feature_deviance(matrix.reader(), total.begin());
  return Rcpp::NumericVector(deviance.begin(), deviance.end());
}

// [[Rcpp::export(rng = false)]]
Rcpp::LogicalVector cpp_find_batches(Rcpp::S4 counts, Rcpp::NumericVector size, double n_threads) {
  const SparseCounts matrix(counts);
  RMonitor monitor(R_NilValue);
  Workers workers(static_cast<Index>(n_threads));
  const std::vector<bool> second = find_batches(matrix.reader(), size.begin(), workers, monitor);
  return Rcpp::LogicalVector(second.begin(), second.end());
}
