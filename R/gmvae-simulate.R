#' Simulate cells from a fit of gmvae()
#'
#' Draws cells from the model that a fit of [gmvae()] describes: a latent point,
#' then a value of each gene from the distribution that the decoder gives for
#' it.
#'
#' @param object A fit of [gmvae()] with n cells, k clusters and G genes used.
#' @param nsim Number of cells to draw, a whole number of at least 1. `NULL`: as
#'   many as the fit has, n.
#' @param seed A number for [set.seed()], or `NULL` to continue R's stream of
#'   random numbers. With a number, the state of R's generator is restored
#'   afterwards, as in [stats::simulate()].
#' @param ... Must be empty.
#' @param latent Where the latent points are drawn from: `"mixture"`, the
#'   Gaussian mixture of the fit, for new cells; or `"posterior"`, the Gaussian
#'   distribution that the encoder gives for a cell of the fit, for cells like
#'   that one. With `nsim` of n, each cell of the fit is drawn once, in its
#'   order; otherwise `nsim` of them are taken at random, with replacement.
#' @param size_factors One positive number for each new cell (`nsim`), or one
#'   for all, relative to the median cell of the fit. `NULL`: those of cells of
#'   the fit: for `"posterior"` of the same cell, for `"mixture"` of a cell
#'   taken at random by the probabilities of the cluster that the latent point
#'   is drawn from.
#' @param batch For a fit with batches, the batch of each new cell (`nsim`), or
#'   one for all. `NULL`: that of the cell which gives the size factor.
#' @returns A list in the form of the data of this package, such as
#'   [pbmc_sorted]:
#'   * `counts`: a [Matrix::dgCMatrix-class] (G x `nsim`) of the genes that the
#'     fit uses, with cells named `sim1`, `sim2`, ...; counts, or for
#'     `"bernoulli"` 0 or 1, for `"gaussian"` values in the units of the data;
#'   * `cells`: data frame (`nsim` rows, named by cell) of `cluster`, a factor
#'     of the component that the latent point was drawn from, for `"posterior"`
#'     the cluster of the `source` cell; `size_factor`; `batch`, if the fit has
#'     batches; and for `"posterior"` `source`, the number of the cell of the
#'     fit;
#'   * `latent`: matrix (`nsim` x D) of the latent points;
#'   * `proteins`, of a fit with proteins: matrix (proteins x `nsim`), centred
#'     log ratios or whatever the fit saw of them.
#'
#'   The attribute `"seed"` is the state of the generator before, as in
#'   [stats::simulate()]. So `gmvae(s$counts, k)` fits the cells again, and
#'   `SingleCellExperiment(list(counts = s$counts), colData = s$cells)` makes a
#'   Bioconductor object. A list keeps the labels beside the counts; an
#'   attribute of the matrix would be lost as soon as it is subset.
#' @section Errors: `gmvae_error_option` if `nsim` is not a whole number of at
#'   least 1, if `seed` is not a number, or if `size_factors` or `batch` are not
#'   those of `nsim` cells.
#' @seealso [gmvae()], [check_fit()]
#' @examples
#' data(pbmc_sorted)
#' set.seed(1)
#' fit <- gmvae(pbmc_sorted$counts[, 1:200], k = 5, features = 500)
#' new <- simulate(fit, 100, seed = 1)
#' new$counts[1:3, 1:5]
#' table(new$cells$cluster)
#' @export
simulate.gmvae <- function(object, nsim = NULL, seed = NULL, ...,
                           latent = c("mixture", "posterior"),
                           size_factors = NULL, batch = NULL) {
  call <- quote(simulate())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  sources <- c("mixture", "posterior")
  latent <- if (missing(latent)) sources[1] else check_choice(latent, sources,
                                                              call = call)
  n <- nrow(object$latent)
  nsim <- if (is.null(nsim)) n else check_count(nsim, call = call)
  size_factors <- given_sizes(size_factors, nsim, object, call)
  batch <- known_batch(object, batch, nsim, NULL, call)
  state <- simulation_state(check_seed(seed, call))
  if (!is.null(seed)) {
    on.exit(assign(".Random.seed", state$before, envir = globalenv()))
  }
  drawn <- if (latent == "mixture") {
    mixture_points(object, nsim)
  } else {
    posterior_points(object, nsim)
  }
  cells <- data.frame(cluster = drawn$cluster,
                      size_factor = object$size_factors[drawn$source],
                      row.names = paste0("sim", seq_len(nsim)))
  if (!is.null(size_factors)) cells$size_factor <- size_factors
  if (!is.null(object$batch)) {
    cells$batch <- if (is.null(batch)) unname(object$batch[drawn$source]) else
      batch
  }
  if (latent == "posterior") cells$source <- drawn$source
  known <- list(batch = cells$batch,
                covariates = rows_of(object$covariates, drawn$source))
  counts <- draw_counts(object, drawn$latent, cells$size_factor, known,
                        draw_seed(), call)
  cells[names(known$covariates)] <- known$covariates
  colnames(counts) <- rownames(cells)
  dimnames(drawn$latent) <- list(rownames(cells), colnames(object$latent))
  n_features <- length(object$features)
  result <- list(counts = counts[seq_len(n_features), , drop = FALSE],
                 cells = cells, latent = drawn$latent)
  if (!is.null(object$proteins)) {
    result$proteins <- as.matrix(counts[-seq_len(n_features), , drop = FALSE])
  }
  structure(result, seed = state$seed)
}

