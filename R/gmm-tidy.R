# Fits as data frames, for broom's generics, base R and ggplot2.

#' Gaussian mixtures as data frames
#'
#' `tidy()` returns a row for each component, `glance()` one row for the fit,
#' and `augment()` the data with the component of each row. They are the
#' generics of package \pkg{generics}, which \pkg{broom} and \pkg{tidymodels}
#' attach. `as.data.frame()` returns what the fit holds for each row.
#'
#' @param x A fit of [gmm_fit()], with k components and d columns.
#' @param type For `tidy()`: `"components"`, or `"parameters"` for a row for
#'   each parameter.
#' @param data For `augment()`: the data that were fitted, possibly with further
#'   columns. `NULL`: as for [plot()][plot.gmm_fit].
#' @param newdata For `augment()`: new data to assign to the components, instead
#'   of `data`.
#' @param row.names,optional For `as.data.frame()`: names of the rows, and
#'   ignored, as for R's own methods.
#' @param ... Not used.
#' @returns Data frames:
#'   * `tidy()`: `component`, its name; `size`, the number of rows assigned to
#'     it; `proportion`, its weight; and for each column its mean and standard
#'     deviation, such as `mean.waiting` and `sd.waiting`. Noise has a row of
#'     its own, without these. With `type = "parameters"`: `term`, such as
#'     `weight[1]`, `mean[1, waiting]`, `var[1, waiting]` or
#'     `cov[1, eruptions, waiting]`, `component` and `estimate`
#'   * `glance()`: `model`, `k`, `logLik`, `df`, `AIC`, `BIC`, `ICL` (smaller is
#'     better), `nobs`, `converged` and `iterations`
#'   * `augment()`: `data` with `.cluster`, a factor, and `.uncertainty`
#'   * `as.data.frame()`: for each row `cluster`, a factor, `uncertainty`, and
#'     `posterior.1` and so on, if the fit holds them
#' @section Errors: those of [plot()][plot.gmm_fit] for `data`, and of
#'   [predict()][predict.gmm_fit] for `newdata`.
#' @seealso [gmm_fit()], [fitted()][fitted.gmm_fit]
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' head(as.data.frame(fit))
#' @examplesIf requireNamespace("generics", quietly = TRUE)
#' generics::tidy(fit)
#' generics::glance(fit)
#' head(generics::augment(fit))
#' @name tidy.gmm_fit
NULL

#' @rdname tidy.gmm_fit
#' @exportS3Method generics::tidy
tidy.gmm_fit <- function(x, # nolint: object_name.
                         type = c("components", "parameters"), ...) {
  call <- quote(tidy())
  check_no_dots(..., call = call)
  validate_fit(x, "x", call)
  types <- c("components", "parameters")
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  if (type == "parameters") return(parameter_table(x))
  parts <- cbind(x$means, component_sd(x))
  colnames(parts) <- paste0(rep(c("mean.", "sd."), each = length(x$columns)),
                            x$columns)
  sizes <- cluster_sizes(x)
  if (!is.null(x$noise)) parts <- rbind(parts, NA)
  data.frame(component = names(sizes), size = as.vector(sizes),
             proportion = unname(c(x$weights, x$noise$weight)), parts,
             row.names = NULL, check.names = FALSE)
}

# A row for each parameter: weights, means, and the lower triangles of the
# covariances, component by component.
parameter_table <- function(object) {
  columns <- object$columns
  d <- length(columns)
  shares <- posterior_names(names(object$weights), !is.null(object$noise))
  component <- names(object$weights)
  lower <- which(lower.tri(diag(d), diag = TRUE), arr.ind = TRUE)
  first <- rep(columns[lower[, 2]], object$k)
  second <- rep(columns[lower[, 1]], object$k)
  inner <- rep(component, each = nrow(lower))
  data.frame(
    term = c(
      sprintf("weight[%s]", shares),
      sprintf("mean[%s, %s]", rep(component, each = d), columns),
      ifelse(first == second, sprintf("var[%s, %s]", inner, first),
             sprintf("cov[%s, %s, %s]", inner, first, second))
    ),
    component = c(shares, rep(component, each = d), inner),
    estimate = c(
      object$weights, object$noise$weight, t(object$means),
      apply(object$covariances, 3, function(sigma) as.matrix(sigma)[lower])
    ),
    row.names = NULL
  )
}

#' @rdname tidy.gmm_fit
#' @exportS3Method generics::glance
glance.gmm_fit <- function(x, ...) { # nolint: object_name.
  call <- quote(glance())
  check_no_dots(..., call = call)
  validate_fit(x, "x", call)
  data.frame(model = x$model, k = x$k, logLik = x$loglik, df = x$df,
             AIC = x$aic, BIC = x$bic, ICL = x$icl, nobs = x$n_obs,
             converged = x$converged, iterations = x$n_iter)
}

