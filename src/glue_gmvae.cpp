#include <Rcpp.h>

#include <cmath>

#include "glue_convert.h"
#include "glue_monitor.h"
#include "gmvae/data/gene_scores.h"
#include "gmvae/data/values.h"
#include "gmvae/model/decode.h"
#include "gmvae/model/encode.h"
#include "gmvae/select/find_batches.h"
#include "gmvae/select/fit.h"

using namespace gmvae;

namespace {

// n_genes, n_design: those of the data that come with the list.
ModelShape read_shape(const Rcpp::List& list, Index k, Index n_genes, Index n_design) {
  return {{read<std::string>(list, "likelihood"), n_genes,
           to_varies_by(read<std::string>(list, "dispersion")),
           to_varies_by(read<std::string>(list, "zero_inflation"))},
          read_index(list, "n_latent"),
          read_indices(list, "hidden"),
          k,
          n_design};
}

TrainOptions read_train_options(const Rcpp::List& list, const ModelShape& shape, double seed) {
  TrainOptions options;
  options.shape = shape;
  options.covariance = read<std::string>(list, "covariance");
  options.size_reference = read<double>(list, "size_reference");
  options.epochs_pretrain = read_index(list, "epochs_pretrain");
  options.epochs_warmup = read_index(list, "epochs_warmup");
  options.epochs_joint = read_index(list, "epochs_joint");
  options.epochs_before = read_index(list, "epochs_before");
  options.batch_size = read_index(list, "batch_size");
  options.learning_rate = read<double>(list, "learning_rate");
  options.mask = read<double>(list, "mask");
  options.heldout = read<double>(list, "heldout");
  options.patience = read_index(list, "patience");
  options.damping = read<double>(list, "damping");
  options.n_init = read_index(list, "n_init");
  options.max_iter = read_index(list, "max_iter");
  options.tol = read<double>(list, "tol");
  options.seed = static_cast<std::uint64_t>(seed);
  return options;
}

FittedModel read_model(const Rcpp::List& state) {
  const Rcpp::List input = state["input"];
  const std::vector<double> scale = read<std::vector<double>>(input, "scale");
  FittedModel model;
  model.shape = read_shape(state, read_index(state, "k"), static_cast<Index>(scale.size()),
                           read_index(state, "n_design"));
  model.covariance = read<std::string>(state, "covariance");
  const Rcpp::NumericVector params = state["parameters"];
  model.params.assign(params.begin(), params.end());
  model.modality = {{scale, read<std::vector<double>>(input, "offset")},
                    read<double>(state, "size_reference")};
  model.mixture = to_mixture(state["mixture"]);
  model.seed = static_cast<std::uint64_t>(read<double>(state, "seed"));
  return model;
}

double or_na(double x) { return std::isnan(x) ? NA_REAL : x; }

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

Rcpp::DataFrame to_frame(const std::vector<Stability>& path) {
  Rcpp::IntegerVector k;
  Rcpp::NumericVector stability, sd, log_density, bic, icl, smallest;
  Rcpp::LogicalVector stable;
  for (const Stability& s : path) {
    k.push_back(static_cast<int>(s.k));
    stability.push_back(or_na(s.mean));
    sd.push_back(or_na(s.sd));
    log_density.push_back(or_na(s.log_density));
    bic.push_back(or_na(s.bic));
    icl.push_back(or_na(s.icl));
    smallest.push_back(s.smallest);
    stable.push_back(s.stable);
  }
  return Rcpp::DataFrame::create(
      Rcpp::Named("k") = k, Rcpp::Named("stability") = stability, Rcpp::Named("stability_sd") = sd,
      Rcpp::Named("log_density") = log_density, Rcpp::Named("bic") = bic, Rcpp::Named("icl") = icl,
      Rcpp::Named("smallest") = smallest, Rcpp::Named("stable") = stable);
}

Rcpp::NumericVector to_vector(const ElboTerms& terms) {
  return Rcpp::NumericVector::create(Rcpp::Named("elbo") = terms.reconstruction - terms.kl(),
                                     Rcpp::Named("reconstruction") = terms.reconstruction,
                                     Rcpp::Named("kl_z") = terms.kl_z,
                                     Rcpp::Named("kl_c") = terms.kl_c);
}

Rcpp::List to_list(const FitResult& fit, double seed) {
  const TrainResult& trained = fit.trained;
  const Index d = trained.model.shape.n_latent, k = trained.model.shape.k;
  std::vector<int> heldout;
  for (Index cell : trained.heldout_cells) heldout.push_back(static_cast<int>(cell + 1));
  std::vector<double> cluster_stability;
  for (double s : fit.cluster_stability) cluster_stability.push_back(or_na(s));
  Rcpp::List list = Rcpp::List::create(
      Rcpp::Named("k") = static_cast<int>(k),
      Rcpp::Named("parameters") =
          Rcpp::NumericVector(trained.model.params.begin(), trained.model.params.end()),
      Rcpp::Named("layout") = to_frame(trained.layout),
      Rcpp::Named("input") =
          Rcpp::List::create(Rcpp::Named("scale") = trained.model.modality.input.scale,
                             Rcpp::Named("offset") = trained.model.modality.input.offset),
      Rcpp::Named("mixture") = to_list(trained.model.mixture),
      Rcpp::Named("latent") = transposed(trained.cells.mean, d),
      Rcpp::Named("latent_sd") = transposed(trained.cells.sd, d),
      Rcpp::Named("posterior") = transposed(trained.cells.posterior, k),
      Rcpp::Named("history") = to_frame(trained.history),
      Rcpp::Named("elbo") = Rcpp::List::create(Rcpp::Named("train") = to_vector(trained.train),
                                               Rcpp::Named("heldout") = to_vector(trained.heldout)),
      Rcpp::Named("heldout") = heldout,
      Rcpp::Named("n_rollbacks") = static_cast<int>(trained.n_rollbacks),
      Rcpp::Named("converged") = trained.converged, Rcpp::Named("seed") = seed);
  list["stability"] = or_na(fit.stability.mean);
  list["cluster_stability"] = cluster_stability;
  list["k_path"] = fit.path.empty() ? R_NilValue : Rcpp::wrap(to_frame(fit.path));
  return list;
}

}  // namespace

