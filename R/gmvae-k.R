# The number of clusters: chosen by the stability of the clusters, and changed
# after the fit.

# Of more cells, a random sample of so many is halved.
halved_cells <- 2000L

# Mixtures with each number of components in `ks`, of the latent means (n x D)
# of a sample of the cells and of halves of it; no network is trained again.
fit_halves <- function(latent, batch, ks, covariance, control, seed,
                       progress = NULL, n_halvings = 6L) {
  cpp_gmvae_halves(latent, batch_codes(batch), list(
    k = ks, n_batches = n_batches(batch), covariance = covariance,
    most_cells = halved_cells,
    n_halvings = n_halvings, n_init = 3L, max_iter = control$max_iter,
    tol = control$tol, n_threads = control$n_threads
  ), seed, progress)
}

# A row per number of components:
#   stability     mean adjusted Rand index, over halvings of the cells, between
#                 the groups that the mixtures of both halves give all cells
#   stability_sd  its standard deviation over the halvings
#   log_density   natural logarithm, mean over the cells of the other half
#   bic, icl      of the mixture of all cells; smaller is better
#   smallest      share of the cells in its smallest group
k_path <- function(halves, ks) {
  n_halvings <- length(halves$first)
  agreement <- vapply(seq_along(ks), function(i) {
    mapply(function(first, second) {
      a <- first$component[, i]
      b <- second$component[, i]
      if (anyNA(a) || anyNA(b)) NA_real_ else adjusted_rand_index(a, b)
    }, halves$first, halves$second)
  }, numeric(n_halvings))
  densities <- lapply(c(halves$first, halves$second), `[[`, "log_density")
  n_cells <- length(halves$cells)
  bic <- halves$n_parameters * log(n_cells) - 2 * halves$loglik
  data.frame(
    k = ks,
    stability = colMeans(agreement),
    stability_sd = apply(agreement, 2L, stats::sd),
    log_density = Reduce(`+`, densities) / length(densities),
    bic = bic,
    icl = bic - 2 * halves$entropy,
    smallest = vapply(seq_along(ks), function(i) {
      min(tabulate(halves$component[, i], ks[i])) / n_cells
    }, 0)
  )
}

# For each cluster of a fit (numbers from 1 to k, of all cells) the Jaccard
# index with the most similar group that a mixture of half the cells gives, mean
# over these mixtures (`halves` of that k alone); NA for clusters without a cell
# in the sample.
cluster_stability <- function(halves, cluster, k) {
  cluster <- cluster[halves$cells]
  groups <- lapply(c(halves$first, halves$second), function(half) {
    half$component[, 1L]
  })
  groups <- groups[!vapply(groups, anyNA, NA)]
  if (length(groups) == 0L) return(rep(NA_real_, k))
  most_similar <- vapply(groups, function(group) {
    shared <- table(factor(cluster, seq_len(k)), group)
    either <- outer(rowSums(shared), colSums(shared), `+`) - shared
    apply(shared / either, 1L, max)
  }, numeric(k))
  similar <- rowMeans(matrix(most_similar, k))
  similar[tabulate(cluster, k) == 0L] <- NA
  similar
}

# Two groups are often stable whatever the data: they count only where nothing
# else may be chosen. A k above the one that describes the other half best makes
# groups that exist in one half only.
is_candidate <- function(path) {
  candidate <- is.finite(path$stability)
  if (any(candidate)) {
    best <- which.max(ifelse(candidate, path$log_density, -Inf))
    candidate <- candidate & path$k <= path$k[best]
  }
  if (any(candidate & path$k > 2L)) candidate & path$k > 2L else candidate
}

# Candidates at least as stable as their neighbours.
is_level <- function(path) {
  candidate <- is_candidate(path)
  stability <- ifelse(candidate, path$stability, -Inf)
  candidate & stability >= c(-Inf, stability[-length(stability)]) &
    stability >= c(stability[-1L], -Inf)
}

# From here on clusters count as stable.
enough_stability <- 0.875

# The finest stable level; where none is stable, the most stable one.
choose_k <- function(path) {
  level <- is_level(path)
  if (!any(level)) return(min(path$k))
  stable <- level & path$stability >= enough_stability
  if (any(stable)) return(max(path$k[stable]))
  path$k[level][which.max(path$stability[level])]
}

# `k` as numbers of components to choose among; NULL: from 2 to 20, in small
# data while clusters have ten cells on average.
check_components <- function(k, n_cells, call) {
  if (is.null(k)) return(seq.int(2L, max(2L, min(20L, n_cells %/% 10L))))
  k <- sort(unique(check_count(k, length = NULL, arg = "k", call = call)))
  if (max(k) <= n_cells) return(k)
  gmvae_abort(c(
    "{.arg k} must be at most the number of cells.",
    x = "You supplied {max(k)}, for {n_cells} cell{?s}.",
    i = "Check that {.arg x} has cells in columns."
  ), "option", call = call)
}

