# The number of clusters: chosen by what halves of the cells share and by tests,
# told in words, and changed after the fit.

# `k` as numbers of components to choose among; NULL: from 1 to 60, in small
# data while clusters have ten cells on average; with labels, from the number of
# their classes to ten more. The core compares 20 at a time, and goes on only
# where the best is among the last of these.
check_components <- function(k, n_cells, call, n_classes = 0L) {
  if (is.null(k)) {
    least <- max(1L, n_classes)
    most <- min(if (n_classes > 0L) least + 10L else 60L, n_cells %/% 10L)
    k <- seq.int(least, max(least, min(n_cells, max(2L, most))))
  }
  k <- sort(unique(check_count(k, length = NULL, arg = "k", call = call)))
  if (min(k) < n_classes) {
    gmvae_abort(c(
      "{.arg k} must be at least the number of classes that {.arg labels} name,
       as each class is a cluster.",
      x = "You supplied {min(k)}, for {n_classes} classes.",
      i = "A larger {.arg k} leaves clusters for kinds of cells without a
           label."
    ), "option", call = call)
  }
  if (max(k) <= n_cells) return(k)
  gmvae_abort(c(
    "{.arg k} must be at most the number of cells.",
    x = "You supplied {max(k)}, for {n_cells} cell{?s}.",
    i = "Check that {.arg x} has cells in columns."
  ), "option", call = call)
}

# Other stable numbers of clusters, for summary(); none once clusters are
# joined.
other_levels <- function(fit) {
  path <- fit$k_path
  if (is.null(path) || !is.null(fit$components)) return(integer())
  setdiff(path$k[path$stable], fit$k)
}

# Of the tests in a path, the first number of clusters that is enough; NA where
# every number tested is too few.
first_enough <- function(path, alpha) {
  enough <- path$k[!is.na(path$p) & path$p >= alpha]
  if (length(enough) > 0L) enough[1] else NA_integer_
}

# Whether principal components took part in the choice.
has_components <- function(path) {
  !is.null(path$shared_pcs) && any(is.finite(path$shared_pcs))
}

# The numbers of clusters around `k` whose halves share as much information, by
# the measure that the choice has too, and that no test rules out.
nearly_as_good <- function(path, k, alpha) {
  at <- match(k, path$k)
  measured <- all(c("shared", "shared_sd") %in% names(path))
  if (!measured || is.na(at)) return(k)  # a fit of an earlier version
  most <- first_enough(path, alpha)
  good <- path$k >= 2L & (is.na(most) | path$k <= most) &
    cpp_shares_as_much(path$shared, path$shared_sd, at)
  if (has_components(path)) {
    good <- good & cpp_shares_as_much(path$shared_pcs, path$shared_pcs_sd, at)
  }
  good[path$k %in% too_few(path, k, alpha)] <- FALSE
  runs <- cumsum(!good)
  path$k[good & runs == runs[at]]
}

# The numbers below `k` that the tests found to be too few.
too_few <- function(path, k, alpha) {
  path$k[!is.na(path$p) & path$p < alpha & path$k < k]
}

# What a user should know of the choice of `k`, in words; NULL if it was given,
# or if clusters were joined since.
choice_sentence <- function(fit) {
  local_decimal_point()
  path <- fit$k_path
  if (is.null(path) || !is.null(fit$components)) return(NULL)
  alpha <- fitted_control(fit)$alpha
  from_to <- function(k) {
    if (length(k) == 1L) k else sprintf("%d to %d", min(k), max(k))
  }
  enough <- first_enough(path, alpha)
  p_of <- function(k) format_p(path$p[match(k, path$k)])
  if (fit$k == 1L && identical(enough, 1L)) {
    return(sprintf("no division of these cells is more than chance (%s)",
                   p_of(1L)))
  }
  # `k_path` compares numbers of clusters without the small groups.
  small <- max(0L, fit$small_groups)
  k <- fit$k - small
  good <- setdiff(nearly_as_good(path, k, alpha), k)
  few <- too_few(path, k, alpha)
  paste(c(
    sprintf("%d of %s", fit$k, from_to(path$k)),
    if (small > 0L) {
      cli::pluralize("{small} of them {?is a small group/are small groups} ",
                     "beside {k} other{?s}")
    },
    if (length(good) > 0L) {
      good <- range(good, k)
      sprintf("%d to %d are nearly as good", good[1], good[2])
    },
    if (length(few) > 0L) {
      verb <- if (length(few) == 1L) "is" else "are"
      sprintf("%s %s too few (%s)", from_to(few), verb,
              format_p(max(path$p[match(few, path$k)])))
    },
    if (!is.na(enough) && small == 0L) {
      sprintf("no sign of more than %d (%s)", enough, p_of(enough))
    }
  ), collapse = "; ")
}