// size: n.  design: columns x n, sparse, or NULL.  k: one or several to choose among.  earlier: the
// fit to go on from (parameters, k, latent: n x D), or NULL.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmvae_fit(Rcpp::S4 counts, Rcpp::NumericVector size, SEXP design, Rcpp::List options,
                         Rcpp::IntegerVector k, SEXP earlier, double seed, SEXP progress) {
  const SparseCounts matrix(counts);
  const MatrixSource source = matrix.source();
  const Design rows = to_design(design);
  const std::vector<Index> ks(k.begin(), k.end());
  TrainOptions opts = read_train_options(
      options, read_shape(options, ks.front(), source.n_genes(), rows.n_columns), seed);
  opts.most_k = *std::max_element(ks.begin(), ks.end());
  EarlierFit start;
  if (!Rf_isNull(earlier)) {
    const Rcpp::List list(earlier);
    const Rcpp::NumericVector params = list["parameters"];
    start.params.assign(params.begin(), params.end());
    start.k = read_index(list, "k");
    start.latent =
        Rcpp::as<std::vector<double>>(Rcpp::transpose(read<Rcpp::NumericMatrix>(list, "latent")));
  }
  RMonitor monitor(progress);
  Workers workers(read_index(options, "n_threads"));
  return to_list(fit(source, {size.begin(), &rows}, opts, ks, Rf_isNull(earlier) ? nullptr : &start,
                     workers, monitor),
                 seed);
}

// alternatives: columns x rows of the design to give each cell the ELBO with, or NULL for its own.
// The ELBO has a row for each cell and a column for each alternative.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_gmvae_encode(Rcpp::List state, Rcpp::S4 counts, Rcpp::NumericVector size,
                            SEXP design, SEXP alternatives, double n_draws, bool posterior,
                            double n_threads, SEXP progress) {
  const SparseCounts matrix(counts);
  const FittedModel model = read_model(state);
  const Design rows = to_design(design);
  const EncodeOptions options{static_cast<Index>(n_draws), posterior, to_design(alternatives)};
  RMonitor monitor(progress);
  Workers workers(static_cast<Index>(n_threads));
  const Encoding cells =
      encode(model, matrix.source(), {size.begin(), &rows}, options, workers, monitor);
  Rcpp::List list =
      Rcpp::List::create(Rcpp::Named("latent") = transposed(cells.mean, model.shape.n_latent),
                         Rcpp::Named("latent_sd") = transposed(cells.sd, model.shape.n_latent));
  if (posterior) list["posterior"] = transposed(cells.posterior, model.shape.k);
  if (n_draws > 0) {
    list["elbo"] = transposed(cells.elbo, std::max<Index>(options.alternatives.n_rows(), 1));
  }
  return list;
}

