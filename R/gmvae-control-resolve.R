# From options as users give them to options that the core takes.

# What NULL stands for. The normal prior of the warm-up draws groups together,
# which makes clusters of measurements and images worse, and of counts not.
# `informative`: see informative_features(); `reliability`: see
# split_half_reliability(); `proteins`: see protein_values().
resolve_control <- function(control, n_cells, likelihood, informative = Inf,
                            n_features = Inf, reliability = unknown_reliability,
                            proteins = NULL) {
  traits <- likelihood_traits(likelihood)
  if (is.null(control$protein_weight)) {
    control$protein_weight <- usual_protein_weight(informative, proteins)
  }
  if (traits$dense) informative <- Inf  # standardised, nothing is hidden
  narrow <- narrowness(informative, n_features)
  control$hidden_decoder <- decoder_sizes(control)
  if (is.null(control$epochs)) {
    steps_per_epoch <- ceiling(n_cells / control$batch_size)
    epochs <- ceiling(10000 / steps_per_epoch)
    # At 20 epochs a million cells would take 156,000 steps.
    least <- max(min(20, round(8e6 / n_cells)), 4)
    most <- round(120 * 2^narrow)
    control$epochs <- as.integer(min(max(epochs, least), most))
  }
  if (is.null(control$learning_rate)) {
    control$learning_rate <- 0.001 * 3^narrow
  }
  if (is.null(control$warmup)) {
    control$warmup <- traits$size_factors
  }
  if (traits$dense) reliability <- unknown_reliability
  if (is.null(control$mask)) {
    control$mask <- if (traits$dense) 0 else usual_mask(reliability, narrow)
  }
  if (is.null(control$n_pcs)) control$n_pcs <- usual_pcs(reliability, narrow)
  if (is.null(control$n_latent)) {
    control$n_latent <- usual_latent(usual_pcs(reliability, narrow))
  }
  control
}

# `epochs` as the core's phases.
training_phases <- function(epochs, warmup) {
  share <- if (warmup) c(1 / 6, 1 / 2) else c(2 / 3, 0)
  before <- round(epochs * share)
  list(epochs_pretrain = max(1, before[1]), epochs_warmup = before[2],
       epochs_joint = epochs - before[2])
}

# Of more training cells the order of an epoch is by blocks, see
# src/gmvae/train/cell_order.h. Tests lower it.
cells_one_by_one <- function() getOption("gmvae.cells_one_by_one", 200000)
