#' Plot a Gaussian mixture
#'
#' Draws a fit of [gmm_fit()] with base graphics: its rows and components, the
#' criteria of all combinations that were compared, or the progress of EM.
#'
#' @param x A fit of [gmm_fit()].
#' @param type What to draw:
#'   * `"classification"`: the rows, coloured by the component that they are
#'     assigned to, and an ellipse that holds 90% of each component. One column:
#'     a histogram with the density of the mixture and of its components. More
#'     than two columns: all pairs of columns.
#'   * `"uncertainty"`: the same, with larger points for rows whose component is
#'     less certain. One column: uncertainty against the values.
#'   * `"BIC"`, `"ICL"`: the criterion of each model against the number of
#'     components, with a ring around the fit; smaller is better. The plot
#'     leaves out values far above the best of every `k`, and names their
#'     models.
#'   * `"intervals"`: weights, means and standard deviations of the components
#'     with 95% confidence intervals, see [confint()][gmm-intervals].
#'   * `"trace"`: the value that EM maximises, over its iterations.
#'   * `"density"`: one column: the density of the mixture, and its high-density
#'     regions ([hdr()]) that hold 50% and 95%. Two columns: contours of the
#'     regions that hold 25%, 50%, 75% and 95%. More columns: the same for all
#'     pairs. The rows are drawn too if their data are found.
#'   * `"perspective"`: the density of two columns as a surface.
#'   * `"cdf"`, `"qq"`: one column: the cumulative probabilities of the mixture
#'     beside those of the rows, and the quantiles of the rows against those of
#'     the mixture. Both take the weights of the rows into account.
#'
#'   Noise is drawn as grey crosses. A row with missing values is drawn where
#'   both columns are observed.
#' @param ... Not used.
#' @param data The data that were fitted, for the types that draw rows and for
#'   `"intervals"`. `NULL`: the copy that the fit holds (`keep_data = TRUE`), or
#'   else the `x` in the call of [gmm_fit()], evaluated where `plot()` is
#'   called. Data other than those of the fit are an error.
#' @param columns Names of the columns to draw. `NULL`: all, but at most the
#'   first six.
#' @returns Invisibly, a data frame of what was drawn: the columns with
#'   `cluster` and `uncertainty`; or the search table; or `iteration` and
#'   `objective`; or the values with their `density`, `level` and `density` of
#'   the regions, or `probability` or `quantile` of the rows and of the mixture.
#' @section Errors:
#'   * `gmvae_error_option`: an unknown `type`, unknown `columns`, too many
#'     columns for the type, an unknown argument, or one that does not apply to
#'     `type`.
#'   * `gmvae_error_input`: `data` are not found, or are not the data of the
#'     fit.
#' @seealso [gmm_fit()]
#' @examples
#' fit <- gmm_fit(faithful, k = 1:4)
#' plot(fit)
#' plot(fit, "uncertainty")
#' plot(fit, "BIC")
#' plot(fit, "ICL")
#' plot(fit, "trace")
#' plot(fit, "density")
#' plot(fit, "qq", columns = "waiting")
#' @export
plot.gmm_fit <- function(x, type = c("classification", "uncertainty", "BIC",
                                     "ICL", "trace", "intervals", "density",
                                     "perspective", "cdf", "qq"), ...,
                         data = NULL, columns = NULL) {
  caller <- parent.frame()
  call <- quote(plot())
  check_no_dots(..., call = call)
  validate_fit(x, "x", call)
  types <- eval(formals(plot.gmm_fit)$type)
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  row_types <- setdiff(types, c("BIC", "ICL", "trace"))
  check_applies(c(data = !is.null(data), columns = !is.null(columns)),
                list(data = row_types, columns = row_types), type, call)
  if (type %in% c("BIC", "ICL")) return(invisible(plot_criterion(x, type)))
  if (type == "trace") return(invisible(plot_trace(x)))
  if (type %in% names(distribution_columns)) {
    return(invisible(plot_distribution(x, type, columns, data, caller, call)))
  }
  if (type == "intervals") {
    return(invisible(plot_intervals(x, data, columns, caller, call)))
  }
  points <- fitted_data(x, data, "data", caller, call)
  columns <- check_columns(columns, x$columns, call)
  points <- points[, match(columns, x$columns), drop = FALSE]
  colnames(points) <- columns
  uncertain <- type == "uncertainty"
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

# The data of a fit: given as the argument `arg`, or held by the fit, or found
# by evaluating the `x` of its call in `envir`. In memory, unless rows on disk
# may stay there.
fitted_data <- function(object, data, arg, envir, call, on_disk = FALSE) {
  if (!on_disk) check_holds_clusters(object, call)
  find_data(object, data, arg, envir, call, is_fitted_data,
            "The rows have other values than those that were fitted.", on_disk)
}

# `is_same(object, x)` tells whether `x` are the data of the fit; `otherwise`
# says what is wrong with others.
find_data <- function(object, data, arg, envir, call, is_same, otherwise,
                      on_disk = FALSE) {
  if (is.null(data)) data <- object$data
  given <- !is.null(data)
  if (!given) {
    data <- tryCatch(data_of_call(object$call, envir),
                     error = function(cnd) NULL)
  }
  x <- rlang::try_fetch(
    match_columns(data, object, arg, object$na_action == "omit", call),
    gmvae_error = function(cnd) if (given) rlang::cnd_signal(cnd)
  )
  if (!is.null(x) && is_same(object, x)) {
    if (!is_row_file(x)) return(x)
    if (on_disk) return(data)
    return(`dimnames<-`(x[, , drop = FALSE], dimnames(data)))
  }
  gmvae_abort(c(
    "{.arg {arg}} must be the data that were fitted, with the same rows in the
     same order.",
    x = if (!given) {
      "The fit holds no data, and its call no longer finds them."
    } else if (nrow(x) != object$n) {
      "You supplied {nrow(x)} row{?s}, but {object$n} were fitted."
    } else {
      otherwise
    },
    i = if (!given) "Give {.arg {arg}}, or fit with `keep_data = TRUE`."
  ), "input", call = call)
}

# By their checksum; or, for a fit of an older version, which has none: does the
# fit give these rows the components and uncertainties that it holds? Ties may
# differ. Labelled rows are skipped: their labels decide.
is_fitted_data <- function(object, x) {
  if (nrow(x) != object$n) return(FALSE)
  if (!is.null(object$checksum)) {
    if (object$na_action == "omit" && has_missing(x)) {
      x <- x[complete_rows(x), , drop = FALSE]
    }
    return(has_checksum(x, object$checksum))
  }
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
    i = "The columns are {.val {known}}."
  ), "option", call = call)
}
