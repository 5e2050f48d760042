# Standard errors and intervals from the information about the parameters.

#' Standard errors and confidence intervals of a Gaussian mixture
#'
#' `vcov()` gives the covariance matrix of the estimates of [gmm_fit()], and
#' `confint()` confidence intervals, both from the information matrix at the
#' fit. They work for all covariance models, with row weights, missing values,
#' labels, a noise component and a prior. [gmm_bootstrap()] gets the same from
#' refits to resampled data.
#'
#' @param object A fit of [gmm_fit()], with k components and d columns.
#' @param parm Estimates to return: any of the kinds `"weight"`, `"mean"`,
#'   `"var"` (variances), `"cov"` (covariances of two columns), `"cor"`
#'   (correlations), `"sd"` (standard deviations) and `"eigen"` (eigenvalues of
#'   the covariances, the largest first), or the names of single rows, such as
#'   `"mean[1, eruptions]"`. `NULL`: for `vcov()` weights, means, variances and
#'   covariances, for `confint()` also correlations.
#' @param level Confidence level, a number between 0 and 1.
#' @param type How `confint()` makes an interval:
#'   * `"transformed"`: symmetric on a scale on which the distribution of the
#'     estimate is closer to a normal one, and transformed back: the logit of
#'     weights, the logarithm of variances, standard deviations and eigenvalues,
#'     Fisher's z (the inverse hyperbolic tangent) of correlations. Intervals
#'     stay within the range of the parameter. For means and covariances there
#'     is no transformation;
#'   * `"wald"`: the estimate plus and minus a normal quantile times its
#'     standard error.
#' @param information The information matrix:
#'   * `"observed"`: minus the second derivatives of the log-likelihood (with a
#'     prior or a ridge, of the log-posterior) at the fit;
#'   * `"scores"`: the sum over rows of the outer products of the derivatives of
#'     their log-densities, which needs fewer operations and is less exact in
#'     small samples;
#'   * `"sandwich"`: both, the inverse of the first times the second (with
#'     squared weights) times the inverse of the first. It holds also where the
#'     weights are not numbers of rows, such as sampling weights, and where the
#'     model is only an approximation (White 1982).
#' @param ... Not used.
#' @param data The data that were fitted. `NULL`: the copy that the fit holds
#'   (`keep_data = TRUE`), or else the `x` in the call of [gmm_fit()], evaluated
#'   where the function is called. `weights` and `labels` in that call must
#'   still be found too.
#' @returns
#'   * `vcov()`: a symmetric matrix with a row and a column for each estimate.
#'   * `confint()`: a matrix with a row for each estimate and two columns, the
#'     limits of its interval.
#'
#'   Rows are named `weight[2]`, `weight[noise]`, `mean[1, eruptions]`,
#'   `var[1, eruptions]`, `cov[1, eruptions, waiting]`, `cor[...]`, `sd[...]`
#'   and `eigen[1, 2]`; the first index is the component. The units are those of
#'   the estimates. A parameter that the model fixes (the weight of the only
#'   component) has variance 0; estimates that the data do not identify have
#'   `NA`.
#' @details
#' The observed information is that of the complete data, in which the component
#' of each row is known, minus the information that is missing because it is
#' not (Louis 1982). Both are computed in closed form, row by row, for the free
#' parameters of the covariance model: volume, shape and orientation, shared or
#' not as its code says (see [gmm_models()]). The inverse of the matrix is the
#' covariance matrix of these parameters, and the chain rule (delta method)
#' gives that of weights, means, covariances and functions of them. For a row
#' with missing values the density of its other values counts. A row of weight 2
#' counts as two equal rows. The density of the noise component counts as known.
#'
#' These are statements about large samples from a mixture of the fitted model,
#' with components that are apart. They know nothing of the choice of `k` and
#' `model` from the same data.
#' @section Errors and warnings:
#'   * `gmvae_error_input`: the data, weights or labels are not found, or are
#'     not those of the fit.
#'   * `gmvae_error_option`: unknown `parm`, `level`, `type` or `information`.
#'   * `gmvae_error_numerical`: the log-likelihood has no maximum at the fit, so
#'     that its second derivatives give no variances.
#'   * `gmvae_warning_not_identified`: the information matrix is singular. The
#'     warning names the parameters that the data do not identify.
#' @references
#' Louis (1982) Finding the observed information matrix when using the EM
#' algorithm. *Journal of the Royal Statistical Society B* 44, 226-233.
#' \doi{10.1111/j.2517-6161.1982.tb01203.x}
#'
#' White (1982) Maximum likelihood estimation of misspecified models.
#' *Econometrica* 50, 1-25. \doi{10.2307/1912526}
#'
#' McLachlan and Peel (2000) *Finite Mixture Models*, sections 2.15 and 2.16.
#' Wiley. \doi{10.1002/0471721182}
#' @seealso [gmm_bootstrap()], [summary.gmm_fit()]
#' @examples
#' fit <- gmm_fit(faithful, k = 2, model = "VVV")
#' sqrt(diag(vcov(fit)))
#' confint(fit, c("weight", "mean"))
#' confint(fit, "cor[1, eruptions, waiting]", level = 0.9)
#' @name gmm-intervals
NULL

