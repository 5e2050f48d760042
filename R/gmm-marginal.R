# Marginal and conditional distributions of a mixture: mixtures without rows.

#' Marginal and conditional distributions of a Gaussian mixture
#'
#' `marginal()` keeps some columns of a Gaussian mixture, and `conditional()`
#' fixes the values of some columns and returns the distribution of the others.
#' Both distributions are Gaussian mixtures themselves, so that they have
#' densities, quantiles, plots and random draws as a fit has.
#'
#' @param object A fit of [gmm_fit()] with k components and d columns, or a
#'   result of these two functions.
#' @param columns Names of the columns to keep, in the wanted order.
#' @param given Values of the columns to fix, with their names: a numeric
#'   vector such as `c(eruptions = 3)`, or a data frame of one row. At least one
#'   column must be left.
#' @param ... Not used.
#' @returns An object of class `gmm_mixture`: a list with
#'   * `weights` (k), `means` (k x m), `covariances` (m x m x k) of the m
#'     columns that are left, in the units of the data, and `noise`, as in
#'     [gmm_fit()]
#'   * `k`, and `columns`, the names of the m columns
#'   * `given`: the fixed values, or `NULL`
#'
#'   It has methods for `print()`, `coef()`, [predict()][predict.gmm_fit] (with
#'   `newdata`), [simulate()][simulate.gmm_fit], [quantile()][quantile.gmm_fit],
#'   [hdr()], [plot()][plot.gmm_mixture], `marginal()` and `conditional()`, and
#'   it can be the argument `start` of [gmm_fit()] by way of `coef()`.
#' @details
#' Let component j have weight \eqn{\pi_j}, mean \eqn{\mu_j} and covariance
#' \eqn{\Sigma_j}. A marginal distribution keeps the weights and takes the
#' columns out of \eqn{\mu_j} and \eqn{\Sigma_j}. Given \eqn{x_b}, the other
#' columns a have the mixture with
#' \deqn{\pi_j' \propto \pi_j N(x_b; \mu_{jb}, \Sigma_{jbb}), \quad
#'   \mu_j' = \mu_{ja} + \Sigma_{jab} \Sigma_{jbb}^{-1} (x_b - \mu_{jb}), \quad
#'   \Sigma_j' = \Sigma_{jaa} - \Sigma_{jab} \Sigma_{jbb}^{-1} \Sigma_{jba}}{
#'   pi_j' proportional to pi_j N(x_b; mu_jb, Sigma_jbb),
#'   mu_j' = mu_ja + Sigma_jab Sigma_jbb^-1 (x_b - mu_jb),
#'   Sigma_j' = Sigma_jaa - Sigma_jab Sigma_jbb^-1 Sigma_jba}
#' (Ghahramani and Jordan 1994). These weights are the posterior probabilities
#' of the components for a row of which only \eqn{x_b} is observed. The noise
#' component is uniform over the range of the data in the columns that are left.
#' @section Errors:
#'   * `gmvae_error_option`: `columns` are not columns of `object`, or `given`
#'     has other names, values that are not finite, or leaves no column.
#'   * `gmvae_error_input`: `object` is not a mixture.
#' @references Ghahramani and Jordan (1994) Supervised learning from incomplete
#'   data via an EM approach. *Advances in Neural Information Processing
#'   Systems* 6.
#' @seealso [gmm_fit()], [impute()]
#' @examples
#' fit <- gmm_fit(faithful, k = 2, model = "VVV")
#' quantile(marginal(fit, "waiting"), c(0.05, 0.5, 0.95))
#'
#' # How long to wait after an eruption of three minutes
#' wait <- conditional(fit, given = c(eruptions = 3))
#' wait
#' hdr(wait, 0.9)
#' @export
marginal <- function(object, columns, ...) {
  UseMethod("marginal")
}

#' @rdname marginal
#' @export
conditional <- function(object, given, ...) {
  UseMethod("conditional")
}

#' @export
marginal.gmm_fit <- function(object, columns, ...) {
  call <- quote(marginal())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  if (missing(columns) || is.null(columns)) columns <- character()
  keep_columns(object, check_columns(columns, object$columns, call))
}

#' @export
marginal.gmm_mixture <- marginal.gmm_fit

#' @export
marginal.default <- function(object, columns, ...) {
  abort_no_mixture(object, quote(marginal()))
}

#' @export
conditional.gmm_fit <- function(object, given, ...) {
  call <- quote(conditional())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  given <- check_given_values(if (!missing(given)) given, object$columns, call)
  fix_columns(object, given, call)
}

#' @export
conditional.gmm_mixture <- conditional.gmm_fit

#' @export
conditional.default <- function(object, given, ...) {
  abort_no_mixture(object, quote(conditional()))
}

abort_no_mixture <- function(object, call, arg = "object") {
  gmvae_abort(c(
    "{.arg {arg}} must be a fit of {.fn gmm_fit}, or a mixture made from one by
     {.fn marginal} or {.fn conditional}.",
    x = "You supplied {describe(object)}."
  ), "input", call = call)
}

# `na_action` and `control` are what the helpers of predict() read.
new_gmm_mixture <- function(weights, means, covariances, noise, control,
                            given = NULL) {
  structure(
    list(weights = weights, means = means, covariances = covariances,
         noise = noise, k = length(weights), columns = colnames(means),
         given = given, na_action = "em", control = control,
         version = gmvae_format),
    class = "gmm_mixture"
  )
}

