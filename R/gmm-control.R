#' Options of gmm_fit()
#'
#' Every default of the EM algorithm in one place.
#'
#' @param ... Must be empty: options are given by their full names, and other
#'   names are errors.
#' @param n_init Random starts, a whole number of at least 1. All run 12
#'   iterations, the best three of them 100, and the best one to convergence.
#' @param max_iter Iterations at most, a whole number of at least 1.
#' @param tol EM stops when the log-likelihood that it has still to gain,
#'   estimated from its last steps, is below `tol` per row of the data. A number
#'   above 0.
#' @param ridge Number of at least 0 that is added to each variance of each
#'   component, in units of the column's variance. 0 is maximum likelihood;
#'   a small value (`1e-4`) keeps components from collapsing.
#' @param n_threads Threads, a whole number from 1 to 1,024. The result does not
#'   depend on it.
#' @param verbose Show a progress bar, `TRUE` or `FALSE`.
#' @returns A `gmm_control` object: a list with one element per option.
#' @section Errors: `gmvae_error_option`, for values out of range and for names
#'   that are no options.
#' @seealso [gmm_fit()]
#' @examples
#' gmm_control(n_init = 20, tol = 1e-12)
#' @export
gmm_control <- function(..., n_init = 10, max_iter = 1000, tol = 1e-9,
                        ridge = 0, n_threads = default_threads(),
                        verbose = interactive()) {
  check_option_names(..., options = names(formals(gmm_control)),
                     help = "gmm_control")
  structure(
    list(
      n_init = check_count(n_init),
      max_iter = check_count(max_iter),
      tol = check_number(tol, 0, open = TRUE),
      ridge = check_number(ridge, 0),
      n_threads = check_count(n_threads, max = 1024),
      verbose = check_flag(verbose)
    ),
    class = "gmm_control"
  )
}

#' @export
print.gmm_control <- function(x, ...) {
  cat("Options of gmm_fit()\n")
  cat(paste0("  ", format(names(x)), "  ", vapply(x, format, ""), "\n"),
      sep = "")
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
