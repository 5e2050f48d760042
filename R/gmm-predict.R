#' Predict from a Gaussian mixture
#'
#' Assigns new rows to the components of a fit of [gmm_fit()], and computes
#' posterior probabilities, densities and conditional means.
#'
#' @param object A fit of [gmm_fit()], or a mixture from [marginal()] or
#'   [conditional()], with k components and d columns.
#' @param newdata New data with observations in rows (m x d), of the types that
#'   [gmm_fit()] takes. Columns are matched by name and other columns are
#'   ignored; a matrix without column names must have the columns of the fit in
#'   their order. Rows of a [row_source()] or of a DelayedMatrix with more than
#'   1,000,000 rows are read block by block. Missing values are allowed if the
#'   fit had `na_action = "em"`. `NULL`: the rows of the fit. Its data are
#'   needed for types that it does not hold: the copy of `keep_data = TRUE`, or
#'   else the `x` in the call of [gmm_fit()], evaluated where `predict()` is
#'   called.
#' @param type What to return, see Value. The names `"class"` and `"prob"`,
#'   usual in R, are accepted for `"cluster"` and `"posterior"`.
#' @param ... Not used.
#' @returns An element or row for each row of `newdata`, with its name:
#'   * `"cluster"`: the most probable component, whole numbers from 1 to k, or 0
#'     for noise (m)
#'   * `"posterior"`: posterior probabilities of the components (m x k; with
#'     noise one more column, `noise`); rows sum to 1
#'   * `"density"`, `"logdensity"`: density of the mixture, in the units of the
#'     data, and its natural logarithm, which cannot underflow (m); for rows
#'     with missing values, the density of the observed ones
#'   * `"component"`: log-density under each component, without its weight
#'     (m x k)
#'   * `"uncertainty"`: 1 minus the largest posterior probability (m)
#'   * `"imputed"`: `newdata` with missing values replaced by their conditional
#'     means given the observed values of the row (m x d); [impute()] draws them
#'   * `"cdf"`: the probability of values up to the given one, for fits to one
#'     column, with noise uniform over the range of the data (m)
#' @section Errors:
#'   * `gmvae_error_input`: columns are missing or not numeric, the data of the
#'     fit are not found, or `"cdf"` was asked for with several columns.
#'   * `gmvae_error_data`: values are infinite, or missing although the fit did
#'     not have `na_action = "em"`.
#'   * `gmvae_error_option`: an unknown `type`, or an unknown argument.
#' @seealso [gmm_fit()], [quantile()][quantile.gmm_fit], [hdr()], [impute()]
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' new <- data.frame(waiting = c(55, 70, 85), eruptions = c(2, 3, 4.5))
#' predict(fit, new)
#' predict(fit, new, type = "posterior")
#'
#' # Fill in missing values
#' gaps <- as.matrix(faithful)
#' gaps[c(2, 300)] <- NA
#' filled <- gmm_fit(gaps, k = 2, model = "VVV", na_action = "em")
#' predict(filled, gaps, type = "imputed")[c(2, 28), ]
#' @importFrom stats predict
#' @export
predict.gmm_fit <- function(object, newdata = NULL,
                            type = c("cluster", "posterior", "density",
                                     "logdensity", "component", "uncertainty",
                                     "imputed", "cdf"),
                            ...) {
  caller <- parent.frame()
  check_no_dots(...)
  validate_fit(object)
  type <- if (missing(type)) "cluster" else check_type(type, names(gmm_types))
  own <- is.null(newdata)
  in_fit <- type %in% c("cluster", "posterior", "uncertainty")
  if (own && in_fit && !is.null(object[[type]])) return(object[[type]])
  source <- row_source_of(newdata, "newdata", rlang::current_env())
  if (!is.null(source)) return(predict_blocks(object, source, type))
  x <- if (own) {
    fitted_data(object, NULL, "newdata", caller, rlang::current_env(), TRUE)
  } else {
    match_columns(newdata, object)
  }
  if (own) {
    source <- row_source_of(x, "newdata", rlang::current_env())
    if (!is.null(source)) return(predict_blocks(object, source, type))
  }
  if (type == "cdf") return(cdf_of_rows(object, x))
  found <- evaluate_rows(object, x, gmm_types[[type]])
  switch(type,
    cluster = found$cluster,
    posterior = found$posterior,
    density = exp(found$log_density),
    logdensity = found$log_density,
    component = found$components,
    uncertainty = found$uncertainty,
    imputed = found$imputed
  )
}

