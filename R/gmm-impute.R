#' Multiple imputation from a Gaussian mixture
#'
#' Completes data with missing values `m` times, each time with draws from the
#' distribution of the missing values given the observed ones. An analysis of
#' each completed data set, pooled by Rubin's rules, then has standard errors
#' that include the uncertainty about the missing values.
#'
#' @param object A fit of [gmm_fit()], or a mixture from [marginal()] or
#'   [conditional()], with d columns.
#' @param newdata Data to complete (n x d), of the types that
#'   [predict()][predict.gmm_fit] takes, whatever `na_action` the fit had. A
#'   data frame may have other columns, which stay as they are. `NULL`: the data
#'   of the fit.
#' @param m Number of completed data sets, a whole number of at least 1.
#' @param proper `TRUE` draws the parameters too, by fitting a bootstrap sample
#'   of the rows for each of the `m` sets. `FALSE` takes the parameters of the
#'   fit as if they were known. Intervals from the completed data are then too
#'   narrow, above all if many values are missing or rows are few; use it to
#'   look at plausible values, or for fits to very many rows. A mixture without
#'   rows needs `FALSE`.
#' @param data The data that were fitted, for `proper = TRUE`. `NULL`: as for
#'   [plot()][plot.gmm_fit].
#' @param ... Not used.
#' @returns An object of class `gmm_imputed`: a list of `m` completed data sets,
#'   data frames with the rows and columns of `newdata`, with the attribute
#'   `"given"`, the data before. Methods:
#'   * `as.data.frame()`: all sets below each other, the data before them as set
#'     0, with columns `.imp`, the number of the set, and `.id`, that of the
#'     row: the form that `mice::as.mids()` reads
#'   * `print()`
#' @details
#' A row's component is drawn from its posterior probabilities given the
#' observed values; the missing values are then drawn from their conditional
#' normal distribution in this component, or uniformly over the range of the
#' data for noise. Rows with `labels` stay in their component.
#'
#' Imputation is proper in the sense of Rubin (1987) if the parameters are drawn
#' as well. `impute()` draws them by the bootstrap, as Honaker and King (2010)
#' do for one normal distribution: each completed set rests on the mixture of a
#' sample of rows with replacement, fitted with the same number of components
#' and the same model from the parameters of `object`. What it does not vary is
#' this choice of `k` and model. A sample in which a component collapses is
#' drawn again, at most ten times.
#'
#' The function uses R's random numbers: [set.seed()] makes it repeatable.
#' @section Errors:
#'   * `gmvae_error_input`: `object` is not a mixture, columns are missing, or
#'     `data` are not found, or with `proper = TRUE` the `weights`, `labels`,
#'     `start` or `noise` in the call of [gmm_fit()] are not.
#'   * `gmvae_error_option`: `m` or `proper` has another value, or `proper =
#'     TRUE` for a mixture without rows.
#'   * `gmvae_error_numerical`: a component collapsed in ten bootstrap samples.
#' @references
#' Rubin (1987) *Multiple Imputation for Nonresponse in Surveys*. Wiley.
#' \doi{10.1002/9780470316696}
#'
#' Honaker and King (2010) What to do about missing values in time-series
#' cross-section data. *American Journal of Political Science* 54, 561-581.
#' \doi{10.1111/j.1540-5907.2010.00447.x}
#' @seealso [predict()][predict.gmm_fit] with `type = "imputed"` for conditional
#'   means; [conditional()] for the distributions drawn from.
#' @examples
#' air <- airquality[, 1:4]
#' set.seed(1)
#' fit <- gmm_fit(air, k = 2, model = "EEE", na_action = "em")
#' sets <- impute(fit, air, m = 5)
#' sets
#'
#' # The coefficients of each set
#' sapply(sets, function(set) coef(lm(Ozone ~ Wind + Temp, set)))
#' @examplesIf requireNamespace("mice", quietly = TRUE)
#' # Pooled by Rubin's rules
#' mids <- mice::as.mids(as.data.frame(sets))
#' summary(mice::pool(with(mids, lm(Ozone ~ Wind + Temp))))
#' @export
impute <- function(object, newdata = NULL, m = 5, proper = TRUE, ...) {
  UseMethod("impute")
}

