#include <Rcpp.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "glue_cells.h"
#include "glue_gmvae.h"
#include "glue_monitor.h"
#include "gmvae/model/decode.h"
#include "gmvae/model/encode.h"
#include "gmvae/select/fit.h"

using namespace gmvae;

namespace {

MaskRange read_mask(const Rcpp::List& list) {
  const std::vector<double> ends = read<std::vector<double>>(list, "mask");
  if (ends.size() != 1 && ends.size() != 2) refuse("mask", "be one number or two");
  const MaskRange mask{ends.front(), ends.back()};
  if (!(mask.least >= 0 && mask.least <= mask.most && mask.most < 1)) {
    refuse("mask", "rise, from 0 to less than 1");
  }
  return mask;
}

// Of each modality.
std::vector<MaskRange> read_masks(const Rcpp::List& list) {
  std::vector<MaskRange> all{read_mask(list)};
  for (const Rcpp::List& beside : read_beside(list)) all.push_back(read_mask(beside));
  return all;
}

TrainOptions read_train_options(const Rcpp::List& list, const ModelShape& shape, double seed) {
  TrainOptions options;
  options.shape = shape;
  options.covariance = read<std::string>(list, "covariance");
  options.size_reference = read_of_modalities(list, "size_reference");
  options.epochs_pretrain = read_index(list, "epochs_pretrain");
  options.epochs_warmup = read_index(list, "epochs_warmup");
  options.epochs_joint = read_index(list, "epochs_joint");
  options.epochs_before = read_index(list, "epochs_before");
  options.batch_size = read_index(list, "batch_size", 1);
  options.learning_rate = read_finite(list, "learning_rate");
  options.mask = read_masks(list);
  options.n_pcs = read_index(list, "n_pcs");
  options.heldout = read_finite(list, "heldout");
  options.patience = read_index(list, "patience", 1);
  options.damping = read_finite(list, "damping");
  options.n_init = read_index(list, "n_init", 1);
  options.max_iter = read_index(list, "max_iter", 1);
  options.tol = read_finite(list, "tol");
  options.seed = to_seed(seed);
  options.n_classes = read_index(list, "n_classes");
  options.label_weight = read_finite(list, "label_weight");
  options.most_single = read_index(list, "cells_one_by_one");
  if (options.label_weight < 0) refuse("label_weight", "be at least 0");
  return options;
}

// The class of each of n cells, from 0, or -1; empty where there are no classes.
std::vector<int> read_labels(SEXP label, Index n, Index n_classes) {
  if (n_classes == 0) return {};
  const Rcpp::IntegerVector given(label);
  check_length(given.size(), n, "label");
  for (int one : given) {
    if (one < -1 || one >= n_classes) refuse("label", "be classes");
  }
  return {given.begin(), given.end()};
}

double or_na(double x) { return std::isnan(x) ? NA_REAL : x; }

using Slice = ParamSlice;
using Epoch = EpochRecord;
using Traits = LikelihoodTraits;

SEXP to_frame(const std::vector<Slice>& layout) {
  return NamedList()
      .add("name", r_strings_of(layout, [](const Slice& s) { return s.name.c_str(); }))
      .add("rows", r_numbers_of(layout, [](const Slice& s) { return double(s.rows); }))
      .add("cols", r_numbers_of(layout, [](const Slice& s) { return double(s.cols); }))
      .add("offset", r_numbers_of(layout, [](const Slice& s) { return double(s.offset); }))
      .data_frame(layout.size());
}

SEXP to_frame(const std::vector<Epoch>& history) {
  int n = 0;
  const auto field = [&](double Epoch::*which) {
    return r_numbers_of(history, [&](const Epoch& e) { return e.*which; });
  };
  return NamedList()
      .add("epoch", r_counts_of(history, [&](const Epoch&) { return ++n; }))
      .add("phase", r_strings_of(history, [](const Epoch& e) { return e.phase.c_str(); }))
      .add("elbo", field(&Epoch::elbo))
      .add("elbo_heldout", field(&Epoch::elbo_heldout))
      .add("reconstruction", field(&Epoch::reconstruction))
      .add("kl", field(&Epoch::kl))
      .add("learning_rate", field(&Epoch::learning_rate))
      .add("seconds", field(&Epoch::seconds))
      .data_frame(history.size());
}

SEXP to_frame(const std::vector<Stability>& path) {
  const auto field = [&](double Stability::*which) {
    return r_numbers_of(path, [&](const Stability& s) { return or_na(s.*which); });
  };
  return NamedList()
      .add("k", r_counts_of(path, [](const Stability& s) { return s.k; }))
      .add("stability", field(&Stability::mean))
      .add("stability_sd", field(&Stability::sd))
      .add("shared", field(&Stability::shared))
      .add("shared_sd", field(&Stability::shared_sd))
      .add("shared_pcs", field(&Stability::shared_pcs))
      .add("shared_pcs_sd", field(&Stability::shared_pcs_sd))
      .add("log_density", field(&Stability::log_density))
      .add("bic", field(&Stability::bic))
      .add("icl", field(&Stability::icl))
      .add("smallest", field(&Stability::smallest))
      .add("one_batch", field(&Stability::one_batch))
      .add("stable", r_flags_of(path, [](const Stability& s) { return s.stable; }))
      .add("p_unseen", field(&Stability::p_unseen))
      .add("p", field(&Stability::p))
      .data_frame(path.size());
}

SEXP to_vector(const ElboTerms& terms) {
  const double values[] = {terms.reconstruction - terms.kl(), terms.reconstruction, terms.kl_z,
                           terms.kl_c};
  const char* names[] = {"elbo", "reconstruction", "kl_z", "kl_c"};
  SEXP parts = PROTECT(r_numbers(values, 4));
  SEXP labels = PROTECT(Rf_allocVector(STRSXP, 4));
  for (int i = 0; i < 4; ++i) SET_STRING_ELT(labels, i, Rf_mkChar(names[i]));
  Rf_setAttrib(parts, R_NamesSymbol, labels);
  UNPROTECT(2);
  return parts;
}

std::unique_ptr<Checkpoint> read_checkpoint_option(SEXP option) {
  if (Rf_isNull(option)) return nullptr;
  const Rcpp::List list(option);
  CheckpointIdentity identity;
  identity.seeds = read<std::vector<double>>(list, "seeds");
  const auto names = read<std::vector<std::string>>(list, "names");
  const auto values = read<std::vector<std::string>>(list, "values");
  check_length(static_cast<R_xlen_t>(values.size()), static_cast<Index>(names.size()), "values");
  for (std::size_t i = 0; i < names.size(); ++i) {
    identity.fields.emplace_back(names[i], values[i]);
  }
  return std::make_unique<Checkpoint>(read<std::string>(list, "file"), identity,
                                      read_finite(list, "minutes"));
}

// failed: why the checkpoint could not be written, or "".
SEXP to_list(const FitResult& fit, double seed, const std::string& failed) {
  const TrainResult& trained = fit.trained;
  const FittedModel& model = trained.model;
  const Index d = model.shape.n_latent, k = model.shape.k;
  std::vector<double> scale, offset;
  for (const FittedModality& modality : model.modalities) {
    const InputTransform& input = modality.input;
    scale.insert(scale.end(), input.scale.begin(), input.scale.end());
    offset.insert(offset.end(), input.offset.begin(), input.offset.end());
  }
  return NamedList()
      .add("k", r_count(k))
      .add("parameters", r_numbers(model.params))
      .add("layout", to_frame(trained.layout))
      .add("input", NamedList().add("scale", scale).add("offset", offset).list())
      .add("mixture", to_list(model.mixture))
      .add("latent", transposed(trained.cells.mean, d))
      .add("latent_sd", transposed(trained.cells.sd, d))
      .add("posterior", transposed(trained.cells.posterior, k))
      .add("history", to_frame(trained.history))
      .add("elbo", NamedList()
                       .add("train", to_vector(trained.train))
                       .add("heldout", to_vector(trained.heldout))
                       .list())
      .add("heldout", r_counts_of(trained.heldout_cells, [](Index cell) { return cell + 1; }))
      .add("n_rollbacks", r_count(trained.n_rollbacks))
      .add("converged", r_flag(trained.converged))
      .add("label_noise", r_number(trained.label_noise))
      .add("seed", r_number(seed))
      .add("stability", r_number(or_na(fit.stability)))
      .add("cluster_stability",
           r_numbers_of(fit.cluster_stability, [](double s) { return or_na(s); }))
      .add("cluster_confusion", r_matrix(fit.cluster_confusion))
      .add("checkpoint_failed", r_string(failed.c_str()))
      .add("small_groups", r_count(fit.n_small))
      .add("k_path", fit.path.empty() ? R_NilValue : to_frame(fit.path))
      .list();
}

}  // namespace