#' @rdname tidy.gmm_fit
#' @exportS3Method generics::augment
augment.gmm_fit <- function(x, # nolint: object_name.
                            data = NULL, newdata = NULL, ...) {
  caller <- parent.frame()
  call <- quote(augment())
  check_no_dots(..., call = call)
  validate_fit(x, "x", call)
  own <- is.null(newdata)
  if (own) {
    rows <- fitted_data(x, data, "data", caller, call)
    found <- x[c("cluster", "uncertainty")]
  } else {
    rows <- match_columns(newdata, x, call = call)
    found <- evaluate_rows(x, rows, "cluster", call)
  }
  frame <- if (own) data else newdata
  if (!is.data.frame(frame)) {
    colnames(rows) <- x$columns
    frame <- as.data.frame(rows)
  }
  frame$.cluster <- unname(cluster_factor(c(
    unclass(x)[c("k", "weights", "noise")], found["cluster"]
  )))
  frame$.uncertainty <- unname(found$uncertainty)
  frame
}

#' @rdname tidy.gmm_fit
#' @export
as.data.frame.gmm_fit <- function(x, row.names = NULL, optional = FALSE, ...) {
  validate_fit(x, "x")
  check_holds_clusters(x, quote(as.data.frame()), "x")
  frame <- data.frame(cluster = unname(cluster_factor(x)),
                      uncertainty = unname(x$uncertainty))
  if (!is.null(x$posterior)) {
    posterior <- unname(x$posterior)
    colnames(posterior) <- paste0("posterior.", colnames(x$posterior))
    frame <- cbind(frame, posterior)
  }
  names <- if (is.null(row.names)) names(x$cluster) else row.names
  if (!is.null(names) && !anyDuplicated(names)) rownames(frame) <- names
  frame
}

#' Fitted values and residuals of a Gaussian mixture
#'
#' The fitted value of a row is the mean of its component, as for [kmeans()].
#' Residuals show where the mixture does not describe the rows.
#'
#' @param object A fit of [gmm_fit()], with d columns.
#' @param type
#'   * `"response"`: the row minus its fitted value.
#'   * `"standardised"`: the same, multiplied by the inverse of the Cholesky
#'     factor of the covariance of the component: uncorrelated, with variance 1
#'     in each component. Their sums of squares are the squared Mahalanobis
#'     distances.
#'   * `"quantile"`: for one column, the standard normal quantile of the
#'     cumulative probability of the value in the whole mixture (Dunn and Smyth
#'     1996). They have a standard normal distribution if the mixture is right,
#'     however many components it has.
#' @param data The data that were fitted. `NULL`: as for
#'   [plot()][plot.gmm_fit].
#' @param ... Not used.
#' @returns A matrix (n x d) with the names of rows and columns, in the units of
#'   the data for `fitted()` and `"response"`, without units otherwise. It is
#'   `NA` for noise, which has no mean, for rows that were left out, and where a
#'   value is missing.
#' @section Errors: `gmvae_error_input` if `data` are not found or not the data
#'   of the fit, or for `"quantile"` with several columns;
#'   `gmvae_error_option` for another `type`.
#' @references Dunn and Smyth (1996) Randomized quantile residuals. *Journal of
#'   Computational and Graphical Statistics* 5, 236-244.
#'   \doi{10.1080/10618600.1996.10474708}
#' @seealso [gmm_fit()], [plot.gmm_fit()] with `type = "qq"`
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' head(fitted(fit))
#' # Rows far from the mean of their component
#' distance <- rowSums(residuals(fit, "standardised")^2)
#' faithful[distance > qchisq(0.99, 2), ]
#' @importFrom stats fitted
#' @export
fitted.gmm_fit <- function(object, ...) {
  call <- quote(fitted())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  check_holds_clusters(object, call)
  component <- object$cluster
  component[component == 0L] <- NA
  `dimnames<-`(object$means[component, , drop = FALSE],
               list(names(component), object$columns))
}

#' @rdname fitted.gmm_fit
#' @importFrom stats residuals
#' @export
residuals.gmm_fit <- function(object, type = c("response", "standardised",
                                               "quantile"),
                              data = NULL, ...) {
  caller <- parent.frame()
  call <- quote(residuals())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  types <- c("response", "standardised", "quantile")
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  if (type == "quantile") {
    check_one_column(object, "object", "Quantile residuals", call)
  }
  x <- fitted_data(object, data, "data", caller, call)
  colnames(x) <- object$columns
  if (type == "quantile") {
    x[, 1] <- normal_scores(object, x[, 1])
    return(x)
  }
  x <- x - fitted.gmm_fit(object)
  if (type == "response") return(x)
  for (j in seq_len(object$k)) {
    rows <- which(object$cluster == j)
    x[rows, ] <- standardise_rows(x[rows, , drop = FALSE], object, j)
  }
  x
}

# From the nearer tail, so that no probability rounds to 1.
normal_scores <- function(object, x) {
  below <- mixture_cdf(object, x)
  above <- mixture_cdf(object, x, upper = TRUE)
  ifelse(below < 0.5, stats::qnorm(below),
         stats::qnorm(above, lower.tail = FALSE))
}

# Rows with the same missing values share a Cholesky factor.
standardise_rows <- function(x, object, j) {
  pattern <- apply(is.na(x), 1, function(gap) {
    paste(which(gap), collapse = " ")
  })
  for (rows in split(seq_len(nrow(x)), pattern)) {
    seen <- which(!is.na(x[rows[1], ]))
    if (length(seen) == 0L) next
    root <- chol(as.matrix(object$covariances[seen, seen, j]))
    x[rows, seen] <- t(backsolve(root, t(x[rows, seen, drop = FALSE]),
                                 transpose = TRUE))
  }
  x
}