given_sizes <- function(size_factors, n, object, call) {
  if (rlang::is_scalar_double(size_factors) ||
        rlang::is_scalar_integer(size_factors)) {
    size_factors <- rep(size_factors, n)
  }
  size_factors <- check_size_factors(size_factors, n, object$likelihood, call)
  if (is.null(size_factors)) return(NULL)
  as.double(unname(size_factors))
}

# Latent points of the mixture, and for each a cell of the fit that gives what
# the mixture does not: a cell of the same cluster.
mixture_points <- function(object, n) {
  mixture <- object$mixture
  d <- ncol(mixture$means)
  component <- sample.int(length(mixture$weights), n, TRUE, mixture$weights)
  cluster <- component_clusters(object)
  latent <- matrix(stats::rnorm(as.double(n) * d), n)
  source <- integer(n)
  for (j in unique(component)) {
    rows <- which(component == j)
    root <- chol(matrix(mixture$covariances[, , j], d))
    latent[rows, ] <- sweep(latent[rows, , drop = FALSE] %*% root, 2,
                            mixture$means[j, ], "+")
    source[rows] <- sample.int(nrow(object$posterior), length(rows), TRUE,
                               object$posterior[, cluster[j]] + 1e-12)
  }
  list(latent = latent, source = source,
       cluster = factor(levels(object$cluster)[cluster[component]],
                        levels(object$cluster)))
}

posterior_points <- function(object, n) {
  all_cells <- nrow(object$latent)
  source <- if (n == all_cells) seq_len(n) else sample.int(all_cells, n, TRUE)
  spread <- object$latent_sd[source, , drop = FALSE]
  latent <- object$latent[source, , drop = FALSE] +
    spread * matrix(stats::rnorm(length(spread)), n)
  list(latent = latent, source = source,
       cluster = unname(object$cluster[source]))
}

# Values of all genes, and below them of all proteins, at latent points: a
# dgCMatrix without names of cells. `known`: the cells' `batch` and
# `covariates`.
draw_counts <- function(object, latent, size, known, seed, call) {
  state <- network_state(object)
  state$seed <- seed
  slots <- with_core_errors(cpp_gmvae_simulate(
    state, unname(latent), core_sizes(unname(size), object$proteins),
    design_of(object, known),
    object$control$n_threads
  ), call = call)
  rows <- c(object$features, object$proteins$features)
  methods::new("dgCMatrix", p = slots$p, i = slots$i, x = slots$x,
               Dim = c(length(rows), nrow(latent)), Dimnames = list(rows, NULL))
}
