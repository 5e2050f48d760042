#' Prior for the means and covariances of a Gaussian mixture
#'
#' With a prior, [gmm_fit()] finds the mode of the posterior (MAP) instead of
#' the maximum of the likelihood, which keeps components from collapsing on a
#' few rows. It is the conjugate one of Fraley and Raftery (2007): given its
#' covariance S, the mean of a component is normal with mean `mean` and
#' covariance S / `shrinkage`; S is inverse Wishart with `dof` degrees of
#' freedom and scale matrix `scale` (for spherical and diagonal models its
#' variances are inverse gamma, with the diagonal of `scale`).
#'
#' @param shrinkage Number of at least 0: the rows that the prior mean is worth.
#' @param mean Prior mean, a number for each column (matched by name where it
#'   has names), or `NULL` for the means of the columns.
#' @param dof Degrees of freedom, a number above 0, or `NULL` for the number of
#'   columns d plus 2, the fewest whole ones for which the prior covariance has
#'   a mean.
#' @param scale Scale matrix: d x d, symmetric and positive definite; a number
#'   above 0 for its multiple of the identity; or `NULL` for the covariance of
#'   the data over k^(2/d), for spherical and diagonal models the mean of the
#'   columns' variances over k^(2/d) in all columns.
#' @returns A `gmm_prior` object: a list with one element per argument.
#' @section Errors: `gmvae_error_option`, here for values out of range and in
#'   [gmm_fit()] for a `mean` or `scale` that does not fit the columns.
#' @references Fraley and Raftery (2007) <doi:10.1007/s00357-007-0004-5>.
#' @seealso [gmm_fit()]
#' @examples
#' gmm_prior(shrinkage = 0.1)
#' gmm_fit(iris[, 1:4], k = 8, model = "VVV", prior = gmm_prior())
#' @export
gmm_prior <- function(shrinkage = 0.01, mean = NULL, dof = NULL, scale = NULL) {
  structure(
    list(
      shrinkage = check_number(shrinkage, 0),
      mean = if (!is.null(mean)) check_prior_mean(mean),
      dof = if (!is.null(dof)) check_number(dof, 0, open = TRUE),
      scale = if (!is.null(scale)) check_prior_scale(scale)
    ),
    class = "gmm_prior"
  )
}

#' @export
print.gmm_prior <- function(x, ...) {
  cat("Prior of a Gaussian mixture: ", describe_prior(x), "\n", sep = "")
  invisible(x)
}

describe_prior <- function(prior) {
  given <- function(value, default) {
    if (is.null(value)) default else if (length(value) == 1L) format(value) else
      "given"
  }
  paste0(
    "shrinkage ", format(prior$shrinkage),
    ", mean ", given(prior$mean, "of the columns"),
    ", dof ", given(prior$dof, "d + 2"),
    ", scale ", given(prior$scale, "from the data")
  )
}

check_prior_mean <- function(mean, call = rlang::caller_env()) {
  if (is.numeric(mean) && length(mean) > 0L && all(is.finite(mean))) {
    return(stats::setNames(as.double(mean), names(mean)))
  }
  gmvae_abort(c(
    "{.arg mean} must have a finite number for each column.",
    x = "You supplied {describe(mean)}."
  ), "option", call = call)
}

check_prior_scale <- function(scale, call = rlang::caller_env()) {
  if (is.numeric(scale) && length(scale) > 0L && all(is.finite(scale)) &&
        is_covariance(as.matrix(scale))) {
    return(scale)
  }
  gmvae_abort(c(
    "{.arg scale} must be a number above 0 or a symmetric matrix that is
     positive definite.",
    x = "You supplied {describe(scale)}."
  ), "option", call = call)
}

is_covariance <- function(x) {
  nrow(x) == ncol(x) && isSymmetric(unname(x)) &&
    !inherits(try(chol(x), silent = TRUE), "try-error")
}

# The prior of a fit: NULL, or complete and checked against its columns.
check_prior <- function(prior, columns, call = rlang::caller_env()) {
  if (is.null(prior) || isFALSE(prior)) return(NULL)
  if (isTRUE(prior)) prior <- gmm_prior()
  if (!inherits(prior, "gmm_prior")) {
    gmvae_abort(c(
      "{.arg prior} must be `NULL`, `TRUE` or made by {.fn gmm_prior}.",
      x = "You supplied {describe(prior)}."
    ), "option", call = call)
  }
  # It may have been edited by hand.
  prior <- do.call("gmm_prior", unclass(prior))
  check_prior_columns(prior, columns, call)
}

check_prior_columns <- function(prior, columns, call) {
  d <- length(columns)
  given <- names(prior$mean)
  if (!is.null(given) && setequal(given, columns)) {
    prior$mean <- prior$mean[columns]
  }
  fits <- c(
    mean = is.null(prior$mean) || length(prior$mean) == d,
    scale = is.null(prior$scale) || length(prior$scale) %in% c(1, d^2)
  )
  if (all(fits)) return(prior)
  gmvae_abort(c(
    "The {.field {names(fits)[!fits][1]}} of {.arg prior} must fit the columns
     of {.arg x}.",
    x = "There {?is/are} {d} column{?s}."
  ), "option", call = call)
}

# The prior as the core reads it.
core_prior <- function(prior, d) {
  if (is.null(prior)) {
    return(list(on = FALSE, shrinkage = 0, mean = numeric(), dof = NA_real_,
                scale = matrix(0, 0, 0)))
  }
  scale <- prior$scale
  list(
    on = TRUE,
    shrinkage = prior$shrinkage,
    mean = if (is.null(prior$mean)) numeric() else unname(prior$mean),
    dof = if (is.null(prior$dof)) NA_real_ else prior$dof,
    scale = if (is.null(scale)) matrix(0, 0, 0) else
      if (length(scale) == 1L) diag(as.double(scale), d) else unname(scale)
  )
}