#' @rdname impute
#' @export
impute.gmm_fit <- function(object, newdata = NULL, m = 5, proper = TRUE,
                           data = NULL, ...) {
  caller <- parent.frame()
  call <- quote(impute())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  m <- check_count(m, call = call)
  proper <- check_flag(proper, call = call)
  own <- is.null(newdata)
  fitted <- if (own || proper) fitted_data(object, data, "data", caller, call)
  again <- if (proper || (own && !is.null(object$labels))) {
    inputs_again(object, fitted, caller, call)
  }
  arguments <- if (proper) bootstrap_arguments(object, again)
  x <- if (own) fitted else imputed_columns(newdata, object, call)
  known <- if (own && !is.null(object$labels)) {
    spread_rows(again$inputs, again$inputs$problem$labels + 1L, 0L)
  }
  given <- if (own) {
    `colnames<-`(x, object$columns)
  } else {
    newdata
  }
  sets <- lapply(seq_len(m), function(i) {
    mixture <- if (proper) refit_sample(fitted, arguments, call) else object
    draw_missing(mixture, x, known, call)
  })
  new_imputed(sets, given, object$columns)
}

#' @export
impute.gmm_mixture <- function(object, newdata = NULL, m = 5, proper = TRUE,
                               ...) {
  call <- quote(impute())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  m <- check_count(m, call = call)
  if (check_flag(proper, call = call)) {
    gmvae_abort(c(
      "{.arg proper} must be `FALSE` for a mixture without rows.",
      i = "Impute from the fit, whose rows tell how uncertain its parameters
           are."
    ), "option", call = call)
  }
  if (is.null(newdata)) abort_no_rows(call)
  x <- imputed_columns(newdata, object, call)
  sets <- lapply(seq_len(m), function(i) draw_missing(object, x, NULL, call))
  new_imputed(sets, newdata, object$columns)
}

#' @export
impute.default <- function(object, newdata = NULL, m = 5, proper = TRUE, ...) {
  abort_no_mixture(object, quote(impute()))
}

# A column without any value is logical in a data frame.
imputed_columns <- function(newdata, object, call) {
  if (is.data.frame(newdata)) {
    empty <- vapply(newdata, function(column) {
      is.logical(column) && all(is.na(column))
    }, TRUE)
    newdata[empty] <- NA_real_
  }
  match_columns(newdata, object, gaps = TRUE, call = call)
}

# The data given, with the columns of the mixture replaced by each of `sets`.
new_imputed <- function(sets, given, columns) {
  frame <- if (is.data.frame(given)) {
    as.data.frame(given)
  } else {
    given <- as.matrix(given)
    if (is.null(colnames(given))) colnames(given) <- columns
    if (anyDuplicated(rownames(given))) rownames(given) <- NULL
    as.data.frame(given)
  }
  completed <- lapply(sets, function(set) {
    for (j in seq_along(columns)) {
      column <- frame[[columns[j]]]
      gaps <- is.na(column)
      if (any(gaps)) column <- replace(as.double(column), gaps, set[gaps, j])
      frame[[columns[j]]] <- column
    }
    frame
  })
  structure(completed, given = frame, class = "gmm_imputed")
}

# The arguments of gmm_fit() that fit the same mixture again, from where it is.
# EM starts from the parameters, whose noise carries over.
# Elements for single rows are in the order of the data, without names.
bootstrap_arguments <- function(object, again) {
  arguments <- again$arguments
  problem <- again$inputs$problem
  arguments$weights <- rep(1, object$n)
  if (length(problem$weights) > 0L) {
    arguments$weights <- spread_rows(again$inputs, problem$weights, 0)
  }
  if (!is.null(object$labels)) {
    known <- spread_rows(again$inputs, problem$labels + 1L, 0L)
    arguments$labels <- ifelse(known > 0L, known, NA)
  }
  arguments[c("k", "model", "start")] <- list(object$k, object$model,
                                              coef.gmm_fit(object))
  arguments[c("keep_data", "keep_posterior")] <- list(FALSE, FALSE)
  arguments$criterion <- "bic"
  arguments$control$verbose <- FALSE
  if (!is.null(object$noise)) arguments$noise <- object$noise$weight
  arguments
}

