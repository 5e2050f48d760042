#include "gmvae/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "core/denormals.h"
#include "core/numeric.h"

namespace gmvae {

namespace {

constexpr Purpose heldout_purpose{7};
constexpr Purpose elbo_purpose{9};

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Index most_rollbacks = 12;
constexpr double convergence_gain = 3e-3;  // of the ELBO
// Epochs of a phase that can tell whether it has converged; steps, if epochs are long.
constexpr Index shortest_to_converge = 10, fewest_steps_to_converge = 10000;

bool is_finite(const ElboTerms& terms) {
  return std::isfinite(terms.reconstruction + terms.kl() + terms.label);
}

double held_out_or_training(const EpochRecord& record) {
  return std::isnan(record.elbo_heldout) ? record.elbo : record.elbo_heldout;
}

std::vector<FittedModality> fit_modalities(const CellSource& source, const Covariates& covariates,
                                           const TrainOptions& options) {
  ensure(options.shape.n_rows() == source.n_genes(),
         "The network must have an input for each gene of the data.");
  const std::vector<ModalityShape>& shapes = options.shape.modalities;
  ensure(covariates.size_beside.size() + 1 == shapes.size() &&
             options.size_reference.size() == shapes.size() && options.mask.size() == shapes.size(),
         "Each modality must have sizes of cells and options of its own.");
  std::vector<FittedModality> modalities;
  Index first = 0;
  for (std::size_t m = 0; m < shapes.size(); ++m) {
    const RowsSource rows(source, first, shapes[m].n_genes);
    modalities.push_back(
        {fit_transform(rows, covariates.size_of(m), find_likelihood(shapes[m].likelihood)),
         options.size_reference[m]});
    first += shapes[m].n_genes;
  }
  return modalities;
}

// Did the second half of the last `n` epochs, of `n_steps` each, gain next to nothing?
bool has_levelled_off(const std::vector<EpochRecord>& history, Index n, Index n_steps) {
  if (n < shortest_to_converge && (n < 2 || n * n_steps < fewest_steps_to_converge)) return false;
  const std::size_t end = history.size(), length = static_cast<std::size_t>(n);
  double best = -infinity, best_of_first_half = -infinity;
  for (std::size_t i = end - length; i < end; ++i) {
    best = std::max(best, held_out_or_training(history[i]));
    if (i < end - length / 2) best_of_first_half = best;
  }
  return best - best_of_first_half < convergence_gain * std::abs(best);
}

}  // namespace

Trainer::Trainer(const CellSource& source, const Covariates& covariates,
                 const TrainOptions& options, Workers& workers, Monitor& monitor,
                 Checkpoint* checkpoint)
    : source_(source), covariates_(covariates),
      factors_(options.shape.n_design > 0 && covariates.design ? covariates.design->factors()
                                                               : Design()),
      options_(options), compute_{kernels<float>(), workers}, monitor_(monitor),
      modalities_(fit_modalities(source, covariates, options)),
      loader_(source, covariates, inputs_of(modalities_, options.shape), workers),
      network_(options.shape), gradient_{{}, 0, {}, LatentMoments(n_latent(), k()), {}},
      adam_(network_.layout().size()), prior_(MixturePrior::standard_normal(n_latent())),
      moments_(n_latent(), k()), labels_{options.n_classes, LabelModel().noise,
                                         options.label_weight},
      checkpoint_(checkpoint), before_{params_, adam_, prior_, moments_, label_counts_, labels_},
      epoch_(options.epochs_before) {
  const Index n_design = options.shape.n_design;
  ensure(n_design == 0 || (covariates.design && covariates.design->n_columns == n_design &&
                           covariates.design->n_rows() == source.n_cells()),
         "The design must have a row for each cell.");
  ensure(options.n_classes == 0 || (covariates.label && options.n_classes <= options.shape.k),
         "There must be labels, and a component for each of their classes.");
  start_networks();
  gradient_.d_params.resize(params_.size());
  split_cells();
}

void Trainer::start_from(const std::vector<float>& params) {
  ensure(params.size() == params_.size(),
         "The parameters to start from must be those of a network of these sizes.");
  params_ = params;
}

void Trainer::set_clusters(Index k, const Mixture& start) {
  start_ = start;
  ModelShape shape = network_.shape();
  shape.k = k;
  Network<float> network(shape);
  params_ = network.without_clusters(network_, params_);
  network_ = std::move(network);
  adam_ = AdamState<float>(network_.layout().size());
  gradient_.d_params.assign(params_.size(), 0.0f);
  prior_ = MixturePrior::standard_normal(n_latent());
  moments_ = LatentMoments(n_latent(), k);
  rate_scale_ = 1.0;
}

void Trainer::run(const std::vector<Phase>& phases) {
  const FlushDenormals flush;
  Index total = static_cast<Index>(history_.size()) - place_.n_epochs;
  Index number = n_seen_;
  for (const Phase& phase : phases) total += number++ >= place_.n_phases ? phase.epochs : 0;
  for (const Phase& phase : phases) {
    if (n_seen_++ < place_.n_phases) continue;  // before the checkpoint
    if (!place_.inside && phase.moves_mixture) start_mixture();
    run_phase(phase, total);
    write_state(false);
  }
}

std::vector<double> Trainer::latent_means() {
  const FlushDenormals flush;
  return latent_means_of(all_cells(source_));
}

FittedModel Trainer::model() const {
  return {network_.shape(), options_.covariance, params_,
          modalities_,      prior_.mixture(),    options_.seed};
}

TrainResult Trainer::result() {
  const FlushDenormals flush;
  TrainResult result;
  network_.reorder_clusters(order_by_weight(prior_.mixture(), labels_.n_classes), params_);
  set_mixture(sorted_by_weight(prior_.mixture(), labels_.n_classes));
  result.model = model();
  result.layout = network_.layout().slices();
  result.train = elbo_of(training_, 1.0);
  result.heldout = heldout_.empty() ? ElboTerms{not_a_number, not_a_number, not_a_number}
                                    : elbo_of(heldout_, 1.0);
  result.cells = encode(result.model, source_, covariates_, {}, compute_.workers, monitor_);
  result.history = history_;
  result.heldout_cells = heldout_;
  result.n_rollbacks = n_rollbacks_;
  result.converged = converged_;
  result.label_noise = labels_.n_classes > 0 ? labels_.noise : 0;
  return result;
}

void Trainer::split_cells() {
  std::vector<Index> cells = all_cells(source_);
  RngStream rng(options_.seed, heldout_purpose);
  rng.shuffle(cells);
  const Index n = source_.n_cells();
  const Index share = static_cast<Index>(options_.heldout * static_cast<double>(n));
  const Index n_heldout = std::max<Index>(0, std::min(share, n - 2 * options_.most_k));
  // A class keeps ten labelled cells, or all that it has.
  constexpr Index least_labelled = 10;
  std::vector<Index> labelled(static_cast<std::size_t>(labels_.n_classes));
  const auto class_of = [&](Index cell) { return labelled.empty() ? -1 : covariates_.label[cell]; };
  for (Index cell : cells) {
    if (class_of(cell) >= 0) ++labelled[static_cast<std::size_t>(class_of(cell))];
  }
  for (Index cell : cells) {
    bool held = static_cast<Index>(heldout_.size()) < n_heldout;
    if (class_of(cell) >= 0) {
      Index& left = labelled[static_cast<std::size_t>(class_of(cell))];
      held = held && left > least_labelled;
      left -= held;
    }
    (held ? heldout_ : training_).push_back(cell);
  }
  const double n_labelled = static_cast<double>(std::count_if(
      training_.begin(), training_.end(), [&](Index cell) { return class_of(cell) >= 0; }));
  labels_.count = labelled_count(n_labelled, n_training() - n_labelled);
  std::sort(heldout_.begin(), heldout_.end());
  std::sort(training_.begin(), training_.end());
}

// Epochs -------------------------------------------------------------------------------------

void Trainer::run_phase(const Phase& phase, Index total) {
  const bool stops_early = phase.stops_early && !heldout_.empty() && phase.epochs > 0;
  if (!place_.inside) {
    place_.inside = true;
    place_.best_elbo = -infinity;
    write_state(false);
  }
  try {
    run_epochs(phase, total, stops_early);
  } catch (const NumericalError&) {
    throw;  // to go on would end in the same way
  } catch (...) {
    try {
      write_state(place_.in_epoch);
    } catch (...) {  // what stopped the training is what is to be told
    }
    throw;
  }
  const bool stopped = stops_early && place_.since_best >= options_.patience;
  if (stops_early) {
    params_ = place_.best_params;
    prior_ = place_.best_prior;
  }
  converged_ =
      stopped || (phase.stops_early && has_levelled_off(history_, phase.epochs, steps_per_epoch()));
  const Index n_phases = place_.n_phases + 1;
  place_ = Place();
  place_.n_phases = n_phases;
}

void Trainer::run_epochs(const Phase& phase, Index total, bool stops_early) {
  while (place_.n_epochs < phase.epochs && place_.since_best < options_.patience) {
    if (!place_.in_epoch) save();
    place_.in_epoch = true;
    EpochRecord record;
    const bool finite = try_epoch(phase, place_.n_epochs, record);
    place_.n_steps = 0;
    place_.total = ElboTerms();
    if (!finite) {
      restore();
      slow_down();
      continue;
    }
    history_.push_back(record);
    ++place_.n_epochs;
    ++epoch_;
    if (stops_early) {
      if (record.elbo_heldout > place_.best_elbo) {
        place_.best_elbo = record.elbo_heldout;
        place_.best_params = params_;
        place_.best_prior = prior_;
        place_.since_best = 0;
      } else {
        ++place_.since_best;
      }
    }
    place_.in_epoch = false;
    monitor_.report({phase.name, static_cast<Index>(history_.size()), total, record.elbo});
    if (checkpoint_ && checkpoint_->is_due()) write_state(false);
  }
}

// One epoch and the ELBO after it; false where any number is not finite.
bool Trainer::try_epoch(const Phase& phase, Index epoch, EpochRecord& record) {
  const auto start = std::chrono::steady_clock::now();
  const double t = static_cast<double>(epoch) / static_cast<double>(phase.epochs);
  const double kl_weight = phase.kl_weight(1.0);
  const double learning_rate = options_.learning_rate * rate_scale_ * phase.learning_rate(t);
  ElboTerms terms, heldout{not_a_number, not_a_number, not_a_number};
  try {
    terms = run_epoch(phase, epoch, learning_rate);
    if (!heldout_.empty()) heldout = elbo_of(heldout_, kl_weight);
  } catch (const NumericalError&) {
    return false;  // the mixture's covariance broke down
  }
  const double heldout_elbo = heldout.reconstruction - kl_weight * heldout.kl();
  const float length =
      compute_.kernels.dot(static_cast<Index>(params_.size()), params_.data(), params_.data());
  if (!is_finite(terms) || !std::isfinite(length) ||
      (!heldout_.empty() && !std::isfinite(heldout_elbo))) {
    return false;
  }
  record = {phase.name,
            terms.reconstruction - kl_weight * terms.kl(),
            heldout_elbo,
            terms.reconstruction,
            kl_weight * terms.kl(),
            learning_rate,
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
  return true;
}

// For minibatches of equal size (but for one cell), near the size asked for.
Index Trainer::steps_per_epoch() const {
  const Index n = static_cast<Index>(training_.size());
  return std::max<Index>(1, (n + options_.batch_size / 2) / options_.batch_size);
}

// Means per cell; stops early, not finite, where a step is.
ElboTerms Trainer::run_epoch(const Phase& phase, Index epoch, double learning_rate) {
  const CellOrder order = order_of_epoch(training_, options_.seed, epoch_, options_.most_single);
  const Index n = static_cast<Index>(order.cells.size());
  const Index n_steps = steps_per_epoch();
  for (Index& step = place_.n_steps; step < n_steps; ++step) {
    monitor_.poll();
    if (checkpoint_ && step > 0 && checkpoint_->is_due()) write_state(false);
    const Index begin = n * step / n_steps, end = n * (step + 1) / n_steps;
    const double t =
        (static_cast<double>(epoch) + static_cast<double>(step) / static_cast<double>(n_steps)) /
        static_cast<double>(phase.epochs);
    announce_cells(order, begin, end);
    loader_.load(order.cells.data() + begin, end - begin, blocks_);
    loader_.mask_inputs(options_.mask, options_.seed, epoch_, blocks_);
    gradient_of_block(phase, phase.kl_weight(t), gradient_);
    place_.total += gradient_.elbo;
    if (!is_finite(place_.total)) return place_.total;
    update(phase, learning_rate, gradient_);
  }
  return per_cell(place_.total, n);
}

// The source may fetch the next pool of cells while this one is trained on.
void Trainer::announce_cells(const CellOrder& order, Index begin, Index end) const {
  const auto& starts = order.pool_start;
  const auto place = [&](std::size_t p) {
    return p < starts.size() ? starts[p] : static_cast<Index>(order.cells.size());
  };
  const auto first = std::lower_bound(starts.begin(), starts.end(), begin);
  for (auto at = first; at != starts.end() && *at < end; ++at) {
    const std::size_t next = static_cast<std::size_t>(at - starts.begin()) + 1;
    const Index from = next == 1 ? 0 : place(next);
    source_.will_read(order.cells.data() + from, place(next + 1) - from);
  }
}

// After a number that was not finite.
void Trainer::slow_down() {
  rate_scale_ *= 0.3;
  if (++n_rollbacks_ > most_rollbacks) {
    throw NumericalError(
        "Training did not stay finite even with very small steps: look for extreme values in the "
        "data, or lower `learning_rate`.");
  }
}

// Into buffers that are reused, so that an epoch allocates nothing.
void Trainer::save() {
  before_.params = params_;
  before_.adam = adam_;
  before_.prior = prior_;
  before_.moments = moments_;
  before_.label_counts = label_counts_;
  before_.labels = labels_;
}

void Trainer::restore() { set_current(before_); }

Trainer::Snapshot Trainer::current() const {
  return {params_, adam_, prior_, moments_, label_counts_, labels_};
}

void Trainer::set_current(const Snapshot& state) {
  params_ = state.params;
  adam_ = state.adam;
  prior_ = state.prior;
  moments_ = state.moments;
  label_counts_ = state.label_counts;
  labels_ = state.labels;
}

// Steps --------------------------------------------------------------------------------------

void Trainer::gradient_of_block(const Phase& phase, double kl_weight, StepGradient& gradient) {
  const StepSettings settings{kl_weight, options_.seed, noise_purpose, epoch_};
  gradient.n_cells = block().n_cells();
  gradient.elbo = network_.forward(compute_, params_.data(), blocks_, prior_, settings, work_);
  if (!is_finite(gradient.elbo)) return;
  network_.backward(compute_, params_.data(), blocks_, prior_, settings, work_,
                    gradient.d_params.data());
  if (!phase.moves_mixture) return;
  gradient.moments = LatentMoments(n_latent(), k());
  gradient.labels = {};
  add_moments(gradient.moments, gradient.labels);
  gradient.moments.divide(static_cast<double>(gradient.n_cells));
  gradient.labels.divide(static_cast<double>(gradient.n_cells));
}

// The gradient is zero afterwards.
void Trainer::update(const Phase& phase, double learning_rate, StepGradient& gradient) {
  adam_step(compute_, AdamSettings(), learning_rate, gradient.d_params, adam_, params_);
  network_.clamp(params_);
  if (!phase.moves_mixture) return;
  moments_.blend(gradient.moments, options_.damping);
  label_counts_.blend(gradient.labels, options_.damping);
  labels_.noise = label_counts_.noise(n_training());
  set_mixture(moments_.maximise(options_.covariance, n_training(), prior_.mixture()));
}

// Of the block's cells under the responsibilities of the prior.
void Trainer::add_moments(LatentMoments& moments, LabelCounts& labels) const {
  for (Index j = 0; j < block().n_cells(); ++j) {
    const double* gamma = work_.gamma.data() + j * k();
    const int label = block().label_of(j);
    const bool known = labels_.knows(label);
    moments.add(work_.mean.data() + j * n_latent(), work_.log_variance.data() + j * n_latent(),
                gamma, known ? labels_.count : 1);
    if (known) labels.add(labels_, gamma[label]);
  }
}

void Trainer::set_mixture(const Mixture& mixture) {
  prior_ = prior_of(mixture, options_.covariance);
  prior_.set_labels(labels_);
}

// The mixture ----------------------------------------------------------------------------------

// EM on the latent means of the training cells, then the moments of all of them.
void Trainer::start_mixture() {
  set_mixture(fit_latent());
  moments_ = LatentMoments(n_latent(), k());
  label_counts_ = {};
  for_blocks(training_, [&](Index) {
    network_.forward(compute_, params_.data(), blocks_, prior_,
                     {0.0, options_.seed, elbo_purpose, 0, 1.0, false}, work_);
    add_moments(moments_, label_counts_);
  });
  moments_.divide(n_training());
  label_counts_.divide(n_training());
  labels_.noise = label_counts_.noise(n_training());
  set_mixture(moments_.maximise(options_.covariance, n_training(), prior_.mixture()));
}

// D x n
std::vector<double> Trainer::latent_means_of(const std::vector<Index>& cells) {
  std::vector<double> latent(static_cast<std::size_t>(n_latent()) * cells.size());
  for_blocks(cells, [&](Index begin) {
    network_.encode(compute_, params_.data(), blocks_, work_);
    std::copy(work_.mean.begin(), work_.mean.begin() + block().n_cells() * n_latent(),
              latent.begin() + begin * n_latent());
  });
  return latent;
}

// Mean ELBO of cells, with the same noise at each call.
ElboTerms Trainer::elbo_of(const std::vector<Index>& cells, double kl_weight) {
  ElboTerms total;
  for_blocks(cells, [&](Index) {
    total += network_.forward(compute_, params_.data(), blocks_, prior_,
                              {kl_weight, options_.seed, elbo_purpose, 0, 1.0, false}, work_);
  });
  return per_cell(total, static_cast<Index>(cells.size()));
}

ElboTerms Trainer::per_cell(const ElboTerms& sum, Index n) const {
  const double cells = static_cast<double>(n);
  const double units = log_units(modalities_, options_.shape);
  return {sum.reconstruction / cells + units, sum.kl_z / cells, sum.kl_c / cells};
}

}  // namespace gmvae