keep_columns <- function(object, columns) {
  noise <- object$noise
  if (!is.null(noise)) {
    dropped <- setdiff(object$columns, columns)
    noise$log_density <- noise$log_density +
      sum(log(range_widths(noise$range, dropped)))
    noise$range <- noise$range[, columns, drop = FALSE]
  }
  new_gmm_mixture(object$weights, object$means[, columns, drop = FALSE],
                  object$covariances[columns, columns, , drop = FALSE],
                  noise, object$control, object$given)
}

fix_columns <- function(object, given, call) {
  fixed <- names(given)
  open <- setdiff(object$columns, fixed)
  row <- matrix(given[object$columns], 1L)
  posterior <- drop(posterior_of_rows(object, row, call))
  means <- object$means[, open, drop = FALSE]
  covariances <- object$covariances[open, open, , drop = FALSE]
  for (j in seq_len(object$k)) {
    regression <- regress_columns(object, j, fixed, open)
    means[j, ] <- regression$mean(matrix(given, 1L))
    covariances[, , j] <- regression$covariance
  }
  noise <- object$noise
  if (!is.null(noise)) {
    noise$weight <- posterior[["noise"]]
    noise$log_density <- -sum(log(range_widths(noise$range, open)))
    noise$range <- noise$range[, open, drop = FALSE]
  }
  new_gmm_mixture(posterior[seq_len(object$k)], means, covariances, noise,
                  object$control, c(object$given, given))
}

range_widths <- function(range, columns) {
  range[2, columns] - range[1, columns]
}

# Posterior probabilities (n x k, with noise one more column) from the values
# that the rows of `x` have, whatever the fit does with missing values.
posterior_of_rows <- function(object, x, call) {
  object$na_action <- "em"
  evaluate_rows(object, x, "posterior", call)$posterior
}

# The regression of columns `to` on columns `from` within component `j`: their
# conditional `mean` as a function of rows, and their `covariance`.
regress_columns <- function(object, j, from, to) {
  sigma <- matrix(object$covariances[, , j], length(object$columns),
                  dimnames = list(object$columns, object$columns))
  centre <- stats::setNames(object$means[j, ], object$columns)
  to_cov <- sigma[to, to, drop = FALSE]
  if (length(from) == 0L) {
    return(list(covariance = to_cov, mean = function(x) {
      matrix(centre[to], nrow(x), length(to), byrow = TRUE)
    }))
  }
  root <- chol(sigma[from, from, drop = FALSE])
  shared <- backsolve(root, sigma[from, to, drop = FALSE], transpose = TRUE)
  list(
    covariance = to_cov - crossprod(shared),
    mean = function(x) {
      centred <- backsolve(root, t(x) - centre[from], transpose = TRUE)
      t(crossprod(shared, centred) + centre[to])
    }
  )
}

# `given` as a numeric vector with the names of columns.
check_given_values <- function(given, columns, call) {
  values <- if (is.data.frame(given) && nrow(given) == 1L) {
    unlist(given)
  } else {
    given
  }
  names <- names(values)
  if (is.numeric(values) && length(values) > 0L && !is.null(names) &&
        all(names %in% columns) && !anyDuplicated(names) &&
        all(is.finite(values)) && length(values) < length(columns)) {
    return(values)
  }
  gmvae_abort(c(
    "{.arg given} must hold finite values of some columns, with the names of
     these columns, and leave at least one column.",
    x = if (is.atomic(given) && !is.null(names) && length(given) <= 5L) {
      "You supplied {.code {deparse1(given)}}."
    } else {
      "You supplied {describe(given)}."
    },
    i = "The columns are {.val {columns}}; for instance
         {.code given = c({columns[1]} = 1)}."
  ), "option", call = call)
}

#' @export
print.gmm_mixture <- function(x, digits = 4, ...) {
  validate_fit(x, "x")
  say <- cli::pluralize
  cat(say("Gaussian mixture of {x$k} component{?s} in {length(x$columns)} ",
          "column{?s}"), "\n", sep = "")
  if (!is.null(x$given)) {
    cat("Given ", paste(names(x$given), "=", format(x$given, trim = TRUE),
                        collapse = ", "), "\n", sep = "")
  }
  if (!is.null(x$noise)) {
    cat("Noise: weight ", percent(x$noise$weight), "\n", sep = "")
  }
  cat("\nWeights:\n")
  print(x$weights, digits = digits)
  cat("\nMeans:\n")
  print(x$means, digits = digits)
  cat("\nStandard deviations:\n")
  print(component_sd(x), digits = digits)
  invisible(x)
}

#' @export
coef.gmm_mixture <- function(object, ...) {
  coef.gmm_fit(object)
}

#' @rdname predict.gmm_fit
#' @export
predict.gmm_mixture <- function(object, newdata = NULL, ...) {
  if (is.null(newdata)) abort_no_rows(quote(predict()))
  predict.gmm_fit(object, newdata, ...)
}

abort_no_rows <- function(call) {
  gmvae_abort(c(
    "{.arg newdata} must be given.",
    i = "A marginal or conditional mixture has no rows of its own."
  ), "input", call = call)
}

#' @rdname simulate.gmm_fit
#' @export
simulate.gmm_mixture <- function(object, nsim = 1, seed = NULL, ...) {
  simulate.gmm_fit(object, nsim, seed, ...)
}
