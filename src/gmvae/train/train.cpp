// The recipe (sources in the vignette "How gmvae works"):
//   pretrain  reconstruction from the latent mean, no KL
//   warmup    KL to N(0, I), its weight rising from 0 to 1
//             then EM on the latent means, best of several starts
//   joint     KL to the mixture; Adam on the networks, damped minibatch EM on the mixture,
//             learning rate falling to nothing over the second half
// In each step the encoder sees a random part of the counts, the likelihood all of them.
#include "gmvae/train/train.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/denormals.h"
#include "gmm/search/search.h"
#include "gmvae/data/inputs.h"
#include "gmvae/train/batch_mixture.h"
#include "gmvae/train/mixture_update.h"
#include "likelihood/dispatch.h"
#include "nn/adam.h"

namespace gmvae {

namespace {

constexpr Purpose shuffle_purpose{4};
constexpr Purpose heldout_purpose{7};
constexpr Purpose elbo_purpose{9};

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr Index most_rollbacks = 12;
constexpr double convergence_gain = 3e-3;  // of the ELBO

template <typename Likelihood>
class Trainer {
 public:
  Trainer(const CellReader& reader, const Covariates& covariates, const TrainOptions& options,
          Workers& workers, Monitor& monitor)
      : reader_(reader), covariates_(covariates),
        options_(options), compute_{kernels<float>(), workers}, monitor_(monitor),
        transform_(fit_transform(reader, covariates.size, options.likelihood)),
        loader_(reader, covariates, options.size_reference, transform_, options.likelihood,
                workers),
        network_({reader.n_genes(), options.n_latent, options.hidden, options.k, options.dispersion,
                  options.zero_inflation, options.n_batches}),
        adam_(network_.layout().size()), prior_(MixturePrior::standard_normal(options.n_latent)),
        moments_(options.n_latent, options.k), before_{params_, adam_, prior_, moments_} {
    ensure(options.n_batches == 0 || covariates.batch, "The batches of the cells must be given.");
    network_.initialise(options.seed, gene_levels(reader, options.likelihood), params_);
    network_.initialise_batches(
        batch_levels(reader, covariates.batch, options.n_batches, transform_, options.likelihood),
        params_);
    if (!options.start_params.empty()) {
      ensure(options.start_params.size() == params_.size(),
             "The parameters to start from must be those of a network of these sizes.");
      params_ = options.start_params;
    }
    epoch_ = options.epochs_before;
    gradient_.resize(params_.size());
    split_cells();
  }

  TrainResult run() {
    const Index total = options_.epochs_pretrain + options_.epochs_warmup + options_.epochs_joint;
    run_phase("pretrain", options_.epochs_pretrain, total);
    run_phase("warmup", options_.epochs_warmup, total);
    start_mixture();
    run_phase("joint", options_.epochs_joint, total);
    return result();
  }

 private:
  // What an epoch that breaks down returns to.
  struct Snapshot {
    std::vector<float> params;
    AdamState<float> adam;
    MixturePrior prior;
    LatentMoments moments;
  };

  void split_cells() {
    std::vector<Index> cells(static_cast<std::size_t>(reader_.n_cells()));
    std::iota(cells.begin(), cells.end(), Index{0});
    RngStream rng(options_.seed, heldout_purpose);
    rng.shuffle(cells);
    const Index n = reader_.n_cells();
    const Index share = static_cast<Index>(options_.heldout * static_cast<double>(n));
    const Index n_held =
        std::max<Index>(0, std::min(share, n - 2 * std::max(options_.k, options_.most_k)));
    heldout_.assign(cells.begin(), cells.begin() + n_held);
    training_.assign(cells.begin() + n_held, cells.end());
    std::sort(heldout_.begin(), heldout_.end());
    std::sort(training_.begin(), training_.end());
  }

  // Batches of equal size (but for one cell), near the size asked for.
  Index n_batches() const {
    const Index n = static_cast<Index>(training_.size());
    return std::max<Index>(1, (n + options_.batch_size / 2) / options_.batch_size);
  }