#' @rdname gmm-intervals
#' @importFrom stats vcov
#' @export
vcov.gmm_fit <- function(object, ..., parm = NULL,
                         information = c("observed", "scores", "sandwich"),
                         data = NULL) {
  caller <- parent.frame()
  call <- quote(vcov())
  check_no_dots(..., call = call)
  information <- check_information(information, missing(information), call)
  validate_fit(object, call = call)
  base <- estimates_of(object)
  wanted <- wanted_estimates(base, parm, base_kinds, call)
  found <- base_covariance(object, data, information, caller, call)
  derived_covariance(base, found, wanted)
}

#' @rdname gmm-intervals
#' @importFrom stats confint
#' @export
confint.gmm_fit <- function(object, parm = NULL, level = 0.95, ...,
                            type = c("transformed", "wald"),
                            information = c("observed", "scores", "sandwich"),
                            data = NULL) {
  caller <- parent.frame()
  call <- quote(confint())
  check_no_dots(..., call = call)
  information <- check_information(information, missing(information), call)
  type <- if (missing(type)) "transformed" else
    check_choice(type, c("transformed", "wald"), "type", call)
  level <- check_level(level, call)
  validate_fit(object, call = call)
  base <- estimates_of(object)
  wanted <- wanted_estimates(base, parm, interval_kinds, call)
  found <- base_covariance(object, data, information, caller, call)
  normal_intervals(derive_estimates(base, wanted),
                   sqrt(diag(derived_covariance(base, found, wanted))), level,
                   type == "transformed")
}

check_information <- function(information, default, call) {
  if (default) return("observed")
  check_choice(information, c("observed", "scores", "sandwich"),
               "information", call)
}

check_level <- function(level, call, arg = rlang::caller_arg(level)) {
  if (rlang::is_double(level, n = 1L, finite = TRUE) && level > 0 &&
        level < 1) {
    return(level)
  }
  gmvae_abort(c(
    "{.arg {arg}} must be a number between 0 and 1.",
    x = "You supplied {describe(level)}."
  ), "option", call = call)
}

# The weights, labels and prior of a fit beside its data, as gmm_inputs() has
# them.
fitted_inputs <- function(object, data, envir, call) {
  x <- fitted_data(object, data, "data", envir, call)
  arguments <- fit_arguments(object, names(formals(gmm_fit)), envir, call)
  arguments[c("k", "model")] <- list(object$k, object$model)
  # Where EM started is of no account, but it is part of the fingerprint.
  arguments["start"] <- list(NULL)
  inputs <- gmm_inputs(x, arguments, call)
  if (is.null(object$call$start) && inputs$fingerprint != object$fingerprint) {
    abort_not_found(c("weights", "labels"), call)
  }
  inputs
}

# The covariance matrix of the base estimates (see estimates_of()); `NA` for
# those that are not identified.
base_covariance <- function(object, data, information, envir, call) {
  check_size(object, call)
  inputs <- fitted_inputs(object, data, envir, call)
  of_kind <- function(kind) {
    with_core_errors(
      cpp_gmm_information(inputs$x, inputs$problem, mixture_of(object),
                          core_model(object$model),
                          core_control(inputs$control), kind),
      call = call
    )
  }
  found <- of_kind(if (information == "scores") "scores" else "observed")
  if (information == "sandwich") {
    found$middle <- of_kind("squared_scores")$matrix
  }
  # The core has a row for noise, of derivatives 0 where there is none.
  if (is.null(object$noise)) {
    found$jacobian <- found$jacobian[-(object$k + 1L), , drop = FALSE]
    found$units <- found$units[-(object$k + 1L)]
  }
  names <- estimates_of(object)$names
  covariance <- invert_information(found, names, inputs$n_obs, call)
  covariance <- covariance * outer(found$units, found$units)
  `dimnames<-`(covariance, list(names, names))
}

# The matrix has p^2 numbers, and its inverse takes p^3 operations.
check_size <- function(object, call) {
  limit <- 5000
  if (object$df <= limit) return(invisible())
  gmvae_abort(c(
    "The information matrix must have at most {limit} rows.",
    x = "The fit has {object$df} free parameters.",
    i = "Use {.fn gmm_bootstrap}, or a model with fewer parameters."
  ), "option", call = call)
}

# Coordinates with less information than this, per row, count as not identified:
# they are without units.
least_row_information <- 1e-10