// latent: n x D.  features: from 1.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_gmvae_decode(Rcpp::List state, Rcpp::NumericMatrix latent,
                                     Rcpp::NumericVector size, SEXP design,
                                     Rcpp::IntegerVector features, double n_threads) {
  const FittedModel model = read_model(state);
  const Design rows = to_design(design);
  const std::vector<double> points = Rcpp::as<std::vector<double>>(Rcpp::transpose(latent));
  std::vector<Index> genes;
  for (int feature : features) genes.push_back(feature - 1);
  Workers workers(static_cast<Index>(n_threads));
  const std::vector<double> expected =
      decode(model, ConstView<double>(points.data(), latent.ncol(), latent.nrow()),
             {size.begin(), &rows}, genes, workers);
  return Rcpp::NumericMatrix(static_cast<int>(genes.size()), latent.nrow(), expected.begin());
}

// A row for each likelihood: what R checks and documents.
// [[Rcpp::export(rng = false)]]
Rcpp::DataFrame cpp_likelihoods() {
  Rcpp::CharacterVector name, scale, encoder_input, gene_score;
  Rcpp::NumericVector least, largest;
  Rcpp::LogicalVector whole, dense, size_factors, zero_inflation;
  for (const LikelihoodTraits& traits : likelihoods()) {
    name.push_back(traits.name);
    least.push_back(traits.least);
    largest.push_back(traits.largest);
    whole.push_back(traits.whole);
    dense.push_back(traits.dense);
    size_factors.push_back(traits.size_factors);
    scale.push_back(traits.scale);
    zero_inflation.push_back(traits.has_zero_inflation);
    encoder_input.push_back(to_string(traits.encoder_input));
    gene_score.push_back(to_string(traits.gene_score));
  }
  return Rcpp::DataFrame::create(
      Rcpp::Named("name") = name, Rcpp::Named("least") = least, Rcpp::Named("largest") = largest,
      Rcpp::Named("whole") = whole, Rcpp::Named("dense") = dense,
      Rcpp::Named("size_factors") = size_factors, Rcpp::Named("scale") = scale,
      Rcpp::Named("zero_inflation") = zero_inflation, Rcpp::Named("encoder_input") = encoder_input,
      Rcpp::Named("gene_score") = gene_score, Rcpp::Named("stringsAsFactors") = false);
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_value_traits(Rcpp::S4 counts) {
  const SparseCounts matrix(counts);
  const ValueTraits traits = value_traits(matrix.values().begin(), matrix.values().size());
  return Rcpp::List::create(
      Rcpp::Named("least") = traits.least, Rcpp::Named("largest") = traits.largest,
      Rcpp::Named("finite") = traits.finite, Rcpp::Named("whole") = traits.whole,
      Rcpp::Named("has_zero") = traits.has_zero);
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_feature_moments(Rcpp::S4 counts, Rcpp::NumericVector size, bool log) {
  const SparseCounts matrix(counts);
  const FeatureMoments moments = feature_moments(matrix.source(), size.begin(), log);
  return Rcpp::List::create(Rcpp::Named("mean") = moments.mean,
                            Rcpp::Named("variance") = moments.variance,
                            Rcpp::Named("n_cells") = moments.n_cells);
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector cpp_feature_deviance(Rcpp::S4 counts, Rcpp::NumericVector total) {
  const SparseCounts matrix(counts);
  const std::vector<double> deviance = feature_deviance(matrix.source(), total.begin());
  return Rcpp::NumericVector(deviance.begin(), deviance.end());
}

// [[Rcpp::export(rng = false)]]
Rcpp::LogicalVector cpp_find_batches(Rcpp::S4 counts, Rcpp::NumericVector size, double n_threads) {
  const SparseCounts matrix(counts);
  RMonitor monitor(R_NilValue);
  Workers workers(static_cast<Index>(n_threads));
  const std::vector<bool> second = find_batches(matrix.source(), size.begin(), workers, monitor);
  return Rcpp::LogicalVector(second.begin(), second.end());
}
