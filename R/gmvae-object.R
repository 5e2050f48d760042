# The fit: built here only; facts about it.

# Format of the object, raised when a released version can't read an older
# one's fields as they are.
gmvae_format <- 1L

# `core` is what cpp_gmvae_train() returns, `features` the table of all genes,
# `size` the cells' size factors, `batch`, `covariates` and `labels` what else
# is known of them, `proteins` what protein_values() gives.
new_gmvae <- function(core, cells, features, size, batch, batch_source,
                      likelihood, covariance, control, covariates = NULL,
                      labels = NULL, proteins = NULL) {
  k <- core$k
  clusters <- names_of_components(k, labels)
  latent <- paste0("z", seq_len(control$n_latent))
  mixture <- core$mixture
  names(mixture$weights) <- clusters
  dimnames(mixture$means) <- list(clusters, latent)
  dimnames(mixture$covariances) <- list(latent, latent, clusters)
  posterior <- `dimnames<-`(core$posterior, list(cells, clusters))
  if (!is.null(proteins)) {
    proteins$checksum <- data_checksum(proteins$values)
    proteins$values <- NULL
  }
  inputs <- split_input(core$input, proteins, sum(features$used))
  fit <- structure(
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
      covariates = covariates,
      proteins = inputs$proteins,
      labels = if (!is.null(labels)) stats::setNames(labels, cells),
      label_noise = if (!is.null(labels)) core$label_noise,
      heldout = core$heldout,
      converged = core$converged,
      n_rollbacks = core$n_rollbacks,
      active_units = count_active(core$latent, core$latent_sd),
      parameters = core$parameters,
      layout = core$layout,
      input = inputs$input,
      likelihood = likelihood,
      covariance = covariance,
      k = k,
      k_path = core$k_path,
      small_groups = core$small_groups,
      stability = core$stability,
      cluster_stability = stats::setNames(core$cluster_stability, clusters),
      cluster_confusion = `dimnames<-`(core$cluster_confusion,
                                       list(clusters, clusters)),
      networks = core$networks,
      n_genes = nrow(features),
      call = NULL,
      control = control,
      seed = core$seed,
      version = gmvae_format
    ),
    class = "gmvae"
  )
  fit$loadings <- linear_loadings(fit)
  fit
}

# Factor of the most probable component, the first of equals, named by cell.
most_probable <- function(posterior) {
  best <- max.col(posterior, ties.method = "first")
  cluster <- factor(best, levels = seq_len(ncol(posterior)))
  if (!is.null(colnames(posterior))) levels(cluster) <- colnames(posterior)
  stats::setNames(cluster, rownames(posterior))
}

#' Mixture of a fit of gmvae(), and its cells as a data frame
#'
#' Methods of R's own generics for a fit of [gmvae()] with n cells, k clusters
#' and D latent dimensions.
#'
#' @param object,x A fit of [gmvae()].
#' @param row.names,optional Ignored.
#' @param ... Ignored.
#' @returns
#'   * `coef()`: the mixture in the latent space, a list of `weights` (k, sum
#'     1), `means` (k x D) and `covariances` (D x D x k), as in the fit. After
#'     [cut_clusters()] the clusters consist of several of its components.
#'   * `as.data.frame()`: a data frame with one row for each cell, named by it:
#'     `cluster` (factor), `confidence` (in the cluster, see [predict.gmvae()],
#'     from 0 to 1), `size_factor` (median 1), `batch` (factor, if the fit has
#'     batches), `label` (factor, if it was given labels) and the latent means
#'     `z1`, `z2`, ...
#' @seealso [gmvae()], [rename_clusters()]
#' @examples
#' data(pbmc_sorted)
#' set.seed(1)
#' fit <- gmvae(pbmc_sorted$counts[, 1:200], k = 5, features = 500)
#' coef(fit)$weights
#' head(as.data.frame(fit))
#' @importFrom stats coef
#' @export
coef.gmvae <- function(object, ...) {
  validate_fit(object)
  object$mixture
}

#' @rdname coef.gmvae
#' @export
as.data.frame.gmvae <- function(x, row.names = NULL, optional = FALSE, ...) {
  validate_fit(x, "x")
  cells <- data.frame(cluster = unname(x$cluster),
                      confidence = confidence(x, x$posterior),
                      size_factor = unname(x$size_factors))
  cells$batch <- unname(x$batch)
  cells$label <- unname(x$labels)
  data.frame(cells, x$latent, row.names = make.unique(names(x$cluster)),
             check.names = FALSE)
}

# What the core needs to encode and decode with the fit's networks.
network_state <- function(object) {
  fields <- c("likelihood", "covariance", "parameters", "input", "mixture",
              "seed", "size_reference")
  options <- c("n_latent", "hidden", "dispersion", "zero_inflation")
  control <- fitted_control(object)
  state <- unclass(object)[fields]
  if (!is.null(object$proteins)) {
    state$input <- Map(c, state$input, object$proteins$input)
  }
  c(state, control[options],
    list(beside = modalities_beside(object$proteins, control),
         k = length(object$mixture$weights),
         hidden_decoder = decoder_sizes(control),
         n_design = n_design(object)))
}

# For functions that are no methods of a fit.
check_gmvae_fit <- function(fit, call) {
  if (!inherits(fit, "gmvae")) {
    gmvae_abort(c(
      "{.arg fit} must be a fit of {.fn gmvae}.",
      x = "You supplied {describe(fit)}.",
      i = "{.fn gmvae_fit} gets the fit out of an object of {.fn runGMVAE}."
    ), "input", call = call)
  }
  validate_fit(fit, "fit", call)
}

# The options of a fit; one saved before an option was there has its default.
fitted_control <- function(object) {
  control <- gmvae_control()
  control[names(object$control)] <- object$control
  control
}

# Facts about a fit -----------------------------------------------------------

# Of the most probable cluster of each cell (cells x clusters).
largest_probability <- function(posterior) {
  posterior[cbind(seq_len(nrow(posterior)),
                  max.col(posterior, ties.method = "first"))]
}

# The probability that a cell is in its cluster where the clusters are found
# again, by the posterior of cells of any origin; of fits that have no
# `cluster_confusion`, the posterior probability.
confidence <- function(fit, posterior) {
  if (is.null(fit$cluster_confusion)) return(largest_probability(posterior))
  cluster <- max.col(posterior, ties.method = "first")
  again <- posterior %*% unname(fit$cluster_confusion)
  pmin(again[cbind(seq_along(cluster), cluster)], 1)
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