// counts: the rows are the genes of all modalities.  size: n for each modality.  design: columns x
// n, sparse, or NULL.  label: n classes from 0, or -1; or NULL.  k: one
// or several to choose among.  earlier: the fit to go on from (parameters, k, latent: n x D), or
// NULL.  checkpoint: a list of `file`, `minutes` and the identity of the fit, `seeds`, `names` and
// `values`; or NULL.  The file stays.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmvae_fit(SEXP counts, Rcpp::NumericVector size, SEXP design, SEXP label,
                   Rcpp::List options, Rcpp::IntegerVector k, SEXP earlier, double seed,
                   SEXP checkpoint, SEXP progress) {
  const GivenCells cells(counts);
  const CellSource& source = cells.source();
  const Design rows = to_design(design);
  const Index n = source.n_cells();
  const std::vector<Index> ks(k.begin(), k.end());
  if (ks.empty() || *std::min_element(ks.begin(), ks.end()) < 1) refuse("k", "be at least 1");
  TrainOptions opts = read_train_options(
      options, read_shape(options, ks.front(), source.n_genes(), rows.n_columns), seed);
  check_cells(size, rows, n, opts.shape.modalities.size(), rows.n_columns);
  const std::vector<int> labels = read_labels(label, n, opts.n_classes);
  if (*std::min_element(ks.begin(), ks.end()) < opts.n_classes) {
    refuse("k", "be at least the number of classes");
  }
  opts.most_k = *std::max_element(ks.begin(), ks.end());
  const double alpha = read_finite(options, "alpha");
  if (!(alpha >= 0.001 && alpha <= 1)) refuse("alpha", "be from 0.001 to 1");
  EarlierFit start;
  if (!Rf_isNull(earlier)) {
    const Rcpp::List list(earlier);
    start.k = read_index(list, "k", 1);
    ModelShape shape = opts.shape;
    shape.k = start.k;
    start.params = read_parameters(list, shape);
    start.latent = to_points(read_matrix(list, "latent", n, shape.n_latent));
  }
  std::unique_ptr<Checkpoint> file = read_checkpoint_option(checkpoint);
  RMonitor monitor(progress);
  const Index n_threads = checked_threads(read<double>(options, "n_threads"));
  const FitResult result = [&] {
    Workers workers(n_threads, &monitor);
    return fit(source, to_covariates(size, rows, n, labels.empty() ? nullptr : labels.data()), opts,
               ks, alpha, Rf_isNull(earlier) ? nullptr : &start, workers, monitor, file.get());
  }();
  const std::string failed = file ? file->failed() : "";
  return made_by_r([&] { return to_list(result, seed, failed); });
}