# The same of rows from a source: what is returned is in memory, they are not.
predict_blocks <- function(object, source, type) {
  call <- quote(predict())
  out <- NULL
  for_row_blocks(source, function(rows, from, to) {
    found <- predict(object, rows, type)
    wide <- is.matrix(found)
    if (is.null(out)) {
      size <- as.double(nrow(source)) * NCOL(found)
      out <<- rep(found[NA_integer_], size)
      if (wide) dim(out) <<- c(nrow(source), ncol(found))
      names <- if (wide) list(rownames(source), colnames(found))
      if (wide) dimnames(out) <<- names else names(out) <<- rownames(source)
    }
    if (wide) out[from:to, ] <<- found else out[from:to] <<- found
  }, "newdata", call)
  out
}

# What the core evaluates for each type.
gmm_types <- c(cluster = "cluster", posterior = "posterior",
               density = "log_density", logdensity = "log_density",
               component = "components", uncertainty = "cluster",
               imputed = "imputed", cdf = "cdf")

# The core's evaluation of rows, named by them; `NA` for incomplete rows if the
# fit left such rows out.
evaluate_rows <- function(object, x, what, call = rlang::caller_env()) {
  n <- nrow(x)
  rows <- rownames(x)
  kept <- if (object$na_action == "omit" && has_missing(x)) {
    which(complete_rows(x))
  }
  if (is_row_file(x) && what == "imputed") x <- x[, , drop = FALSE]
  if (!is.null(kept)) x <- x[kept, , drop = FALSE]
  found <- with_core_errors(
    cpp_gmm_evaluate(x, mixture_of(object), what, object$control$n_threads),
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

# The columns of the fit in new data, matched by name if they are named. `gaps`:
# may values be missing although the fit does not allow it?
match_columns <- function(newdata, object, arg = "newdata", gaps = FALSE,
                          call = rlang::caller_env()) {
  columns <- object$columns
  source <- row_source_of(newdata, arg, call)
  if (!is.null(source)) return(file_of_columns(source, object, arg, gaps, call))
  if (is.data.frame(newdata)) newdata <- as.data.frame(newdata)
  newdata <- apply_formula(object, newdata, arg, call)
  # Arrays of one dimension have no column names, nor those of three.
  if (is.array(newdata) && length(dim(newdata)) != 2L) {
    newdata <- as_numeric_matrix(newdata, arg, call)
  }
  if (!is.null(colnames(newdata))) {
    given <- column_names(newdata)
    missing <- setdiff(columns, given)
    if (length(missing) > 0L) {
      gmvae_abort(c(
        "{.arg {arg}} must have the columns of the fit.",
        x = "{.val {missing}} {?is/are} missing.",
        i = "Its columns are {.val {given}}."
      ), "input", call = call)
    }
    if (!identical(given, columns)) {
      newdata <- newdata[, match(columns, given), drop = FALSE]
    }
  }
  width <- if (is.null(dim(newdata))) 1L else ncol(newdata)
  if (is.numeric(newdata) && width != length(columns)) {
    gmvae_abort(c(
      "{.arg {arg}} must have {length(columns)} column{?s}, like the data of the
       fit.",
      x = "It has {width}.",
      i = if (is.null(dim(newdata))) {
        "A vector is one column. Write {.code rbind(row)} for one row."
      }
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

# The same of a source, whose columns must be those of the fit: a file.
file_of_columns <- function(source, object, arg, gaps, call) {
  first <- match_columns(read_rows(source, 1, 1, arg, call), object, arg, TRUE,
                         call)
  same <- identical(dim(first), c(1L, ncol(source))) &&
    (is.null(colnames(source)) ||
       identical(column_names(source), object$columns))
  if (!same) {
    gmvae_abort(c(
      "{.arg {arg}} must have the columns of the fit in their order.",
      x = "Its columns are {.val {column_names(source)}}."
    ), "input", call = call)
  }
  written <- write_rows(source, arg, call)
  check_no_infinite(written$scan, object$columns, arg, call)
  if (object$na_action != "em" && !gaps) {
    check_no_missing(written$scan, object$columns, arg, call)
  }
  written$x
}
