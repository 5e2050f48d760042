#' Predict from a Gaussian mixture
#'
#' @param object A fit of [gmm_fit()].
#' @param newdata Data as for [gmm_fit()], observations in rows (m x d). Columns
#'   are matched by name, others ignored; a matrix without column names must
#'   have the columns of the fit in their order. Left out: the rows of the fit
#'   (for `"density"`, where it has kept its data).
#' @param type What to return, see below.
#' @param ... Must be empty.
#' @returns With one element or row for each row of `newdata`, named by it,
#'   * `"class"`: the most probable component, whole numbers from 1 to k
#'   * `"prob"`: matrix m x k, the probability of each component, rows sum to 1
#'   * `"density"`: density of the mixture, per unit of each column
#'   * `"uncertainty"`: 1 - the largest probability, from 0 to 1 - 1/k
#' @section Errors: `gmvae_error_input` if columns are missing or not numeric,
#'   `gmvae_error_data` if values are missing or infinite, `gmvae_error_option`
#'   for an unknown `type`.
#' @seealso [gmm_fit()]
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' new <- data.frame(waiting = c(55, 70, 85), eruptions = c(2, 3, 4.5))
#' predict(fit, new)
#' predict(fit, new, type = "prob")
#' @importFrom stats predict
#' @export
predict.gmm_fit <- function(object, newdata = NULL,
                            type = c("class", "prob", "density",
                                     "uncertainty"), ...) {
  check_no_dots(...)
  check_fit(object)
  type <- if (missing(type)) "class" else check_choice(type, gmm_types)
  if (is.null(newdata) && type == "density") {
    newdata <- kept_data(object)
  }
  if (is.null(newdata)) {
    posterior <- object$posterior
  } else {
    x <- match_columns(newdata, object$columns)
    found <- with_core_errors(
      cpp_gmm_evaluate(x, coef(object), object$control$n_threads)
    )
    posterior <- `dimnames<-`(found$posterior,
                              list(rownames(x), names(object$weights)))
  }
  switch(type,
    class = class_of(posterior),
    prob = posterior,
    density = stats::setNames(exp(found$log_density), rownames(x)),
    uncertainty = uncertainty_of(posterior)
  )
}

gmm_types <- c("class", "prob", "density", "uncertainty")

kept_data <- function(object, call = rlang::caller_env()) {
  if (!is.null(object$data)) return(object$data)
  gmvae_abort(c(
    "{.arg newdata} must be given: the fit has kept no data.",
    i = "Fit with `keep_data = TRUE` to leave it out."
  ), "input", call = call)
}

# The columns of a fit from new data, by name where that has names.
match_columns <- function(newdata, columns, arg = "newdata",
                          call = rlang::caller_env()) {
  if (is.data.frame(newdata)) newdata <- as.data.frame(newdata)
  given <- colnames(newdata)
  if (!is.null(given)) {
    missing <- setdiff(columns, given)
    if (length(missing) > 0L) {
      gmvae_abort(c(
        "{.arg {arg}} must have the columns of the fit.",
        x = "{.val {missing}} {?is/are} missing.",
        i = "It has {.val {given}}."
      ), "input", call = call)
    }
    newdata <- newdata[, columns, drop = FALSE]
  }
  width <- if (is.null(dim(newdata))) 1L else ncol(newdata)
  if (is.numeric(newdata) && width != length(columns)) {
    gmvae_abort(c(
      "{.arg {arg}} must have {length(columns)} column{?s}, as the fit.",
      x = "It has {width}.",
      i = if (is.null(dim(newdata))) "Write one row as `rbind(row)`."
    ), "input", call = call)
  }
  as_numeric_matrix(newdata, columns, arg, call)
}
