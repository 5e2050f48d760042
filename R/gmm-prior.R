#' Prior for the means and covariances of a Gaussian mixture
#'
#' Sets the prior of [gmm_fit()]. With a prior, [gmm_fit()] maximises the
#' posterior density (MAP) instead of the likelihood. This keeps components from
#' collapsing onto a few rows.
#'
#' @param shrinkage Weight of the prior mean, as a number of rows; a number of
#'   at least 0.
#' @param mean Prior mean: d numbers, one for each column, matched by name if
#'   named. `NULL`: the means of the columns.
#' @param dof Degrees of freedom of the prior for covariances, a number above 0.
#'   `NULL`: d + 2, the smallest whole number for which the prior covariance has
#'   a mean.
#' @param scale Scale matrix of the prior for covariances: a symmetric and
#'   positive definite matrix (d x d), in squared units of the data, or a number
#'   above 0, which is multiplied by the identity matrix. `NULL`: the covariance
#'   of the data divided by k^(2/d); for spherical and diagonal models, the mean
#'   of the columns' variances divided by k^(2/d), the same in all columns.
#' @returns A `gmm_prior` object: a list with one element per argument.
#' @details
#' The prior is the conjugate one of Fraley and Raftery (2007). Given its
#' covariance S, the mean of a component is normal with mean `mean` and
#' covariance S / `shrinkage`. S has an inverse Wishart distribution with `dof`
#' degrees of freedom and scale matrix `scale`; in spherical and diagonal models
#' its variances have inverse gamma distributions with the diagonal of `scale`.
#'
#' Errors: `gmvae_error_option` for values out of range, raised here, and for a
#' `mean` or `scale` that does not fit the columns, raised by [gmm_fit()].
#' @references Fraley and Raftery (2007) Bayesian regularization for normal
#'   mixture estimation and model-based clustering. *Journal of Classification*
#'   24, 155-181. \doi{10.1007/s00357-007-0004-5}
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
  local_decimal_point()
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
    "{.arg mean} must have one finite number for each column.",
    x = "You supplied {describe(mean)}."
  ), "option", call = call)
}

check_prior_scale <- function(scale, call = rlang::caller_env()) {
  if (is.numeric(scale) && length(scale) > 0L && all(is.finite(scale)) &&
        is_covariance(as.matrix(scale))) {
    return(scale)
  }
  gmvae_abort(c(
    "{.arg scale} must be a number above 0, or a symmetric and positive definite
     matrix.",
    x = "You supplied {describe(scale)}."
  ), "option", call = call)
}

is_covariance <- function(x) {
  nrow(x) == ncol(x) && isSymmetric(unname(x)) &&
    !inherits(try(chol(x), silent = TRUE), "try-error")
}

# The prior of a fit: NULL, or checked against the columns.
check_prior <- function(prior, columns, call = rlang::caller_env()) {
  if (is.null(prior) || isFALSE(prior)) return(NULL)
  if (isTRUE(prior)) prior <- gmm_prior()
  if (!inherits(prior, "gmm_prior")) {
    gmvae_abort(c(
      "{.arg prior} must be `NULL`, `TRUE`, or made by {.fn gmm_prior}.",
      x = "You supplied {describe(prior)}."
    ), "option", call = call)
  }
  # Users may edit a prior, so its values are checked again.
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
  part <- names(fits)[!fits][1]
  given <- describe(prior[[part]])
  gmvae_abort(c(
    if (part == "mean") {
      "The mean of {.arg prior} must have one number for each column of
       {.arg x}, {d} here."
    } else {
      "The scale of {.arg prior} must be one number, or a {d} x {d} matrix, as
       {.arg x} has {d} column{?s}."
    },
    x = "You supplied {given}."
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