# Other stable numbers of clusters, for summary().
other_levels <- function(path, k) {
  if (is.null(path)) return(integer())
  setdiff(path$k[is_level(path) & path$stability >= enough_stability], k)
}

#' Change the number of clusters of a fit
#'
#' `update()` continues from the networks of a fit of [gmvae()]: EM fits a new
#' mixture to the latent means, then networks and mixture are trained together
#' for one more joint phase. Pretraining and warm-up are not repeated.
#'
#' @param object A fit of [gmvae()].
#' @param k Number of clusters, a whole number from 1 to the number of cells; or
#'   several numbers, among which `update()` chooses by the latent means of
#'   `object`, as [gmvae()] does. `NULL`: the same numbers as in [gmvae()].
#' @param ... Must be empty.
#' @param x The data of the fit: the same cells in the same order, and all
#'   genes. `NULL`: the `x` in the call of [gmvae()], evaluated where `update()`
#'   is called.
#' @returns A `gmvae` object like that of [gmvae()]. Its `history` has the
#'   epochs of `object` first. The seed is that of `object`: `update()` takes no
#'   draw from R's generator.
#' @section Errors and warnings: `gmvae_error_input` if `x` is not found or is
#'   not the data of the fit; `gmvae_error_option` for `k`, as in [gmvae()].
#'   Warnings as in [gmvae()], but for `gmvae_warning_batches`: the batches are
#'   those of `object`.
#' @seealso [gmvae()], [summary.gmvae()] for other stable numbers of clusters
#' @examples
#' data(pbmc_sorted)
#' counts <- pbmc_sorted$counts[, seq(1, 1000, by = 5)]
#' set.seed(1)
#' fit <- gmvae(counts, features = 500)
#' summary(fit)
#' four <- update(fit, k = 4)
#' table(fit$cluster, four$cluster)
#' @importFrom stats update
#' @export
update.gmvae <- function(object, k = NULL, ..., x = NULL) {
  caller <- parent.frame()
  call <- quote(update())
  check_no_dots(..., call = call)
  check_fit(object, call = call)
  counts <- fitted_counts(object, x, caller, call)
  ks <- check_components(k, ncol(counts), call)
  check_distinct_cells(counts, min(ks), call)
  model <- c(object[c("likelihood", "covariance", "size_reference")],
             n_batches = n_batches(object$batch), most_k = max(ks))
  control <- resolve_control(fitted_control(object), ncol(counts),
                             object$likelihood)
  start <- unclass(object)[c("parameters", "layout", "history", "n_rollbacks",
                             "latent")]
  core <- with_core_errors(
    train_networks(counts, unname(object$size_factors), object$batch, model, ks,
                   control, object$seed, progress_reporter(control$verbose),
                   start),
    call = call
  )
  size <- list(factors = unname(object$size_factors),
               reference = object$size_reference, scale = object$size_scale,
               source = object$size_source)
  fit <- new_gmvae(core, rownames(object$latent), object$feature_table, size,
                   object$batch, object$batch_source, object$likelihood,
                   object$covariance, control)
  fit$outlier <- outlier_reference(fit, counts, size$factors, call)
  warn_cautions(fit, call, heard = "batches")
  written <- object$call
  written$k <- if (length(ks) == 1L) ks else as.call(c(quote(c), ks))
  with_call(fit, written)
}

# The counts of the genes used.
fitted_counts <- function(object, x, caller, call) {
  if (is.null(x)) {
    x <- tryCatch(eval(object$call$x, caller), error = function(e) NULL)
  }
  if (is.null(x)) {
    gmvae_abort(c(
      "{.arg x} must be given: {.fn update} needs the data of the fit.",
      x = "The fit was made from {.code {rlang::as_label(object$call$x)}}, which
           does not exist here.",
      i = "For instance {.code update(fit, k = 4, x = counts)}."
    ), "input", call = call)
  }
  assay <- object$call$assay
  counts <- as_counts(x, if (is.character(assay)) assay else "counts",
                      call = call)
  known <- all(object$features %in% rownames(counts)) &&
    identical(colnames(counts), rownames(object$latent))
  if (!known) {
    gmvae_abort(c(
      "{.arg x} must be the data of the fit.",
      x = "Its genes or cells are not those of the fit.",
      i = "Give the {.arg x} that {.fn gmvae} was called with: the same cells in
           the same order, and all genes."
    ), "input", call = call)
  }
  check_values(counts, object$likelihood, call = call)
  counts[object$features, , drop = FALSE]
}