# J I^-1 J' for the information I and the derivatives J of the estimates; with
# the middle M of a sandwich J I^-1 M I^-1 J'.
invert_information <- function(found, names, n, call) {
  jacobian <- found$jacobian
  if (ncol(jacobian) == 0L) return(diag(0, nrow(jacobian)))
  scale <- sqrt(pmax(abs(diag(found$matrix)), least_row_information * n))
  parts <- eigen(found$matrix / outer(scale, scale), symmetric = TRUE)
  limit <- 1e-9 * max(abs(parts$values))
  if (min(parts$values) < -limit) {
    gmvae_abort(c(
      "The log-likelihood must have a maximum at the fit.",
      x = "It has none in the direction of the {moved_by(found,
           parts$vectors[, ncol(parts$vectors)] / scale)}.",
      i = "Fit with a smaller {.field tol} in {.fn gmm_control}, or with fewer
           components, or use {.fn gmm_bootstrap}."
    ), "numerical", call = call)
  }
  slopes <- (jacobian / rep(scale, each = nrow(jacobian))) %*% parts$vectors
  open <- parts$values <= limit
  root <- slopes[, !open, drop = FALSE] /
    rep(sqrt(parts$values[!open]), each = nrow(slopes))
  covariance <- tcrossprod(root)
  if (!is.null(found$middle)) {
    inner <- parts$vectors[, !open, drop = FALSE] / scale
    outer <- root / rep(sqrt(parts$values[!open]), each = nrow(root))
    covariance <- outer %*% crossprod(inner, found$middle %*% inner) %*%
      t(outer)
  }
  if (any(open)) {
    unknown <- rowSums(abs(slopes[, open, drop = FALSE])) >
      1e-6 * max(abs(slopes))
    covariance[unknown, ] <- NA
    covariance[, unknown] <- NA
    warn_not_identified(found, parts$vectors[, open, drop = FALSE] / scale,
                        names[unknown], call)
  }
  covariance
}

# What a direction of the parameters moves, in words.
moved_by <- function(found, direction) {
  moved <- abs(direction) > 0.01 * max(abs(direction))
  words <- found$moves[moved]
  of <- found$component[moved]
  unique(ifelse(of == 0L, words, paste(words, "of component", of)))
}

warn_not_identified <- function(found, directions, unknown, call) {
  words <- unique(unlist(apply(directions, 2L, moved_by, found = found,
                               simplify = FALSE)))
  gmvae_warn(c(
    "The information matrix is singular: the data do not identify the
     {words}.",
    i = if (length(unknown) > 0L) {
      "{.val {unknown}} {?has/have} no standard error{?s}."
    } else {
      "All weights, means and covariances have standard errors all the same."
    }
  ), "not_identified", call = call)
}

# Symmetric on a scale of each estimate's kind, and transformed back.
normal_intervals <- function(estimate, se, level, transformed) {
  quantile <- stats::qnorm(0.5 + level / 2)
  kind <- if (transformed) kind_of(names(estimate)) else
    rep("mean", length(estimate))
  limits <- vapply(c(-1, 1), function(sign) {
    shift <- sign * quantile * se
    value <- estimate + shift
    fixed <- which(se == 0)
    for (name in names(interval_scales)) {
      of <- which(kind %in% interval_scales[[name]]$kinds & !(se %in% 0))
      value[of] <- interval_scales[[name]]$move(estimate[of], shift[of])
    }
    value[fixed] <- estimate[fixed]
    value
  }, estimate)
  limits <- matrix(limits, ncol = 2L)
  `dimnames<-`(limits, list(names(estimate), level_names(level)))
}

# An estimate moved by a step on another scale: g^-1(g(x) + g'(x) step).
interval_scales <- list(
  logit = list(kinds = "weight", move = function(x, step) {
    stats::plogis(stats::qlogis(x) + step / (x * (1 - x)))
  }),
  log = list(kinds = c("var", "sd", "eigen"), move = function(x, step) {
    x * exp(step / x)
  }),
  fisher = list(kinds = "cor", move = function(x, step) {
    tanh(atanh(x) + step / (1 - x^2))
  })
)

level_names <- function(level) {
  paste(format(100 * c((1 - level) / 2, (1 + level) / 2), trim = TRUE,
               scientific = FALSE, digits = 3), "%")
}

# The table that summary(se = TRUE) prints: estimate, standard error and limits.
standard_errors <- function(object, level, data, envir, call) {
  base <- estimates_of(object)
  wanted <- wanted_estimates(base, c("weight", "mean", "sd", "cor"), NULL, call)
  found <- base_covariance(object, data, "observed", envir, call)
  estimate <- derive_estimates(base, wanted)
  se <- sqrt(diag(derived_covariance(base, found, wanted)))
  data.frame(estimate = estimate, se = se,
             normal_intervals(estimate, se, level, TRUE), check.names = FALSE)
}

print_standard_errors <- function(table, digits) {
  if (is.null(table)) return(invisible())
  cat("\nEstimates, standard errors and confidence limits:\n")
  print(table, digits = digits)
}