  void run_phase(const std::string& phase, Index epochs, Index total) {
    const bool stops_early = phase == "joint" && !heldout_.empty();
    double best_elbo = -std::numeric_limits<double>::infinity();
    std::vector<float> best_params;
    MixturePrior best_prior;
    Index since_best = 0;
    for (Index e = 0; e < epochs;) {
      save();
      EpochRecord record;
      if (!try_epoch(phase, e, epochs, record)) {
        restore();
        slow_down();
        continue;
      }
      history_.push_back(record);
      monitor_.report({phase.c_str(), static_cast<Index>(history_.size()), total, record.elbo});
      ++e;
      ++epoch_;
      if (!stops_early) continue;
      if (record.elbo_heldout > best_elbo) {
        best_elbo = record.elbo_heldout;
        best_params = params_;
        best_prior = prior_;
        since_best = 0;
      } else if (++since_best >= options_.patience) {
        stopped_early_ = true;
        break;
      }
    }
    if (!stops_early || epochs == 0) return;
    params_ = best_params;
    prior_ = best_prior;
  }

  // One epoch and the ELBO after it; false where any number is not finite.
  bool try_epoch(const std::string& phase, Index e, Index epochs, EpochRecord& record) {
    const auto start = std::chrono::steady_clock::now();
    const double kl_share = phase == "pretrain" ? 0.0 : 1.0;
    const double progress = static_cast<double>(e) / static_cast<double>(epochs);
    double rate = options_.learning_rate * rate_scale_;
    if (phase == "joint" && progress > 0.5) rate *= 0.5 * (1 + std::cos(pi * (2 * progress - 1)));
    ElboTerms terms, held{not_a_number, not_a_number, not_a_number};
    try {
      terms = run_epoch(phase, e, epochs, rate);
      if (!heldout_.empty()) held = elbo_of(heldout_, kl_share);
    } catch (const NumericalError&) {
      return false;  // the mixture's covariance broke down
    }
    const double heldout_elbo = held.reconstruction - kl_share * held.kl();
    const float length =
        compute_.kernels.dot(static_cast<Index>(params_.size()), params_.data(), params_.data());
    if (!std::isfinite(terms.reconstruction + terms.kl()) || !std::isfinite(length) ||
        (!heldout_.empty() && !std::isfinite(heldout_elbo))) {
      return false;
    }
    record = {phase,
              terms.reconstruction - kl_share * terms.kl(),
              heldout_elbo,
              terms.reconstruction,
              kl_share * terms.kl(),
              rate,
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
    return true;
  }

  // Into buffers that are reused, so that an epoch allocates nothing.
  void save() {
    before_.params = params_;
    before_.adam = adam_;
    before_.prior = prior_;
    before_.moments = moments_;
  }

  void restore() {
    params_ = before_.params;
    adam_ = before_.adam;
    prior_ = before_.prior;
    moments_ = before_.moments;
  }

  // After a number that was not finite.
  void slow_down() {
    rate_scale_ *= 0.3;
    if (++n_rollbacks_ > most_rollbacks) {
      throw NumericalError(
          "Training must stay finite, but even very small steps did not: look for extreme values "
          "in the counts, or lower `learning_rate`.");
    }
  }

  // Means per cell; stops early, not finite, where a step is.
  ElboTerms run_epoch(const std::string& phase, Index e, Index epochs, double rate) {
    std::vector<Index> order = training_;
    RngStream rng(options_.seed, shuffle_purpose, static_cast<std::uint32_t>(epoch_));
    rng.shuffle(order);
    const Index n = static_cast<Index>(order.size()), batches = n_batches();
    ElboTerms total;
    for (Index b = 0; b < batches; ++b) {
      monitor_.poll();
      const Index begin = n * b / batches, end = n * (b + 1) / batches;
      const double position =
          (static_cast<double>(e) + static_cast<double>(b) / static_cast<double>(batches)) /
          static_cast<double>(epochs);
      const double kl_weight = phase == "pretrain" ? 0.0
                               : phase == "warmup" ? std::max(position, 1e-3)
                                                   : 1.0;
      loader_.load(order.data() + begin, end - begin, block_);
      if (options_.mask > 0) {
        loader_.mask_inputs(options_.mask, options_.seed, epoch_, block_);
      }
      total += step(kl_weight, rate);
      if (!std::isfinite(total.reconstruction + total.kl())) return total;
      if (phase == "joint") update_mixture();
    }
    return per_cell(total, n);
  }

  ElboTerms step(double kl_weight, double rate) {
    const StepSettings settings{kl_weight, options_.seed, noise_purpose, epoch_};
    const ElboTerms terms =
        network_.forward(compute_, params_.data(), block_, prior_, settings, work_);
    if (!std::isfinite(terms.reconstruction + terms.kl())) return terms;
    network_.backward(compute_, params_.data(), block_, prior_, settings, work_, gradient_.data());
    adam_step(compute_, AdamSettings(), rate, gradient_, adam_, params_);
    if (Network<Likelihood>::has_scale) clamp_scales();
    return terms;
  }

  void clamp_scales() {
    float* log_scale = params_.data() + network_.log_scale_offset();
    constexpr float least = least_log_scale, largest = largest_log_scale;
    for (Index g = 0; g < reader_.n_genes(); ++g) {
      log_scale[g] = log_scale[g] < least ? least : log_scale[g] > largest ? largest : log_scale[g];
    }
  }

  // After a step: the latent moments of its batch under the responsibilities of the prior.
  void update_mixture() {
    LatentMoments batch(options_.n_latent, options_.k);
    add_moments(batch);
    batch.divide(static_cast<double>(block_.n_cells()));
    moments_.blend(batch, options_.damping);
    set_mixture(moments_.maximise(options_.covariance, n_training(), prior_.mixture()));
  }

  void add_moments(LatentMoments& moments) const {
    for (Index j = 0; j < block_.n_cells(); ++j) {
      moments.add(work_.mean.data() + j * options_.n_latent,
                  work_.log_variance.data() + j * options_.n_latent,
                  work_.gamma.data() + j * options_.k);
    }
  }

  void set_mixture(const Mixture& mixture) {
    prior_ = MixturePrior(mixture, find_family(options_.covariance).one_covariance);
  }

  double n_training() const { return static_cast<double>(training_.size()); }

  // EM on the latent means of the training cells, then the moments of all of them.
  void start_mixture() {
    set_mixture(fit_latent());
    LatentMoments all(options_.n_latent, options_.k);
    for_blocks(training_, [&](Index) {
      network_.forward(compute_, params_.data(), block_, prior_,
                       {0.0, options_.seed, elbo_purpose, 0, 1.0, false}, work_);
      add_moments(all);
    });
    all.divide(n_training());
    moments_ = all;
    set_mixture(moments_.maximise(options_.covariance, n_training(), prior_.mixture()));
  }

  // The best of several EM starts.  Where all collapse (few different cells, held out perhaps),
  // the model with the fewest demands, and then all cells, come to help: the joint phase has priors
  // that EM has not.
  Mixture fit_latent() {
    const SearchOptions search =
        latent_search(options_.n_init, options_.max_iter, options_.tol, options_.seed);
    const std::string wanted = options_.covariance;
    const std::string simplest = "tied";
    std::vector<Index> all(static_cast<std::size_t>(reader_.n_cells()));
    std::iota(all.begin(), all.end(), Index{0});
    const std::pair<const std::vector<Index>*, std::string> attempts[] = {
        {&training_, wanted}, {&training_, simplest}, {&all, wanted}, {&all, simplest}};
    for (const auto& [cells, model] : attempts) {
      const std::vector<double> latent = latent_means(*cells);
      const ConstView<double> points(latent.data(), options_.n_latent,
                                     static_cast<Index>(cells->size()));
      try {
        return across_batches(
            *cells, points,
            fit_mixture(points, model, options_.k, search, compute_.workers, monitor_).mixture);
      } catch (const NumericalError&) {
        continue;
      }
    }
    throw NumericalError(
        "The latent means of the cells must fall into `k` groups to start from, but in every start "
        "some group was empty: use a smaller `k`.");
  }

  // From a mixture of the cells' latent points one whose components hold all batches, if there are
  // any.
  Mixture across_batches(const std::vector<Index>& cells, ConstView<double> points,
                         const Mixture& mixture) const {
    if (options_.n_batches == 0) return mixture;
    std::vector<std::int32_t> batch;
    for (Index cell : cells) batch.push_back(covariates_.batch[cell]);
    return fit_across_batches({points, batch, options_.n_batches}, mixture, options_.covariance,
                              options_.n_init, options_.seed, compute_.workers, monitor_);
  }

  // D x n
  std::vector<double> latent_means(const std::vector<Index>& cells) {
    std::vector<double> latent(static_cast<std::size_t>(options_.n_latent) * cells.size());
    for_blocks(cells, [&](Index begin) {
      network_.encode(compute_, params_.data(), block_, work_);
      std::copy(work_.mean.begin(), work_.mean.begin() + block_.n_cells() * options_.n_latent,
                latent.begin() + begin * options_.n_latent);
    });
    return latent;
  }

  // fn(place of the first cell) for blocks of the cells, inputs unmasked.
  template <typename Fn>
  void for_blocks(const std::vector<Index>& cells, Fn&& fn) {
    const Index n = static_cast<Index>(cells.size());
    for (Index begin = 0; begin < n; begin += 256) {
      monitor_.poll();
      loader_.load(cells.data() + begin, std::min<Index>(256, n - begin), block_);
      fn(begin);
    }
  }

  // Mean ELBO of cells, with the same noise at each call.
  ElboTerms elbo_of(const std::vector<Index>& cells, double kl_weight) {
    ElboTerms total;
    for_blocks(cells, [&](Index) {
      total += network_.forward(compute_, params_.data(), block_, prior_,
                                {kl_weight, options_.seed, elbo_purpose, 0, 1.0, false}, work_);
    });
    return per_cell(total, static_cast<Index>(cells.size()));
  }

  ElboTerms per_cell(const ElboTerms& sum, Index n) const {
    const double cells = static_cast<double>(n);
    return {sum.reconstruction / cells + log_unit_change(transform_, options_.likelihood),
            sum.kl_z / cells, sum.kl_c / cells};
  }

  TrainResult result() {
    TrainResult result;
    network_.reorder_clusters(order_by_weight(prior_.mixture()), params_);
    set_mixture(sorted_by_weight(prior_.mixture()));
    result.model = {
        options_.likelihood, options_.covariance, network_.shape(),        params_,
        transform_,          prior_.mixture(),    options_.size_reference, options_.seed};
    result.layout = network_.layout().slices();
    result.train = elbo_of(training_, 1.0);
    result.heldout = heldout_.empty() ? ElboTerms{not_a_number, not_a_number, not_a_number}
                                      : elbo_of(heldout_, 1.0);
    result.cells = encode(result.model, reader_, covariates_, 0, true, compute_.workers, monitor_);
    result.history = history_;
    result.heldout_cells = heldout_;
    result.n_rollbacks = n_rollbacks_;
    result.converged = converged();
    return result;
  }

  // Training stopped by itself, or the second half of a joint phase of some length gained next to
  // nothing.
  bool converged() const {
    if (stopped_early_) return true;
    if (options_.epochs_joint < 10) return false;
    const std::size_t n = history_.size(), joint = static_cast<std::size_t>(options_.epochs_joint);
    double best = -std::numeric_limits<double>::infinity(), best_of_first_half = best;
    for (std::size_t i = n - joint; i < n; ++i) {
      best = std::max(best, heldout_.empty() ? history_[i].elbo : history_[i].elbo_heldout);
      if (i < n - joint / 2) best_of_first_half = best;
    }
    return best - best_of_first_half < convergence_gain * std::abs(best);
  }

  const CellReader& reader_;
  const Covariates covariates_;
  const TrainOptions& options_;
  Compute<float> compute_;
  Monitor& monitor_;
  InputTransform transform_;
  CellLoader<float> loader_;
  Network<Likelihood> network_;
  std::vector<float> params_, gradient_;
  AdamState<float> adam_;
  MixturePrior prior_;
  LatentMoments moments_;
  std::vector<Index> training_, heldout_;
  CellBlock<float> block_;
  Workspace<float> work_;
  std::vector<EpochRecord> history_;
  Snapshot before_;
  Index epoch_ = 0, n_rollbacks_ = 0;
  double rate_scale_ = 1.0;
  bool stopped_early_ = false;
};

}  // namespace

TrainResult train(const CellReader& reader, const Covariates& covariates,
                  const TrainOptions& options, Workers& workers, Monitor& monitor) {
  const FlushDenormals flush;
  return with_likelihood(options.likelihood, [&](auto likelihood) {
    Trainer<decltype(likelihood)> trainer(reader, covariates, options, workers, monitor);
    return trainer.run();
  });
}

}  // namespace gmvae
