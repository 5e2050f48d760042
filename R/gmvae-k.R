# The number of clusters: chosen by the stability of the clusters, and changed
# after the fit.

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
  setdiff(path$k[path$stable], k)
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
  validate_fit(object, call = call)
  counts <- fitted_counts(object, x, caller, call)
  on.exit(discard_cells(counts))
  ks <- check_components(k, ncol(counts), call)
  check_distinct_cells(counts, min(ks), call)
  model <- unclass(object)[c("likelihood", "covariance", "size_reference")]
  control <- resolve_control(fitted_control(object), ncol(counts),
                             object$likelihood)
  core <- with_core_errors(
    train_networks(counts, unname(object$size_factors), object$batch, model, ks,
                   control, object$seed, progress_reporter(control$verbose),
                   earlier = object),
    call = call
  )
  core$history <- rbind(object$history, core$history)
  core$history$epoch <- seq_len(nrow(core$history))
  core$n_rollbacks <- object$n_rollbacks + core$n_rollbacks
  size <- list(factors = unname(object$size_factors),
               reference = object$size_reference, scale = object$size_scale,
               source = object$size_source)
  fit <- finish_fit(core, counts, size, features = object$feature_table,
                    batch = object$batch, batch_source = object$batch_source,
                    likelihood = object$likelihood,
                    covariance = object$covariance, control = control,
                    call = call, heard = "batches")
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
  written <- function(argument) {
    tryCatch(eval(object$call[[argument]], caller), error = function(e) NULL)
  }
  layer <- written("layer")
  counts <- as_counts(x, written("assay"), call = call,
                      layer = if (is.null(layer)) "counts" else layer,
                      on_disk = TRUE)
  known <- all(object$features %in% rownames(counts)) &&
    identical(colnames(counts), rownames(object$latent))
  if (known) {
    given <- checked_values(counts, object$likelihood, call = call)
    counts <- given[object$features, , drop = FALSE]
    discard_cells(given)
    if (has_checksum(counts, object$checksum)) return(counts)
  }
  gmvae_abort(c(
    "{.arg x} must be the data of the fit.",
    x = if (known) "Its genes and cells have the names of those of the fit, but
      other values." else "Its genes or cells are not those of the fit.",
    i = "Give the {.arg x} that {.fn gmvae} was called with: the same cells in
         the same order, and all genes."
  ), "input", call = call)
}
