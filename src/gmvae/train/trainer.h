// Training: from the values of cells to networks, mixture and latent positions, phase by phase.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/monitor.h"
#include "core/parallel.h"
#include "gmm/em/mixture.h"
#include "gmvae/data/loader.h"
#include "gmvae/model/encode.h"
#include "gmvae/model/network.h"
#include "gmvae/train/cell_order.h"
#include "gmvae/train/checkpoint.h"
#include "gmvae/train/latent_moments.h"
#include "gmvae/train/options.h"
#include "gmvae/train/phase.h"
#include "nn/adam.h"

namespace gmvae {

// One row of the history; per cell, natural logarithms.
struct EpochRecord {
  std::string phase;
  double elbo, elbo_heldout, reconstruction, kl, learning_rate, seconds;
};

struct TrainResult {
  FittedModel model;
  std::vector<ParamSlice> layout;
  Encoding cells;
  std::vector<EpochRecord> history;
  ElboTerms train, heldout;          // per cell; heldout is NaN without held-out cells
  std::vector<Index> heldout_cells;  // from 0, ascending
  Index n_rollbacks;                 // epochs taken back because a number was not finite
  bool converged;                    // the ELBO had all but stopped rising
  double label_noise;                // share of labels drawn at random; 0 without labels
};

// What one minibatch tells: a value that update() turns into new parameters.  Those of several
// minibatches under the same parameters add up.
struct StepGradient {
  ElboTerms elbo;  // sums over its cells
  Index n_cells = 0;
  std::vector<float> d_params;  // of the loss, per cell
  LatentMoments moments;        // per cell, where the phase moves the mixture
  LabelCounts labels;           // likewise
};

class Trainer {
 public:
  // `options`, the data and `checkpoint` must outlive the trainer.  Where there is a checkpoint,
  // training writes to it at the ends of phases, at times in between and when it is stopped.
  Trainer(const CellSource& source, const Covariates& covariates, const TrainOptions& options,
          Workers& workers, Monitor& monitor, Checkpoint* checkpoint = nullptr);

  // Goes on from the parameters of other training of the same network.
  void start_from(const std::vector<float>& params);

  // Goes on from what a trainer of the same data, options and clusters has written: run() then
  // leaves out what was done.
  void resume(ByteReader& state);

  // Writes to the checkpoint, if there is one.  Before the trainer's own state in it stands
  // `before`, of whoever calls the trainer, from now on.
  void write_checkpoint(const ByteWriter& before);

  // For k clusters from here on: the networks stay, the optimiser begins anew.  The mixture begins
  // at `start`, where that has components.
  void set_clusters(Index k, const Mixture& start = {});

  // Before a phase that moves the mixture, EM on the latent means starts the mixture.  Throws
  // NumericalError where even small steps don't stay finite.
  void run(const std::vector<Phase>& phases);

  // D x n, of all cells.
  std::vector<double> latent_means();

  // The networks and the prior as they are.
  FittedModel model() const;

  // Clusters by decreasing weight.
  TrainResult result();

 private:
  // What an epoch that breaks down returns to.
  struct Snapshot {
    std::vector<float> params;
    AdamState<float> adam;
    MixturePrior prior;
    LatentMoments moments;
    LabelCounts label_counts;
    LabelModel labels;
  };

  // Where run_phase() is.
  struct Place {
    Index n_phases = 0;     // done, of all calls of run()
    bool inside = false;    // the next phase has begun
    Index n_epochs = 0;     // of that phase that are done
    bool in_epoch = false;  // `before_` is the state before the next epoch, which has begun
    Index n_steps = 0;      // of that epoch that are done
    ElboTerms total;        // of these steps
    // Of a phase that stops early.
    double best_elbo = 0;
    std::vector<float> best_params;
    MixturePrior best_prior;
    Index since_best = 0;
  };

  Index n_latent() const { return network_.shape().n_latent; }
  Index k() const { return network_.shape().k; }
  double n_training() const { return static_cast<double>(training_.size()); }
  const CellBlock<float>& block() const { return blocks_.front(); }
  Index steps_per_epoch() const;
  void start_networks();
  void start_encoder();
  void split_cells();
  void run_phase(const Phase& phase, Index total);
  void run_epochs(const Phase& phase, Index total, bool stops_early);
  void write_state(bool as_before);
  bool try_epoch(const Phase& phase, Index epoch, EpochRecord& record);
  ElboTerms run_epoch(const Phase& phase, Index epoch, double learning_rate);
  void announce_cells(const CellOrder& order, Index begin, Index end) const;
  void gradient_of_block(const Phase& phase, double kl_weight, StepGradient& gradient);
  void update(const Phase& phase, double learning_rate, StepGradient& gradient);
  void add_moments(LatentMoments& moments, LabelCounts& labels) const;
  void set_mixture(const Mixture& mixture);
  void start_mixture();
  Mixture fit_latent();
  Mixture fit_points(const std::vector<Index>& cells, ConstView<double> points,
                     const std::string& covariance);
  std::vector<double> latent_means_of(const std::vector<Index>& cells);
  // fn(place of the first cell) for blocks of the cells, inputs unmasked.
  template <typename Fn>
  void for_blocks(const std::vector<Index>& cells, Fn&& fn) {
    constexpr Index at_a_time = 256;
    const Index n = static_cast<Index>(cells.size());
    for (Index begin = 0; begin < n; begin += at_a_time) {
      monitor_.poll();
      loader_.load(cells.data() + begin, std::min(at_a_time, n - begin), blocks_);
      fn(begin);
    }
  }
  ElboTerms elbo_of(const std::vector<Index>& cells, double kl_weight);
  ElboTerms per_cell(const ElboTerms& sum, Index n) const;
  void save();
  void restore();
  void slow_down();
  void put_snapshot(ByteWriter& bytes, const Snapshot& state) const;
  Snapshot get_snapshot(ByteReader& bytes) const;
  Snapshot current() const;
  void set_current(const Snapshot& state);

  const CellSource& source_;
  const Covariates covariates_;
  const Design factors_;  // of the design, for mixtures
  const TrainOptions& options_;
  Compute<float> compute_;
  Monitor& monitor_;
  std::vector<FittedModality> modalities_;  // see modality.h
  CellLoader<float> loader_;
  Network<float> network_;
  std::vector<float> params_;
  StepGradient gradient_;
  AdamState<float> adam_;
  MixturePrior prior_;
  Mixture start_;  // of the mixture; without components: found by a search
  LatentMoments moments_;
  LabelModel labels_;
  LabelCounts label_counts_;
  std::vector<Index> training_, heldout_;
  CellBlocks<float> blocks_;  // of each modality
  Workspace<float> work_;
  std::vector<EpochRecord> history_;
  Checkpoint* checkpoint_;
  ByteWriter before_state_;  // see write_checkpoint()
  Snapshot before_;
  Place place_;
  Index n_seen_ = 0;  // phases that calls of run() have come to
  Index epoch_, n_rollbacks_ = 0;
  double rate_scale_ = 1.0;
  bool converged_ = false;
};

}  // namespace gmvae
