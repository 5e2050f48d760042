#' Options of gmm_fit()
#'
#' Every default of the search and of the EM algorithm in one place.
#'
#' @param ... Must be empty: options are given by their full names, and other
#'   names are errors.
#' @param n_init Starts of each model with each `k`, a whole number of at least
#'   1, besides those from the neighbouring mixtures of the search: the first
#'   are cut from hierarchical trees, the others come from k-means and random
#'   points. All make short runs, and the best ones go on to convergence. Where
#'   four or more models are compared and a run takes long, each tries half of
#'   them and looks at what the others find.
#' @param max_iter Iterations at most, a whole number of at least 1.
#' @param tol EM stops when the log-likelihood that it has still to gain,
#'   estimated from its last steps, is below `tol` per row of the data. A number
#'   above 0.
#' @param ridge Number of at least 0 that is added to each variance of each
#'   component, in units of the column's variance. 0 is maximum likelihood;
#'   a small value (`1e-4`) keeps components from collapsing.
#' @param equal_weights Give all components the same weight? `FALSE` or `TRUE`.
#' @param accelerate Extrapolate from past iterations, and keep what raises the
#'   log-likelihood? `TRUE`, or `FALSE` for plain EM.
#' @param min_rows,min_eigen_ratio When a solution counts as degenerate: where
#'   components differ in covariance and one of them has less than `min_rows`
#'   rows (as a sum of weights and probabilities; `NULL`: the number of columns
#'   plus 1, in spherical and diagonal models at most half of the rows over
#'   `k`), or where the smallest eigenvalue of a component's covariance is below
#'   `min_eigen_ratio`, with each column in units of its typical variance within
#'   components. The likelihood has no bound near such solutions, so they are
#'   not allowed to win: a combination of `k` and `model` that has none but
#'   these has its `reason` in the table of the search. Numbers of at least 0;
#'   0 allows all. With a ridge or a prior, which bound the likelihood, any
#'   number of rows is allowed.
#' @param noise_density Density of the noise component, per unit of each column
#'   (a number above 0), or `NULL` for one over the volume of the smallest box
#'   around the data. A fixed density keeps far outliers from making the noise
#'   too thin (Coretto and Hennig 2016).
#' @param n_folds Folds of the cross-validation by `criterion = "cv"`, a whole
#'   number of at least 2; at most as many as there are rows are used.
#' @param n_threads Threads, a whole number from 1 to 1,024. The result does not
#'   depend on it.
#' @param verbose Show a progress bar, `TRUE` or `FALSE`.
#' @returns A `gmm_control` object: a list with one element per option.
#' @section Errors: `gmvae_error_option`, for values out of range and for names
#'   that are no options.
#' @references Coretto and Hennig (2016) <doi:10.1080/01621459.2015.1100996>.
#' @seealso [gmm_fit()]
#' @examples
#' gmm_control(n_init = 20, tol = 1e-12)
#' @export
gmm_control <- function(..., n_init = 10, max_iter = 1000, tol = 1e-9,
                        ridge = 0, equal_weights = FALSE, accelerate = TRUE,
                        min_rows = NULL, min_eigen_ratio = 1e-10,
                        noise_density = NULL, n_folds = 5,
                        n_threads = default_threads(),
                        verbose = interactive()) {
  check_option_names(..., options = names(formals(gmm_control)),
                     help = "gmm_control")
  structure(
    list(
      n_init = check_count(n_init),
      max_iter = check_count(max_iter),
      tol = check_number(tol, 0, open = TRUE),
      ridge = check_number(ridge, 0),
      equal_weights = check_flag(equal_weights),
      accelerate = check_flag(accelerate),
      min_rows = if (!is.null(min_rows)) check_number(min_rows, 0),
      min_eigen_ratio = check_number(min_eigen_ratio, 0, 1),
      noise_density = if (!is.null(noise_density)) {
        check_number(noise_density, 0, open = TRUE)
      },
      n_folds = check_count(n_folds, min = 2),
      n_threads = check_count(n_threads, max = 1024),
      verbose = check_flag(verbose)
    ),
    class = "gmm_control"
  )
}

#' @export
print.gmm_control <- function(x, ...) {
  values <- vapply(x, function(value) {
    if (is.null(value)) "NULL" else format(value)
  }, "")
  cat("Options of gmm_fit()\n")
  cat(paste0("  ", format(names(x)), "  ", values, "\n"), sep = "")
  invisible(x)
}

# A control object may have been edited by hand: its values are checked again.
check_gmm_control <- function(control, call) {
  check_control(control, "gmm_control", call = call)
  rlang::try_fetch(
    do.call("gmm_control", unclass(control)),
    gmvae_error = function(cnd) {
      gmvae_abort("{.arg control} must hold valid options.", "option",
                  parent = cnd, call = call)
    }
  )
}

# The options as the core reads them, which knows no NULL.
core_control <- function(control) {
  if (is.null(control$min_rows)) control$min_rows <- NA_real_
  unclass(control)
}
