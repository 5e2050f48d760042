#' Predict from a Gaussian mixture
#'
#' @param object A fit of [gmm_fit()].
#' @param newdata Data as for [gmm_fit()], observations in rows (m x d). Columns
#'   are matched by name, others ignored; a matrix without column names must
#'   have the columns of the fit in their order. Values may be missing where the
#'   fit had `na_action = "em"`. Left out: the rows of the fit (beyond `"class"`
#'   and `"uncertainty"`, where it has kept its data).
#' @param type What to return, see below.
#' @param ... Must be empty.
#' @returns With one element or row for each row of `newdata`, named by it,
#'   * `"class"`: the most probable component, whole numbers from 1 to k, 0 for
#'     noise
#'   * `"prob"`: matrix m x k, the probability of each component, with noise a
#'     last column `noise`; rows sum to 1
#'   * `"density"`, `"logdensity"`: density of the mixture per unit of each
#'     column, and its natural log, which can't underflow; of rows with missing
#'     values that of the others
#'   * `"component"`: matrix m x k, the log-density under each component
#'   * `"uncertainty"`: 1 - the largest probability
#'   * `"imputed"`: matrix m x d, the data with their missing values replaced by
#'     their conditional means, given the values of the row
#' @section Errors: `gmvae_error_input` if columns are missing or not numeric,
#'   or `newdata` is needed; `gmvae_error_data` if values are infinite, or
#'   missing without `na_action = "em"`; `gmvae_error_option` for an unknown
#'   `type`.
#' @seealso [gmm_fit()]
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' new <- data.frame(waiting = c(55, 70, 85), eruptions = c(2, 3, 4.5))
#' predict(fit, new)
#' predict(fit, new, type = "prob")
#'
#' gaps <- as.matrix(faithful)
#' gaps[c(2, 300)] <- NA
#' filled <- gmm_fit(gaps, k = 2, model = "VVV", na_action = "em")
#' predict(filled, gaps, type = "imputed")[c(2, 28), ]
#' @importFrom stats predict
#' @export
predict.gmm_fit <- function(object, newdata = NULL,
                            type = c("class", "prob", "density", "logdensity",
                                     "component", "uncertainty", "imputed"),
                            ...) {
  check_no_dots(...)
  check_fit(object)
  type <- if (missing(type)) "class" else check_choice(type, names(gmm_types))
  field <- c(class = "cluster", prob = "posterior",
             uncertainty = "uncertainty")[type]
  if (is.null(newdata) && !is.na(field) && !is.null(object[[field]])) {
    return(object[[field]])
  }
  own <- is.null(newdata)
  x <- match_columns(if (own) kept_data(object) else newdata, object,
                     gaps = own && object$na_action == "omit")
  found <- evaluate_rows(object, x, gmm_types[[type]])
  switch(type,
    class = found$cluster,
    prob = found$posterior,
    density = exp(found$log_density),
    logdensity = found$log_density,
    component = found$components,
    uncertainty = found$uncertainty,
    imputed = found$imputed
  )
}

# What the core evaluates for each type.
gmm_types <- c(class = "cluster", prob = "posterior", density = "log_density",
               logdensity = "log_density", component = "components",
               uncertainty = "cluster", imputed = "imputed")

kept_data <- function(object, call = rlang::caller_env()) {
  if (!is.null(object$data)) return(object$data)
  gmvae_abort(c(
    "{.arg newdata} must be given: the fit has kept no data.",
    i = "Fit with `keep_data = TRUE` to leave it out."
  ), "input", call = call)
}

# The core's evaluation of rows, with their names; `NA` for rows with missing
# values if the fit left such out.
evaluate_rows <- function(object, x, what, call = rlang::caller_env()) {
  n <- nrow(x)
  rows <- rownames(x)
  kept <- if (object$na_action == "omit" && anyNA(x)) {
    which(stats::complete.cases(x))
  }
  if (!is.null(kept)) x <- x[kept, , drop = FALSE]
  found <- with_core_errors(
    cpp_gmm_evaluate(x, fit_mixture(object), what, object$control$n_threads),
    call = call
  )
  components <- names(object$weights)
  columns <- switch(what,
    posterior = c(components, if (!is.null(object$noise)) "noise"),
    components = components,
    imputed = object$columns
  )
  name_rows(found, rows, columns, kept, n)
}

# The columns of a fit from new data, by name where that has names. `gaps`: may
# values be missing although the fit does not take them?
match_columns <- function(newdata, object, arg = "newdata", gaps = FALSE,
                          call = rlang::caller_env()) {
  columns <- object$columns
  if (is.data.frame(newdata)) newdata <- as.data.frame(newdata)
  if (!is.null(colnames(newdata))) {
    given <- column_names(newdata)
    missing <- setdiff(columns, given)
    if (length(missing) > 0L) {
      gmvae_abort(c(
        "{.arg {arg}} must have the columns of the fit.",
        x = "{.val {missing}} {?is/are} missing.",
        i = "It has {.val {given}}."
      ), "input", call = call)
    }
    if (!identical(given, columns)) {
      newdata <- newdata[, match(columns, given), drop = FALSE]
    }
  }
  width <- if (is.null(dim(newdata))) 1L else ncol(newdata)
  if (is.numeric(newdata) && width != length(columns)) {
    gmvae_abort(c(
      "{.arg {arg}} must have {length(columns)} column{?s}, as the fit.",
      x = "It has {width}.",
      i = if (is.null(dim(newdata))) "Write one row as `rbind(row)`."
    ), "input", call = call)
  }
  x <- as_numeric_matrix(newdata, arg, call)
  scan <- cpp_gmm_scan(x)
  check_no_infinite(scan, columns, arg, call)
  if (object$na_action != "em" && !gaps) {
    check_no_missing(scan, columns, arg, call)
  }
  x
}
