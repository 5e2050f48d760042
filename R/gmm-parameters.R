# Parameters of a mixture that a user gives as a start: the list as the core
# reads it, or an error that says which part is wrong. `noise_share`: expected
# share of the noise component, 0 without one.
check_start_mixture <- function(start, k, columns, noise_share, call) {
  d <- length(columns)
  start <- check_start_parts(start, call)
  share <- start$noise
  if (share > 0 && noise_share == 0) {
    abort_start("no noise, unless {.arg noise} is given.",
                "It has a share of {share}.", call)
  }
  weights <- start$weights
  if (!has_shape(weights, k) || any(weights <= 0) ||
        abs(sum(weights) + share - 1) > 1e-6) {
    abort_start("{.field weights} above 0, one for each of {k} component{?s},
                 of sum 1.",
                "They are {describe(weights)}.", call)
  }
  means <- match_dims(start$means, columns, 2L)
  if (!has_shape(means, c(k, d))) {
    abort_start("{.field means} with a row for each component and a column for
                 each of {.arg x}, of the same name if it has names.",
                "They are {describe(means)}.", call)
  }
  covariances <- match_dims(start$covariances, columns, 1:2)
  if (!has_shape(covariances, c(d, d, k))) {
    abort_start("{.field covariances} of size d x d x k, with the names of
                 {.arg x} if they have names.",
                "They are {describe(covariances)}.", call)
  }
  covariances <- array(as.double(covariances), c(d, d, k))
  singular <- which(!apply(covariances, 3, function(covariance) {
    is_covariance(matrix(covariance, d))
  }))
  if (length(singular) > 0L) {
    abort_start("{.field covariances} that are symmetric and positive
                 definite.",
                "Those of {.val {singular}} are not.", call)
  }
  if (share == 0) share <- noise_share
  # The density of the noise and its range are found from the data.
  list(weights = as.double(weights) * (1 - share) / sum(weights),
       means = matrix(as.double(means), k, d), covariances = covariances,
       noise = share, log_noise_density = NA_real_,
       noise_range = rep(NA_real_, d))
}

# Its parts by name, with the share of the noise as a number.
check_start_parts <- function(start, call) {
  parts <- c("weights", "means", "covariances")
  share <- start[["noise"]]
  if (is.list(share)) share <- share[["weight"]]
  if (is.null(share)) share <- 0
  if (all(parts %in% names(start)) && !anyDuplicated(names(start)) &&
        all(names(start) %in% c(parts, "noise")) && has_shape(share, 1L) &&
        share >= 0 && share < 1) {
    return(c(start[parts], noise = share))
  }
  abort_start("the elements {.field weights}, {.field means} and
               {.field covariances}, and possibly {.field noise}.",
              if (is.null(names(start))) "They have no names." else
                "It has {.val {names(start)}}.", call)
}

abort_start <- function(what, found, call, .envir = parent.frame()) {
  gmvae_abort(c(
    paste("As a list, {.arg start} must have", what),
    x = found,
    i = "It may be {.code coef(fit)} of another fit."
  ), "option", call = call, .envir = .envir)
}

# Finite numbers of these dimensions; those of size 1 may be left out.
has_shape <- function(x, dims) {
  own <- if (is.null(dim(x))) length(x) else dim(x)
  is.numeric(x) && all(is.finite(x)) && length(x) == prod(dims) &&
    identical(as.integer(own[own != 1]), as.integer(dims[dims != 1]))
}

# The columns of the data in their order along the dimensions `along`, where
# these have names; NULL if the names are others.
match_dims <- function(x, columns, along) {
  for (i in along[along <= length(dim(x))]) {
    given <- dimnames(x)[[i]]
    if (is.null(given)) next
    if (!setequal(given, columns) || length(given) != length(columns)) {
      return(NULL)
    }
    index <- rep(list(TRUE), length(dim(x)))
    index[[i]] <- match(columns, given)
    x <- do.call(`[`, c(list(x), index, drop = FALSE))
  }
  x
}