# The mixture of a bootstrap sample of the rows, which count as often as they
# were drawn.
refit_sample <- function(x, arguments, call) {
  n <- nrow(x)
  weights <- arguments$weights
  for (attempt in 1:10) {
    drawn <- tabulate(sample.int(n, n, replace = TRUE), n)
    arguments$weights <- weights * drawn
    refit <- rlang::try_fetch(
      suppressWarnings(
        gmm_bridge(gmm_inputs(x, arguments, call), NULL, NULL, call),
        classes = "gmvae_warning_not_converged"
      ),
      gmvae_error_numerical = function(cnd) NULL,
      gmvae_error_data = function(cnd) NULL,
      gmvae_error_option = function(cnd) NULL
    )
    if (!is.null(refit)) return(refit)
  }
  gmvae_abort(c(
    "{.code proper = TRUE} needs a mixture that bootstrap samples of the rows
     can be fitted with.",
    x = "A component collapsed in each of ten samples.",
    i = "Fit fewer components, a simpler model, or with a {.arg prior}."
  ), "numerical", call = call)
}

# The rows of `x` with their missing values drawn. `known` (n): the components
# of labelled rows, 0 for others, or NULL.
draw_missing <- function(object, x, known, call) {
  colnames(x) <- object$columns
  gaps <- is.na(x)
  rows <- which(rowSums(gaps) > 0)
  if (length(rows) == 0L) return(x)
  component <- draw_components(object, x[rows, , drop = FALSE], call)
  if (!is.null(known)) {
    component <- ifelse(known[rows] > 0L, known[rows], component)
  }
  pattern <- apply(gaps[rows, , drop = FALSE], 1, function(gap) {
    paste(which(gap), collapse = " ")
  })
  for (group in split(seq_along(rows), list(component, pattern), drop = TRUE)) {
    at <- rows[group]
    open <- object$columns[gaps[at[1], ]]
    seen <- setdiff(object$columns, open)
    x[at, open] <- draw_conditional(object, component[group[1]],
                                    x[at, seen, drop = FALSE], open)
  }
  x
}

# One component for each row, 0 for noise, from the posterior probabilities.
draw_components <- function(object, x, call) {
  posterior <- posterior_of_rows(object, x, call)
  share <- stats::runif(nrow(x))
  passed <- rep(1L, nrow(x))
  total <- 0
  for (j in seq_len(ncol(posterior) - 1L)) {
    total <- total + posterior[, j]
    passed <- passed + (share > total)
  }
  unname(ifelse(passed > object$k, 0L, passed))
}

# Columns `open` of rows whose other columns are `seen`, drawn from component
# `j`.
draw_conditional <- function(object, j, seen, open) {
  n <- nrow(seen)
  size <- as.double(n) * length(open)
  noise <- matrix(if (j == 0L) stats::runif(size) else stats::rnorm(size), n)
  if (j == 0L) {
    range <- object$noise$range
    return(t(range[1, open] + t(noise) * range_widths(range, open)))
  }
  regression <- regress_columns(object, j, colnames(seen), open)
  regression$mean(seen) + noise %*% chol(regression$covariance)
}

#' @export
as.data.frame.gmm_imputed <- function(x, row.names = NULL, optional = FALSE,
                                      ...) {
  sets <- c(list(attr(x, "given")), unclass(x))
  long <- do.call(rbind, lapply(seq_along(sets), function(i) {
    cbind(.imp = i - 1L, .id = seq_len(nrow(sets[[i]])), sets[[i]])
  }))
  rownames(long) <- NULL
  long
}

#' @export
print.gmm_imputed <- function(x, ...) {
  given <- attr(x, "given")
  gaps <- colSums(is.na(given))
  say <- cli::pluralize
  cat(say("{length(x)} completed data set{?s}, {nrow(given)} row{?s} x ",
          "{ncol(given)} column{?s}"), "\n", sep = "")
  cat("\nMissing values that were drawn:\n")
  print(gaps[gaps > 0])
  invisible(x)
}