// The identity in a checkpoint: `seeds`, `names` and `values`.
// [[Rcpp::export(rng = false)]]
SEXP cpp_checkpoint_identity(std::string path) {
  const CheckpointIdentity identity = read_checkpoint(path).identity;
  return made_by_r([&] {
    return NamedList()
        .add("seeds", identity.seeds)
        .add("names", r_strings_of(identity.fields, [](const auto& f) { return f.first.c_str(); }))
        .add("values",
             r_strings_of(identity.fields, [](const auto& f) { return f.second.c_str(); }))
        .list();
  });
}

// In hexadecimal digits.
// [[Rcpp::export(rng = false)]]
std::string cpp_cells_checksum(SEXP counts) {
  const GivenCells cells(counts);
  RMonitor monitor(R_NilValue);
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx",
                static_cast<unsigned long long>(source_checksum(cells.source(), monitor)));
  return digits;
}

// alternatives: columns x rows to add to each cell's row of the design, or NULL for its own alone.
// The ELBO has a row for each cell and a column for each alternative.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmvae_encode(Rcpp::List state, SEXP counts, Rcpp::NumericVector size, SEXP design,
                      SEXP alternatives, double n_draws, bool posterior, double n_threads,
                      SEXP progress) {
  const GivenCells cells(counts);
  const CellSource& source = cells.source();
  const FittedModel model = read_model(state);
  const Index d = model.shape.n_latent, n_design = model.shape.n_design;
  check_length(source.n_genes(), model.shape.n_rows(), "counts");
  const Design rows = to_design(design);
  const EncodeOptions options{n_draws > 0 ? static_cast<Index>(n_draws) : 0, posterior,
                              to_design(alternatives)};
  check_cells(size, rows, source.n_cells(), model.modalities.size(), rows.empty() ? 0 : n_design);
  if (!options.alternatives.empty()) {
    check_length(options.alternatives.n_columns, n_design, "alternatives");
  }
  RMonitor monitor(progress);
  const Encoding encoding = [&] {
    Workers workers(checked_threads(n_threads), &monitor);
    return encode(model, source, to_covariates(size, rows, source.n_cells()), options, workers,
                  monitor);
  }();
  return made_by_r([&] {
    NamedList list;
    list.add("latent", transposed(encoding.mean, d)).add("latent_sd", transposed(encoding.sd, d));
    if (posterior) list.add("posterior", transposed(encoding.posterior, model.shape.k));
    if (options.n_draws > 0) {
      const Index n_alternatives = std::max<Index>(options.alternatives.n_rows(), 1);
      list.add("elbo", transposed(encoding.elbo, n_alternatives));
    }
    return list.list();
  });
}

