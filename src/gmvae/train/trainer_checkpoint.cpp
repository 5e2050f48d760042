// What a checkpoint of the training holds.
#include "gmvae/train/trainer.h"

namespace gmvae {

void Trainer::put_snapshot(ByteWriter& bytes, const Snapshot& state) const {
  bytes.put(state.params);
  bytes.put(state.adam.first);
  bytes.put(state.adam.second);
  bytes.put(static_cast<std::int64_t>(state.adam.step));
  put_prior(bytes, state.prior);
  put_moments(bytes, state.moments);
  bytes.put(state.label_counts.n);
  bytes.put(state.label_counts.random);
  bytes.put(state.labels.noise);
}

Trainer::Snapshot Trainer::get_snapshot(ByteReader& bytes) const {
  Snapshot state = current();
  state.params = bytes.get_all<float>();
  state.adam.first = bytes.get_all<float>();
  state.adam.second = bytes.get_all<float>();
  for (const std::vector<float>* part : {&state.params, &state.adam.first, &state.adam.second}) {
    check_state(part->size() == params_.size());
  }
  state.adam.step = static_cast<Index>(bytes.get<std::int64_t>());
  state.prior = get_prior(bytes, n_latent(), k());
  state.moments = get_moments(bytes, n_latent(), k());
  state.label_counts.n = bytes.get<double>();
  state.label_counts.random = bytes.get<double>();
  state.labels.noise = bytes.get<double>();
  return state;
}

void Trainer::write_checkpoint(const ByteWriter& before) {
  before_state_ = before;
  write_state(false);
}

// as_before: as it was before the epoch that has begun, of which a step may be half done.
void Trainer::write_state(bool as_before) {
  if (checkpoint_ == nullptr) return;
  ByteWriter bytes = before_state_;
  put_snapshot(bytes, as_before ? before_ : current());
  bytes.put(static_cast<std::int64_t>(epoch_));
  bytes.put(static_cast<std::int64_t>(n_rollbacks_));
  bytes.put(rate_scale_);
  bytes.put(static_cast<std::int64_t>(converged_));
  bytes.put(static_cast<std::int64_t>(history_.size()));
  for (const EpochRecord& epoch : history_) {
    bytes.put(epoch.phase);
    for (double value : {epoch.elbo, epoch.elbo_heldout, epoch.reconstruction, epoch.kl,
                         epoch.learning_rate, epoch.seconds}) {
      bytes.put(value);
    }
  }
  bytes.put(static_cast<std::int64_t>(place_.n_phases));
  bytes.put(static_cast<std::int64_t>(place_.inside));
  bytes.put(static_cast<std::int64_t>(place_.n_epochs));
  bytes.put(place_.best_elbo);
  bytes.put(static_cast<std::int64_t>(place_.since_best));
  bytes.put(place_.best_params);
  if (!place_.best_params.empty()) put_prior(bytes, place_.best_prior);
  const bool in_epoch = place_.in_epoch && !as_before;
  bytes.put(static_cast<std::int64_t>(in_epoch));
  if (in_epoch) {
    put_snapshot(bytes, before_);
    bytes.put(static_cast<std::int64_t>(place_.n_steps));
    const ElboTerms& total = place_.total;
    for (double value : {total.reconstruction, total.kl_z, total.kl_c, total.label}) {
      bytes.put(value);
    }
  }
  checkpoint_->write(bytes);
}

void Trainer::resume(ByteReader& bytes) {
  const auto index = [&] {
    const std::int64_t value = bytes.get<std::int64_t>();
    check_state(value >= 0);
    return static_cast<Index>(value);
  };
  set_current(get_snapshot(bytes));
  epoch_ = index();
  n_rollbacks_ = index();
  rate_scale_ = bytes.get<double>();
  converged_ = index() != 0;
  history_.clear();
  for (Index n = index(); n > 0; --n) {
    EpochRecord epoch;
    epoch.phase = bytes.get_text();
    for (double* value : {&epoch.elbo, &epoch.elbo_heldout, &epoch.reconstruction, &epoch.kl,
                          &epoch.learning_rate, &epoch.seconds}) {
      *value = bytes.get<double>();
    }
    history_.push_back(epoch);
  }
  place_.n_phases = index();
  place_.inside = index() != 0;
  place_.n_epochs = index();
  place_.best_elbo = bytes.get<double>();
  place_.since_best = index();
  place_.best_params = bytes.get_all<float>();
  if (!place_.best_params.empty()) {
    check_state(place_.best_params.size() == params_.size());
    place_.best_prior = get_prior(bytes, n_latent(), k());
  }
  place_.in_epoch = index() != 0;
  if (place_.in_epoch) {
    before_ = get_snapshot(bytes);
    place_.n_steps = index();
    ElboTerms& total = place_.total;
    for (double* value : {&total.reconstruction, &total.kl_z, &total.kl_c, &total.label}) {
      *value = bytes.get<double>();
    }
  }
  check_state(bytes.at_end());
}

}  // namespace gmvae
