#' Plot a Gaussian mixture
#'
#' @param x A fit of [gmm_fit()].
#' @param what What to draw:
#'   * `"classification"`: the rows, coloured by their most probable component,
#'     with ellipses that hold 90% of each component (one column: a histogram
#'     with the density of the mixture and of its components; more than two:
#'     all pairs of columns);
#'   * `"uncertainty"`: the same, points the larger the less sure their
#'     component is (one column: uncertainty against value);
#'   * `"BIC"`, `"ICL"`: the criterion of each model tried against the number of
#'     components, the fit ringed; smaller is better. Values far above the best
#'     of every `k` are cut off, and the models named that are;
#'   * `"trace"`: what EM maximises, over its iterations.
#'
#'   Noise is drawn as small grey crosses. Rows with missing values are drawn
#'   where the columns drawn have them.
#' @param ... Must be empty.
#' @param data The data that were fitted, for the first two. `NULL`: the copy
#'   that the fit has kept (`keep_data = TRUE`), or else what the `x` of the
#'   call of [gmm_fit()] gives where `plot()` is called. Data whose components
#'   or uncertainties differ from those of the fit are refused.
#' @param columns Names of the columns to draw; `NULL`: all, but at most the
#'   first six.
#' @returns Invisibly a data frame of what was drawn: the columns drawn with
#'   `cluster` and `uncertainty`, the search table, or `iteration` and
#'   `objective`.
#' @section Errors: `gmvae_error_option` for an unknown `what` or `columns`,
#'   `gmvae_error_input` where `data` can't be found or are not those of the
#'   fit.
#' @seealso [gmm_fit()]
#' @examples
#' fit <- gmm_fit(faithful, k = 1:4)
#' plot(fit)
#' plot(fit, "uncertainty")
#' plot(fit, "BIC")
#' plot(fit, "ICL")
#' plot(fit, "trace")
#' @export
plot.gmm_fit <- function(x, what = c("classification", "uncertainty", "BIC",
                                     "ICL", "trace"), ..., data = NULL,
                         columns = NULL) {
  caller <- parent.frame()
  call <- quote(plot())
  check_no_dots(..., call = call)
  check_fit(x, "x", call)
  kinds <- eval(formals(plot.gmm_fit)$what)
  what <- if (missing(what)) kinds[1] else check_choice(what, kinds,
                                                        call = call)
  if (what %in% c("BIC", "ICL")) return(invisible(plot_criterion(x, what)))
  if (what == "trace") return(invisible(plot_trace(x)))
  points <- fitted_data(x, data, caller, call)
  columns <- check_columns(columns, x$columns, call)
  points <- points[, match(columns, x$columns), drop = FALSE]
  colnames(points) <- columns
  uncertain <- what == "uncertainty"
  if (length(columns) == 1L) {
    (if (uncertain) plot_value_uncertainty else plot_density)(x, points)
  } else if (length(columns) == 2L) {
    plot_plane(x, points, uncertain)
  } else {
    plot_pairs(x, points, uncertain)
  }
  invisible(data.frame(points, cluster = x$cluster,
                       uncertainty = x$uncertainty, check.names = FALSE))
}

# The data of a fit: given, kept, or found again through its call.
fitted_data <- function(object, data, envir, call) {
  if (is.null(data)) data <- object$data
  given <- !is.null(data)
  if (!given) {
    data <- tryCatch(eval(object$call$x, envir), error = function(cnd) NULL)
  }
  x <- rlang::try_fetch(
    match_columns(data, object, "data", object$na_action == "omit", call),
    gmvae_error = function(cnd) if (given) rlang::cnd_signal(cnd)
  )
  if (!is.null(x) && is_fitted_data(object, x)) return(x)
  gmvae_abort(c(
    "{.arg data} must be the data that were fitted, row by row.",
    x = if (!given) {
      "The fit has kept none, and its call no longer finds them."
    } else if (nrow(x) != object$n) {
      "There are {nrow(x)} row{?s}, but {object$n} were fitted."
    } else {
      "The components of these rows are others than those of the fit."
    },
    i = if (!given) "Give {.arg data}, or fit with `keep_data = TRUE`."
  ), "input", call = call)
}

# Have these rows the components of the fit's, but for ties? Labelled rows have
# those of their labels, without uncertainty.
is_fitted_data <- function(object, x) {
  if (nrow(x) != object$n) return(FALSE)
  found <- evaluate_rows(object, x, "cluster")
  absent <- unname(is.na(object$cluster))
  if (!identical(unname(is.na(found$cluster)), absent)) return(FALSE)
  open <- which(!absent & (is.null(object$labels) | object$uncertainty > 0))
  same <- found$cluster == object$cluster | found$uncertainty > 0.49
  all(same[open]) &&
    all(abs(found$uncertainty - object$uncertainty)[open] < 1e-6)
}

check_columns <- function(columns, known, call) {
  if (is.null(columns)) return(utils::head(known, 6L))
  if (is.character(columns) && length(columns) > 0L &&
        all(columns %in% known)) {
    return(unique(columns))
  }
  gmvae_abort(c(
    "{.arg columns} must name columns of the fit.",
    x = "You supplied {describe(columns)}.",
    i = "They are {.val {known}}."
  ), "option", call = call)
}
