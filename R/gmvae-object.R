# The fit: built here only; what it tells about itself.

# Format of the object, raised when a released version can't read an older
# one's fields as they are.
gmvae_format <- 1L

# `core` is what cpp_gmvae_train() returns, `features` the table of all genes,
# `size` the cells' size factors, `batch` their batches.
new_gmvae <- function(core, cells, features, size, batch, batch_source,
                      likelihood, covariance, control) {
  k <- core$k
  clusters <- as.character(seq_len(k))
  latent <- paste0("z", seq_len(control$n_latent))
  mixture <- core$mixture
  names(mixture$weights) <- clusters
  dimnames(mixture$means) <- list(clusters, latent)
  dimnames(mixture$covariances) <- list(latent, latent, clusters)
  posterior <- `dimnames<-`(core$posterior, list(cells, clusters))
  structure(
    list(
      cluster = most_probable(posterior),
      posterior = posterior,
      latent = `dimnames<-`(core$latent, list(cells, latent)),
      latent_sd = `dimnames<-`(core$latent_sd, list(cells, latent)),
      mixture = mixture,
      history = as.data.frame(core$history),
      elbo = do.call(rbind, core$elbo),
      features = features$gene[features$used],
      feature_table = features,
      size_factors = stats::setNames(size$factors, cells),
      size_reference = size$reference,
      size_scale = size$scale,
      size_source = size$source,
      batch = if (!is.null(batch)) stats::setNames(batch, cells),
      batch_source = batch_source,
      heldout = core$heldout,
      converged = core$converged,
      n_rollbacks = core$n_rollbacks,
      active_units = count_active(core$latent, core$latent_sd),
      parameters = core$parameters,
      layout = core$layout,
      input = core$input,
      likelihood = likelihood,
      covariance = covariance,
      k = k,
      k_path = core$k_path,
      stability = core$stability,
      cluster_stability = stats::setNames(core$cluster_stability, clusters),
      networks = core$networks,
      n_genes = nrow(features),
      call = NULL,
      control = control,
      seed = core$seed,
      version = gmvae_format
    ),
    class = "gmvae"
  )
}

# Factor of the most probable component, the first of equals, named by cell.
most_probable <- function(posterior) {
  best <- max.col(posterior, ties.method = "first")
  cluster <- factor(best, levels = seq_len(ncol(posterior)))
  stats::setNames(cluster, rownames(posterior))
}

# What the core needs to encode and decode with the fit's networks.
network_state <- function(object) {
  fields <- c("likelihood", "k", "covariance", "parameters", "input",
              "mixture", "seed", "size_reference")
  options <- c("n_latent", "hidden", "dispersion", "zero_inflation")
  c(unclass(object)[fields], fitted_control(object)[options],
    n_design = n_batches(object$batch))
}

# The options of a fit; one saved before an option was there has its default.
fitted_control <- function(object) {
  control <- gmvae_control()
  control[names(object$control)] <- object$control
  control
}

# A fit saved by a newer version may mean other things by its fields.
check_fit <- function(object, arg = "object", call = rlang::caller_env()) {
  version <- object$version
  if (rlang::is_integerish(version, 1L, finite = TRUE) &&
        version <= gmvae_format) {
    return(invisible(object))
  }
  gmvae_abort(c(
    "{.arg {arg}} must be a fit of a format that this version of gmvae reads.",
    x = "Its format is {describe(version)}; known are formats up to
         {gmvae_format}.",
    i = "Update gmvae, or fit again."
  ), "input", call = call)
}

# Facts about a fit -----------------------------------------------------------

confidence <- function(posterior) {
  posterior[cbind(seq_len(nrow(posterior)),
                  max.col(posterior, ties.method = "first"))]
}

# Latent dimensions in which cells differ by more than 1% of the total
# variance; in a collapsed one all have the same mean and only noise is left.
count_active <- function(means, deviations) {
  between <- apply(means, 2L, function(m) mean((m - mean(m))^2))
  sum(between > 0.01 * (between + colMeans(deviations^2)))
}

# exp(entropy) of the weights: k if all are equal, 1 if one has all.
effective_components <- function(weights) {
  weights <- weights[weights > 0]
  exp(-sum(weights * log(weights)))
}

# Mean adjusted Rand index between the clusters of each two networks.
network_agreement <- function(object) {
  if (is.null(object$networks)) NA_real_ else mean(object$networks$agreement)
}

# What a user should know before trusting the fit, in sentences.
fit_cautions <- function(object) {
  empty <- sum(tabulate(object$cluster, object$k) == 0L)
  active <- object$active_units
  sure <- mean(confidence(object$posterior))
  of_one_batch <- single_batch_clusters(object$cluster, object$batch)
  doubtful <- names(which(object$cluster_stability < 0.6))
  say <- cli::pluralize
  c(
    if (object$n_rollbacks > 0L) {
      n <- object$n_rollbacks
      say("{n} epoch{?s} gave non-finite values and {?was/were} repeated ",
          "with a smaller learning rate.")
    },
    if (!object$converged) {
      paste("Not converged: the bound was still rising at the last epoch;",
            "raise `epochs` in gmvae_control().")
    },
    if (empty > 0L) {
      say("{empty} of {object$k} clusters {cli::qty(empty)}{?has/have} no ",
          "cell: there may be fewer groups than k.")
    },
    if (active <= 1L && object$control$n_latent > 1L) {
      say("The latent space has collapsed: {active} of ",
          "{object$control$n_latent} dimensions {cli::qty(active)}",
          "{?tells/tell} cells apart.")
    },
    if (object$k > 1L && isTRUE(object$stability < 0.6)) {
      paste0("Clusters do not repeat themselves: mixtures of two halves of ",
             "the cells agree by an adjusted Rand index of ",
             format(object$stability, digits = 2), " only.")
    },
    if (length(doubtful) > 0L) {
      say("{cli::qty(length(doubtful))}Cluster{?s} {doubtful} {?is/are} not ",
          "found again in halves of the cells (Jaccard index below 0.6).")
    },
    if (identical(object$batch_source, "found")) {
      paste("Batches were found, not given: if the groups of cells that they",
            "are tell something else, fit with `find_batches = FALSE`.")
    },
    if (object$k > 1L && length(of_one_batch) > 0L) {
      say("{cli::qty(length(of_one_batch))}Cluster{?s} {of_one_batch} ",
          "{?has/have} cells of one batch only: a kind of cell that the ",
          "others lack, or what is left of the batch.")
    },
    if (object$k > 1L && isTRUE(network_agreement(object) < 0.6)) {
      paste0("Networks from different seeds give different clusters: they ",
             "agree by an adjusted Rand index of ",
             format(network_agreement(object), digits = 2), " only.")
    },
    if (object$k > 1L && sure < 0.7) {
      say("Clusters overlap: the mean probability of a cell's cluster is ",
          "{format(sure, digits = 2)}.")
    }
  )
}
