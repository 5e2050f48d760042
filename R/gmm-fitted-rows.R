# What a fit does not carry: the weights and labels of its rows, and posterior
# probabilities that it did not keep.

check_gmm_fit <- function(object, call, arg = "object") {
  if (inherits(object, "gmm_fit")) return(validate_fit(object, arg, call))
  gmvae_abort(c(
    "{.arg {arg}} must be a fit of {.fn gmm_fit}.",
    x = "You supplied {describe(object)}."
  ), "input", call = call)
}

# Posterior probabilities of the rows that were fitted (n x k; with noise one
# more column), `NA` for those left out. `data`: see fitted_data().
fitted_posterior <- function(object, data, envir, call) {
  if (!is.null(object$posterior)) return(object$posterior)
  x <- fitted_data(object, data, "data", envir, call)
  posterior <- evaluate_rows(object, x, "posterior", call)$posterior
  if (is.null(object$labels)) return(posterior)
  # Only labels make rows this certain, and they may overrule the posterior.
  certain <- which(object$uncertainty == 0)
  posterior[certain, ] <- 0
  posterior[cbind(certain, object$cluster[certain])] <- 1
  posterior
}

# The weights that gmm_fit() gave the rows (n): 0 for rows left out and for rows
# without any value. `weights`: those given to gmm_fit(), or `NULL` to find them
# by its call.
fitted_weights <- function(object, data, weights, envir, call) {
  if (is.null(weights)) {
    weights <- try(eval(object$call$weights, envir), silent = TRUE)
    # A function is R's own weights().
    if (inherits(weights, "try-error") || is.function(weights)) {
      abort_weights(object, NULL, call)
    }
  }
  weights <- match_by_name(weights, names(object$cluster), call = call)
  weights <- check_weights(weights, object$n, call)
  if (length(weights) == 0L) weights <- rep(1, object$n)
  weights[is.na(object$cluster)] <- 0
  if (is_close(sum(weights), object$n_obs)) return(weights)
  # Rows without any value have no weight.
  if (object$n_incomplete > 0L && object$na_action == "em") {
    x <- fitted_data(object, data, "data", envir, call)
    weights <- unweigh_empty_rows(x, weights)
  }
  if (is_close(sum(weights), object$n_obs)) return(weights)
  abort_weights(object, sum(weights), call)
}

is_close <- function(a, b) abs(a - b) <= 1e-8 * abs(b)

abort_weights <- function(object, found, call) {
  gmvae_abort(c(
    "{.arg weights} must be those that were given to {.fn gmm_fit}.",
    x = if (is.null(found)) {
      "The call of the fit no longer finds them."
    } else {
      "Their sum is {format(found)}, but that of the fit is
       {format(object$n_obs)}."
    }
  ), "input", call = call)
}

# Clusters and uncertainties of rows from the posteriors of groups (m x groups,
# or one column more for noise).
assign_rows <- function(posterior, noise) {
  if (nrow(posterior) == 0L) {
    return(list(cluster = integer(), uncertainty = numeric()))
  }
  open <- is.na(posterior[, 1])
  best <- max.col(replace(posterior, is.na(posterior), 0), "first")
  uncertainty <- 1 - posterior[cbind(seq_along(best), best)]
  if (noise) best[best == ncol(posterior)] <- 0L
  best[open] <- NA
  list(cluster = stats::setNames(best, rownames(posterior)),
       uncertainty = stats::setNames(pmax(uncertainty, 0),
                                     rownames(posterior)))
}

# Sums of the columns of the posteriors by the group of each component (m x
# groups; a column for noise is kept as the last).
sum_posteriors <- function(posterior, groups, names = NULL) {
  sums <- t(rowsum(t(posterior[, seq_along(groups), drop = FALSE]), groups))
  colnames(sums) <- if (is.null(names)) sort(unique(groups)) else names
  if (ncol(posterior) > length(groups)) {
    sums <- cbind(sums, noise = posterior[, ncol(posterior)])
  }
  sums
}

# The `arguments` of gmm_fit() that `object` was fitted with to the data `x`,
# and its `inputs`: those for single rows come from its call, evaluated in
# `envir`, and are compared with their hash in the fit.
inputs_again <- function(object, x, envir, call) {
  arguments <- fit_arguments(object, names(formals(gmm_fit)), envir, call)
  inputs <- rlang::try_fetch(gmm_inputs(x, arguments, call),
                             gmvae_error = function(cnd) NULL)
  if (identical(inputs$fingerprint, object$fingerprint)) {
    return(list(arguments = arguments, inputs = inputs))
  }
  abort_not_found(row_arguments, call)
}

# An element for each row of the data; `values` are those of the rows that were
# used, `absent` stands for others.
spread_rows <- function(inputs, values, absent) {
  out <- rep(absent, inputs$n)
  out[if (is.null(inputs$kept)) seq_len(inputs$n) else inputs$kept] <- values
  out
}
