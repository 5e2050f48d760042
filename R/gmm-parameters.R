# Parameters of a mixture that a user gives as `start`: returns the list that
# the core reads, or raises an error that names the wrong part. `noise_share` is
# the expected weight of the noise component, 0 without noise.
check_start_mixture <- function(start, k, columns, noise_share, call) {
  d <- length(columns)
  start <- check_start_parts(start, call)
  share <- start$noise
  if (share > 0 && noise_share == 0) {
    abort_start("no noise unless {.arg noise} is given.",
                "Its noise has weight {share}.", call)
  }
  weights <- start$weights
  if (!has_shape(weights, k) || any(weights <= 0) ||
        abs(sum(weights) + share - 1) > 1e-6) {
    abort_start("{.field weights} above 0 that sum to 1, one for each of {k}
                 component{?s}.",
                "You supplied {describe(weights)}.", call)
  }
  means <- match_dims(start$means, columns, 2L)
  if (!has_shape(means, c(k, d))) {
    abort_start("{.field means} with a row for each of {k} component{?s} and a
                 column for each column of {.arg x}, with the same names if
                 named.",
                found_part("means", start$means, means), call)
  }
  covariances <- match_dims(start$covariances, columns, 1:2)
  if (!has_shape(covariances, c(d, d, k))) {
    abort_start("{.field covariances}, a {d} x {d} x {k} array, with the column
                 names of {.arg x} if named.",
                found_part("covariances", start$covariances, covariances), call)
  }
  covariances <- array(as.double(covariances), c(d, d, k))
  singular <- which(!apply(covariances, 3, function(covariance) {
    is_covariance(matrix(covariance, d))
  }))
  if (length(singular) > 0L) {
    singular <- as.character(singular)
    abort_start("{.field covariances} that are symmetric and positive
                 definite.",
                "{cli::qty(singular)}Component{?s} {singular} {?has/have} one
                 that is not.", call)
  }
  if (share == 0) share <- noise_share
  mixture <- list(weights = as.double(weights) * (1 - share) / sum(weights),
                  means = matrix(as.double(means), k, d),
                  covariances = covariances)
  if (share == 0) return(mixture)
  # The core computes the density and the range of the noise from the data.
  c(mixture, noise = share, log_noise_density = NA_real_,
    noise_range = list(rep(NA_real_, d)))
}

# The parts of a start by name, with the weight of the noise as a number.
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
              if (is.null(names(start))) "Its elements have no names." else
                "Its elements are {.val {names(start)}}.", call)
}

# `matched`: the part after match_dims().
found_part <- function(name, part, matched) {
  if (is.null(matched) && !is.null(part)) {
    return(paste("The names of the", name, "are not the columns of {.arg x}."))
  }
  paste0("You supplied ", describe(part), ".")
}

abort_start <- function(what, found, call, .envir = parent.frame()) {
  gmvae_abort(c(
    paste("As a list, {.arg start} must have", what),
    x = found,
    i = "For instance {.code start = coef(fit)}, of another fit."
  ), "option", call = call, .envir = .envir)
}

# Does `x` have finite numbers in these dimensions? Dimensions of size 1 may be
# missing.
has_shape <- function(x, dims) {
  own <- if (is.null(dim(x))) length(x) else dim(x)
  is.numeric(x) && all(is.finite(x)) && length(x) == prod(dims) &&
    identical(as.integer(own[own != 1]), as.integer(dims[dims != 1]))
}

# Sorts the dimensions `along` of `x` by the columns of the data if they are
# named; NULL if the names do not match.
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