format_p <- function(p) {
  if (p < 0.001) "p < 0.001" else sprintf("p = %s", format(signif(p, 2)))
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
#'   `object`, as [gmvae()] does. `NULL`: it chooses among the numbers that
#'   `k = NULL` means in [gmvae()], whatever `k` the fit was made with.
#' @param ... Must be empty.
#' @param proteins Of a fit with proteins: those of the fit, as in [gmvae()].
#'   `NULL`: those in the call of the fit.
#' @param x The data of the fit: the same cells in the same order, and all
#'   genes. `NULL`: the `x` in the call of [gmvae()], evaluated where `update()`
#'   is called.
#' @param BPPARAM `NULL`, or the workers that read `x` if it is on disk, as in
#'   [gmvae()].
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
update.gmvae <- function(object, k = NULL, ..., x = NULL, proteins = NULL,
                         BPPARAM = NULL) {
  caller <- parent.frame()
  call <- quote(update())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  check_bpparam(BPPARAM, call, "read cells")
  x <- data_of_fit(object, x, caller, call)
  counts <- fitted_counts(object, x, caller, call, BPPARAM)
  on.exit(discard_cells(counts))
  if (is.null(proteins) && !is.null(object$proteins)) {
    proteins <- evaluated(object$call$proteins, caller)
  }
  values <- fitted_proteins(object, proteins, counts, x, call)
  ks <- check_components(k, ncol(counts), call, nlevels(object$labels))
  check_distinct_cells(counts, min(ks), call)
  control <- resolve_control(fitted_control(object), ncol(counts),
                             object$likelihood)
  model <- c(unclass(object)[c("likelihood", "covariance", "size_reference")],
             list(beside = modalities_beside(object$proteins, control)))
  cells <- list(size = core_sizes(unname(object$size_factors), object$proteins),
                design = design_matrix(object$batch, object$covariates),
                labels = object$labels)
  core <- with_core_errors(
    train_networks(with_proteins(counts, values), cells, model, ks, control,
                   object$seed, progress_reporter(control$verbose),
                   earlier = object),
    call = call
  )
  core$history <- joined_histories(object$history, core$history)
  core$history$epoch <- seq_len(nrow(core$history))
  core$n_rollbacks <- object$n_rollbacks + core$n_rollbacks
  size <- list(factors = unname(object$size_factors),
               reference = object$size_reference, scale = object$size_scale,
               source = object$size_source)
  fit <- finish_fit(core, counts, size, features = object$feature_table,
                    batch = object$batch, batch_source = object$batch_source,
                    covariates = object$covariates, labels = object$labels,
                    proteins = if (!is.null(values)) {
                      c(object$proteins[c("name", "features", "transform")],
                        list(values = values))
                    },
                    likelihood = object$likelihood,
                    covariance = object$covariance, control = control,
                    call = call, heard = "batches")
  # A fit may have lost its call.
  written <- if (is.null(object$call)) quote(gmvae()) else object$call
  written$k <- if (length(ks) == 1L) ks else as.call(c(quote(c), ks))
  with_call(fit, written)
}

# Fits of earlier versions have no seconds.
joined_histories <- function(before, after) {
  both <- intersect(names(before), names(after))
  rbind(before[both], after[both])
}

# What stands in the call of a fit; NULL if it does not exist any more.
evaluated <- function(expression, caller) {
  tryCatch(eval(expression, caller), error = function(e) NULL)
}

# The data of the fit, as the user gave them.
data_of_fit <- function(object, x, caller, call) {
  if (is.null(x)) x <- evaluated(object$call$x, caller)
  if (!is.null(x)) return(x)
  gmvae_abort(c(
    "{.arg x} must be given: {.fn update} needs the data of the fit.",
    x = "The fit was made from {.code {rlang::as_label(object$call$x)}}, which
         does not exist here.",
    i = "For instance {.code update(fit, k = 4, x = counts)}."
  ), "input", call = call)
}

# The counts of the genes used.
fitted_counts <- function(object, x, caller, call, BPPARAM = NULL) {
  written <- function(argument) evaluated(object$call[[argument]], caller)
  layer <- written("layer")
  counts <- as_counts(x, written("assay"), call = call,
                      layer = if (is.null(layer)) "counts" else layer,
                      on_disk = is.null(object$proteins))
  same_counts(object, counts, call, BPPARAM)
}

# The counts of the genes used, once they are known to be those of the fit.
same_counts <- function(object, counts, call, BPPARAM = NULL) {
  known <- all(object$features %in% rownames(counts)) &&
    identical(colnames(counts), rownames(object$latent))
  if (known) {
    given <- checked_values(counts, object$likelihood, call = call,
                            BPPARAM = BPPARAM)
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
