#' Simulate data from a Gaussian mixture
#'
#' Draws rows from the distribution that a fit of [gmm_fit()] describes.
#'
#' @param object A fit of [gmm_fit()], or a mixture from [marginal()] or
#'   [conditional()], with k components and d columns.
#' @param nsim Number of rows to draw, a whole number of at least 1.
#' @param seed A number for [set.seed()], or `NULL` to continue R's stream of
#'   random numbers. With a number, the state of R's generator is restored
#'   afterwards, as in [stats::simulate()].
#' @param ... Not used.
#' @returns A matrix (nsim x d) in the units of the data, with the column names
#'   of the fit and two attributes: `"component"` (nsim), the component that
#'   each row was drawn from, 1 to k, or 0 for noise; and `"seed"`, the state of
#'   the generator before, as in [stats::simulate()]. Noise is drawn uniformly
#'   over the range of the data.
#' @section Errors: `gmvae_error_option` if `nsim` is not a whole number of at
#'   least 1, if `seed` is not a number, or for unknown arguments.
#' @seealso [gmm_fit()]
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' head(simulate(fit, 100, seed = 1))
#' @importFrom stats simulate
#' @export
simulate.gmm_fit <- function(object, nsim = 1, seed = NULL, ...) {
  check_no_dots(...)
  validate_fit(object)
  nsim <- check_count(nsim)
  state <- simulation_state(check_seed(seed))
  if (!is.null(seed)) {
    on.exit(assign(".Random.seed", state$before, envir = globalenv()))
  }
  components <- c(seq_len(object$k), if (!is.null(object$noise)) 0L)
  drawn <- sample.int(length(components), nsim, replace = TRUE,
                      prob = c(object$weights, object$noise$weight))
  component <- components[drawn]
  x <- matrix(0, nsim, length(object$columns),
              dimnames = list(NULL, object$columns))
  for (j in unique(component)) {
    rows <- which(component == j)
    x[rows, ] <- draw_rows(object, j, length(rows))
  }
  structure(x, component = component, seed = state$seed)
}

draw_rows <- function(object, component, n) {
  d <- length(object$columns)
  size <- as.double(n) * d
  if (component == 0L) {
    range <- object$noise$range
    share <- matrix(stats::runif(size), d)
    return(t(range[1, ] + share * (range[2, ] - range[1, ])))
  }
  root <- chol(matrix(object$covariances[, , component], d))
  x <- matrix(stats::rnorm(size), n)
  sweep(x %*% root, 2, object$means[component, ], "+")
}

# Sets the seed as the methods of package stats do. `before` is the state to
# restore, `seed` the attribute of the result.
simulation_state <- function(seed) {
  if (!exists(".Random.seed", envir = globalenv(), inherits = FALSE)) {
    stats::runif(1)
  }
  before <- get(".Random.seed", envir = globalenv())
  if (is.null(seed)) return(list(before = before, seed = before))
  set.seed(seed)
  list(before = before, seed = structure(seed, kind = as.list(RNGkind())))
}