// latent: n x D.  features: from 1, over all modalities.  Genes x n.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmvae_decode(Rcpp::List state, Rcpp::NumericMatrix latent, Rcpp::NumericVector size,
                      SEXP design, Rcpp::IntegerVector features, double n_threads, SEXP progress) {
  const FittedModel model = read_model(state);
  const Index n = latent.nrow(), n_genes = model.shape.n_rows();
  check_points(latent, n, model.shape.n_latent, "latent");
  const Design rows = to_design(design);
  check_cells(size, rows, n, model.modalities.size(), model.shape.n_design);
  std::vector<Index> genes;
  for (int feature : features) {
    if (feature < 1 || feature > n_genes) refuse("features", "be genes of the fit");
    genes.push_back(feature - 1);
  }
  const std::vector<double> points = to_points(latent);
  // The largest of all results: the core writes where R keeps it.
  const Rcpp::RObject expected = made_by_r(
      [&] { return Rf_allocMatrix(REALSXP, static_cast<int>(genes.size()), latent.nrow()); });
  RMonitor monitor(progress);
  Workers workers(checked_threads(n_threads), &monitor);
  decode(model, ConstView<double>(points.data(), model.shape.n_latent, n),
         to_covariates(size, rows, n), genes, workers, monitor,
         View<double>(REAL(expected), static_cast<Index>(genes.size()), n));
  return expected;
}

// The parts of a fit's parameters, by the sizes of its networks: a data frame.
// [[Rcpp::export(rng = false)]]
SEXP cpp_gmvae_layout(Rcpp::List state, double n_rows) {
  const ModelShape shape = read_shape(state, read_index(state, "k", 1), static_cast<Index>(n_rows),
                                      read_index(state, "n_design"));
  const Network<float> network(shape);
  return made_by_r([&] { return to_frame(network.layout().slices()); });
}

// A row for each likelihood: what R checks and documents.
// [[Rcpp::export(rng = false)]]
SEXP cpp_likelihoods() {
  const std::vector<Traits>& all = likelihoods();
  return made_by_r([&] {
    return NamedList()
        .add("name", r_strings_of(all, [](const Traits& l) { return l.name.c_str(); }))
        .add("least", r_numbers_of(all, [](const Traits& l) { return l.least; }))
        .add("largest", r_numbers_of(all, [](const Traits& l) { return l.largest; }))
        .add("whole", r_flags_of(all, [](const Traits& l) { return l.whole; }))
        .add("dense", r_flags_of(all, [](const Traits& l) { return l.dense; }))
        .add("size_factors", r_flags_of(all, [](const Traits& l) { return l.size_factors; }))
        .add("scale", r_strings_of(all, [](const Traits& l) { return l.scale.c_str(); }))
        .add("zero_inflation",
             r_flags_of(all, [](const Traits& l) { return l.has_zero_inflation; }))
        .add("encoder_input",
             r_strings_of(all, [](const Traits& l) { return to_string(l.encoder_input); }))
        .add("gene_score",
             r_strings_of(all, [](const Traits& l) { return to_string(l.gene_score); }))
        .data_frame(all.size());
  });
}
