#' Options of gmm_fit()
#'
#' Sets the options of the search and of the EM algorithm. All have defaults, so
#' most users need only one or two of them.
#'
#' @param ... Not used. Options must be named in full; any other argument is an
#'   error that says what was meant.
#' @param n_init Number of starts for each model and each `k`, a whole number
#'   from 1 to 10,000; small data get three times as many. The search adds
#'   starts from the mixtures of neighbouring models and `k`.
#' @param max_iter Maximum number of EM iterations, a whole number of at least
#'   1.
#' @param tol EM stops when the remaining rise of the log-likelihood, estimated
#'   from its last steps, is below `tol` per row of the data. A number of at
#'   least 0; `0` makes EM run for `max_iter` iterations, or until rounding
#'   errors are larger than the rise.
#' @param ridge Number of at least 0, a multiple of the variance of each column
#'   that is added to its variance in every component. `0` gives maximum
#'   likelihood; a small value such as `1e-4` keeps components from collapsing
#'   onto a few rows.
#' @param equal_weights `TRUE` gives all components the same weight; `FALSE`
#'   estimates the weights.
#' @param accelerate `TRUE` extrapolates from past EM iterations and keeps a
#'   step only if it raises the log-likelihood; `FALSE` runs plain EM.
#' @param min_rows,min_eigen_ratio Solutions that violate one of these limits
#'   are called degenerate and are never chosen:
#'   * `min_rows`: the smallest number of rows of a component, counted as the
#'     sum of weights times posterior probabilities; a number of at least 0.
#'     `NULL`: d + 1 for d columns, and for spherical and diagonal models at
#'     most n / (2 k); 2 for models with one covariance for all components. With
#'     a ridge or a prior it is half a row, whatever is given here: a component
#'     on less is there for its penalty alone.
#'   * `min_eigen_ratio`: the smallest eigenvalue of the covariance of a
#'     component, after each column is divided by its typical standard deviation
#'     within components; a number from 0 to 1.
#'
#'   `0` allows everything.
#' @param noise_density Density of the noise component in the units of the data,
#'   a number above 0. `NULL`: 1 divided by the volume of the smaller of two
#'   boxes around the data, one along the columns and one along the principal
#'   components (with missing values, of the first). With far outliers this box
#'   is large and the noise too thin; a density of your own avoids that (Coretto
#'   and Hennig 2016).
#' @param n_folds Number of folds for `criterion = "cv"`, a whole number of at
#'   least 2. The number of rows is used instead if it is smaller.
#' @param n_boot,alpha For `criterion = "test"`: the number of samples for each
#'   test, a whole number of at least 19, and its level, a number between 0 and
#'   1.
#' @param n_shards Number of shards of a pass over the data, a whole number from
#'   1 to 4,096: partial sums that threads and the workers of `BPPARAM` share
#'   and that are added in their order, so that the last digits of the result
#'   depend on `n_shards`, and not on how many share them. `NULL`: 32, fewer for
#'   small data and for many columns. More only help if there are more than 32
#'   threads or workers.
#' @param n_threads Number of threads, a whole number from 1 to 1,024. The
#'   result does not depend on it. The default is 2, or fewer if the machine,
#'   the option `mc.cores` or the limits of a container allow fewer. No more
#'   threads start than there are cores, or eight, whichever is larger, and no
#'   more than 2 while R checks a package (`_R_CHECK_LIMIT_CORES_`).
#' @param verbose `TRUE` shows a progress bar, `FALSE` does not.
#' @returns A `gmm_control` object: a list with one element per option.
#' @section Starts and degenerate solutions:
#' The starts are cuts of hierarchical trees, k-means clusterings, and random
#' points taken as centres. All make short EM runs, and the best ones continue
#' to convergence. If four or more models are compared and a run takes long,
#' each model tries half of the starts and the solutions that other models
#' found.
#'
#' The likelihood of a mixture is unbounded where a component collapses onto a
#' few rows or onto a plane. This is why degenerate solutions are not chosen; a
#' combination of `model` and `k` that has no other solution is listed in the
#' search table with its `reason`.
#'
#' Errors: `gmvae_error_option` for values out of range and for unknown names.
#' @references Coretto and Hennig (2016) Robust improper maximum likelihood:
#'   tuning, computation, and a comparison with other methods for robust
#'   Gaussian clustering. *Journal of the American Statistical Association* 111,
#'   1648-1659. \doi{10.1080/01621459.2015.1100996}
#' @seealso [gmm_fit()]
#' @examples
#' gmm_control(n_init = 20, tol = 1e-12)
#' gmm_fit(faithful, k = 3, control = gmm_control(n_init = 20))
#' @export
gmm_control <- function(..., n_init = 10, max_iter = 1000, tol = 1e-9,
                        ridge = 0, equal_weights = FALSE, accelerate = TRUE,
                        min_rows = NULL, min_eigen_ratio = 1e-10,
                        noise_density = NULL, n_folds = 5, n_boot = 999,
                        alpha = 0.05, n_shards = NULL,
                        n_threads = default_threads(),
                        verbose = interactive()) {
  check_no_dots(..., options_of = "gmm_fit")
  structure(
    list(
      n_init = check_count(n_init, max = 10000),
      max_iter = check_count(max_iter),
      tol = check_number(tol, 0),
      ridge = check_number(ridge, 0),
      equal_weights = check_flag(equal_weights),
      accelerate = check_flag(accelerate),
      min_rows = if (!is.null(min_rows)) check_number(min_rows, 0),
      min_eigen_ratio = check_number(min_eigen_ratio, 0, 1),
      noise_density = if (!is.null(noise_density)) {
        check_number(noise_density, 0, open = TRUE)
      },
      n_folds = check_count(n_folds, min = 2),
      n_boot = check_count(n_boot, min = 19),
      alpha = check_number(alpha, 0, 1, open = TRUE),
      n_shards = if (!is.null(n_shards)) check_count(n_shards, max = 4096),
      n_threads = check_count(n_threads, max = 1024),
      verbose = check_flag(verbose)
    ),
    class = "gmm_control"
  )
}

#' @export
print.gmm_control <- function(x, ...) {
  local_decimal_point()
  check_gmm_control(x, quote(print()))
  values <- vapply(x, function(value) {
    if (is.null(value)) "NULL" else format(value)
  }, "")
  cat("Options of gmm_fit()\n")
  cat(paste0("  ", format(names(x)), "  ", values, "\n"), sep = "")
  invisible(x)
}

# Users may edit a control object, so its values are checked again.
check_gmm_control <- function(control, call) {
  check_control(control, "gmm_control", call = call)
  rlang::try_fetch(
    do.call("gmm_control", unclass(control)),
    gmvae_error = function(cnd) {
      gmvae_abort("Every option in {.arg control} must be valid.", "option",
                  parent = cnd, call = call)
    }
  )
}

# The options as the core reads them: NA instead of NULL.
core_control <- function(control) {
  if (is.null(control$min_rows)) control$min_rows <- NA_real_
  if (is.null(control$n_shards)) control$n_shards <- 0
  unclass(control)
}
