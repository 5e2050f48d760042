#include <Rcpp.h>

#include <cmath>
#include <numeric>

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

// One column of a data frame, an entry for each item.
template <int Type, typename Item, typename Fn>
Rcpp::Vector<Type> column(const std::vector<Item>& items, Fn&& fn) {
  Rcpp::Vector<Type> entries(static_cast<R_xlen_t>(items.size()));
  R_xlen_t i = 0;
  for (const Item& item : items) entries[i++] = fn(item);
  return entries;
}

using Slice = ParamSlice;
using Epoch = EpochRecord;
using Traits = LikelihoodTraits;

Rcpp::List to_frame(const std::vector<Slice>& layout) {
  return NamedList()
      .add("name", column<STRSXP>(layout, [](const Slice& s) { return s.name; }))
      .add("rows", column<REALSXP>(layout, [](const Slice& s) { return double(s.rows); }))
      .add("cols", column<REALSXP>(layout, [](const Slice& s) { return double(s.cols); }))
      .add("offset", column<REALSXP>(layout, [](const Slice& s) { return double(s.offset); }))
      .data_frame(layout.size());
}

Rcpp::List to_frame(const std::vector<Epoch>& history) {
  Rcpp::IntegerVector epoch(static_cast<R_xlen_t>(history.size()));
  std::iota(epoch.begin(), epoch.end(), 1);
  const auto field = [&](double Epoch::*which) {
    return column<REALSXP>(history, [&](const Epoch& e) { return e.*which; });
  };
  return NamedList()
      .add("epoch", epoch)
      .add("phase", column<STRSXP>(history, [](const Epoch& e) { return e.phase; }))
      .add("elbo", field(&Epoch::elbo))
      .add("elbo_heldout", field(&Epoch::elbo_heldout))
      .add("reconstruction", field(&Epoch::reconstruction))
      .add("kl", field(&Epoch::kl))
      .add("learning_rate", field(&Epoch::learning_rate))
      .add("seconds", field(&Epoch::seconds))
      .data_frame(history.size());
}

Rcpp::List to_frame(const std::vector<Stability>& path) {
  Rcpp::IntegerVector k;
  for (const Stability& s : path) k.push_back(static_cast<int>(s.k));
  const auto field = [&](double Stability::*which) {
    return column<REALSXP>(path, [&](const Stability& s) { return or_na(s.*which); });
  };
  return NamedList()
      .add("k", k)
      .add("stability", field(&Stability::mean))
      .add("stability_sd", field(&Stability::sd))
      .add("log_density", field(&Stability::log_density))
      .add("bic", field(&Stability::bic))
      .add("icl", field(&Stability::icl))
      .add("smallest", field(&Stability::smallest))
      .add("stable", column<LGLSXP>(path, [](const Stability& s) { return s.stable; }))
      .data_frame(path.size());
}

Rcpp::NumericVector to_vector(const ElboTerms& terms) {
  Rcpp::NumericVector parts{terms.reconstruction - terms.kl(), terms.reconstruction, terms.kl_z,
                            terms.kl_c};
  parts.names() = Rcpp::CharacterVector{"elbo", "reconstruction", "kl_z", "kl_c"};
  return parts;
}

Rcpp::List to_list(const FitResult& fit, double seed) {
  const TrainResult& trained = fit.trained;
  const FittedModel& model = trained.model;
  const Index d = model.shape.n_latent, k = model.shape.k;
  Rcpp::IntegerVector heldout;
  for (Index cell : trained.heldout_cells) heldout.push_back(static_cast<int>(cell + 1));
  const InputTransform& input = model.modality.input;
  return NamedList()
      .add("k", Rcpp::IntegerVector{static_cast<int>(k)})
      .add("parameters", Rcpp::NumericVector(model.params.begin(), model.params.end()))
      .add("layout", to_frame(trained.layout))
      .add("input", NamedList().add("scale", input.scale).add("offset", input.offset).list())
      .add("mixture", to_list(model.mixture))
      .add("latent", transposed(trained.cells.mean, d))
      .add("latent_sd", transposed(trained.cells.sd, d))
      .add("posterior", transposed(trained.cells.posterior, k))
      .add("history", to_frame(trained.history))
      .add("elbo", NamedList()
                       .add("train", to_vector(trained.train))
                       .add("heldout", to_vector(trained.heldout))
                       .list())
      .add("heldout", heldout)
      .add("n_rollbacks", Rcpp::IntegerVector{static_cast<int>(trained.n_rollbacks)})
      .add("converged", Rcpp::LogicalVector{trained.converged})
      .add("seed", Rcpp::NumericVector{seed})
      .add("stability", Rcpp::NumericVector{or_na(fit.stability)})
      .add("cluster_stability",
           column<REALSXP>(fit.cluster_stability, [](double s) { return or_na(s); }))
      .add("k_path", fit.path.empty() ? R_NilValue : SEXP(to_frame(fit.path)))
      .list();
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
Rcpp::List cpp_likelihoods() {
  const std::vector<Traits>& all = likelihoods();
  return NamedList()
      .add("name", column<STRSXP>(all, [](const Traits& l) { return l.name; }))
      .add("least", column<REALSXP>(all, [](const Traits& l) { return l.least; }))
      .add("largest", column<REALSXP>(all, [](const Traits& l) { return l.largest; }))
      .add("whole", column<LGLSXP>(all, [](const Traits& l) { return l.whole; }))
      .add("dense", column<LGLSXP>(all, [](const Traits& l) { return l.dense; }))
      .add("size_factors", column<LGLSXP>(all, [](const Traits& l) { return l.size_factors; }))
      .add("scale", column<STRSXP>(all, [](const Traits& l) { return l.scale; }))
      .add("zero_inflation",
           column<LGLSXP>(all, [](const Traits& l) { return l.has_zero_inflation; }))
      .add("encoder_input",
           column<STRSXP>(all, [](const Traits& l) { return to_string(l.encoder_input); }))
      .add("gene_score",
           column<STRSXP>(all, [](const Traits& l) { return to_string(l.gene_score); }))
      .data_frame(all.size());
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_value_traits(Rcpp::S4 counts) {
  const SparseCounts matrix(counts);
  const ValueTraits traits = value_traits(matrix.values().begin(), matrix.values().size());
  return NamedList()
      .add("least", Rcpp::NumericVector{traits.least})
      .add("largest", Rcpp::NumericVector{traits.largest})
      .add("finite", Rcpp::LogicalVector{traits.finite})
      .add("whole", Rcpp::LogicalVector{traits.whole})
      .add("has_zero", Rcpp::LogicalVector{traits.has_zero})
      .list();
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_feature_moments(Rcpp::S4 counts, Rcpp::NumericVector size, bool log) {
  const SparseCounts matrix(counts);
  const FeatureMoments moments = feature_moments(matrix.source(), size.begin(), log);
  return NamedList()
      .add("mean", moments.mean)
      .add("variance", moments.variance)
      .add("n_cells", moments.n_cells)
      .list();
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
