# The fit: built here only; and its methods for R's own generics.

# `cell` is the core's result that won the `search`, `evaluation` that of the
# rows under it.
new_gmm_fit <- function(cell, search, inputs, evaluation) {
  row <- search$table[search$best, ]
  components <- component_names(row$k, inputs$labels)
  columns <- inputs$columns
  mixture <- cell$mixture
  by_row <- classify_rows(evaluation, inputs, components)
  structure(
    c(
      list(
        weights = stats::setNames(mixture$weights, components),
        means = `dimnames<-`(mixture$means, list(components, columns)),
        covariances = `dimnames<-`(mixture$covariances,
                                   list(columns, columns, components)),
        noise = if (inputs$problem$noise$on) {
          c(weight = mixture$noise, search$noise)
        }
      ),
      by_row,
      as.list(row[c("loglik", "df", "aic", "bic", "icl")]),
      cell[c("objective", "history", "entropy", "converged", "n_iter",
             "best_start")],
      list(
        starts = ifelse(is.nan(cell$starts), NA, cell$starts),
        search = search$table,
        cells = best_cells(search, inputs$criterion),
        folds = search$folds,
        model = row$model,
        k = row$k
      ),
      inputs[c("criterion", "prior", "labels", "columns", "na_action", "n",
               "n_obs", "n_incomplete")],
      list(
        n_omitted = inputs$n - nrow(inputs$x),
        fingerprint = inputs$fingerprint,
        call = NULL,
        control = inputs$control,
        seed = search$seed,
        version = gmvae_format
      )
    ),
    class = "gmm_fit"
  )
}

# Named by the known labels, others by their number.
component_names <- function(k, labels) {
  names <- as.character(seq_len(k))
  names[seq_along(labels)] <- labels
  names
}

# What the fit holds for each row: labelled rows are in their components for
# sure, and rows that were left out in none.
classify_rows <- function(evaluation, inputs, components) {
  cluster <- evaluation$cluster
  uncertainty <- evaluation$uncertainty
  posterior <- evaluation$posterior
  known <- which(inputs$problem$labels >= 0L)
  label <- inputs$problem$labels[known] + 1L
  cluster[known] <- label
  uncertainty[known] <- 0
  if (!is.null(posterior)) {
    posterior[known, ] <- 0
    posterior[cbind(known, label)] <- 1
  }
  name_rows(list(cluster = cluster, uncertainty = uncertainty,
                 posterior = posterior),
            inputs$rows, posterior_names(components, inputs$problem$noise$on),
            inputs$kept, inputs$n)
}

posterior_names <- function(components, noise) {
  c(components, if (noise) "noise")
}

# Vectors and matrices by row get its names, and `NA` for rows that are not
# among `kept` (NULL: all are).
name_rows <- function(results, rows, columns, kept = NULL, n = NULL) {
  lapply(results, function(result) {
    if (is.null(result)) return(NULL)
    if (is.matrix(result)) {
      if (!is.null(kept)) result <- result[match(seq_len(n), kept), ,
                                           drop = FALSE]
      return(`dimnames<-`(result, list(rows, columns)))
    }
    if (!is.null(kept)) result <- result[match(seq_len(n), kept)]
    stats::setNames(result, rows)
  })
}

# The cells of the ten smallest criteria, by the names of their rows.
best_cells <- function(search, criterion) {
  rows <- utils::head(order(search$table[[criterion]], na.last = NA), 10L)
  rows <- union(search$best, rows)
  cells <- stats::setNames(search$found[rows], cell_names(search$table[rows, ]))
  utils::head(cells[!vapply(cells, is.null, TRUE)], 10L)
}

# A mixture as the core evaluates it; `noise`: its log-density and range, or
# NULL.
core_mixture <- function(mixture, noise) {
  parts <- lapply(mixture[c("weights", "means", "covariances")], unname)
  if (is.null(noise)) return(parts)
  c(parts, noise = mixture$noise, log_noise_density = noise$log_density,
    noise_range = list(unname(noise$range[2, ] - noise$range[1, ])))
}

fit_mixture <- function(object) {
  mixture <- unclass(object)[c("weights", "means", "covariances")]
  core_mixture(c(mixture, noise = object$noise$weight), object$noise)
}

#' Facts about a Gaussian mixture
#'
#' The methods of R's own generics: with `logLik()` and `nobs()`, [stats::AIC()]
#' and [stats::BIC()] work too.
#'
#' @param object A fit of [gmm_fit()].
#' @param ... Not used.
#' @returns `logLik()`: the log-likelihood (natural log), of class `logLik`,
#'   with the number of free parameters and of rows. `nobs()`: the number of
#'   rows that took part, with weights their sum.
#'   `coef()`: a list with `weights` (k), `means` (k x d) and `covariances`
#'   (d x d x k), as in the fit, and `noise` where there is any.
#'   `icl()`: the integrated completed likelihood, smaller is better.
#' @seealso [gmm_fit()]
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' logLik(fit)
#' BIC(fit) - fit$bic
#' icl(fit)
#' coef(fit)$means
#' @name gmm_methods
#' @importFrom stats coef logLik nobs
#' @export
logLik.gmm_fit <- function(object, ...) {
  structure(object$loglik, df = object$df, nobs = object$n_obs,
            class = "logLik")
}

#' @rdname gmm_methods
#' @export
nobs.gmm_fit <- function(object, ...) {
  object$n_obs
}

#' @rdname gmm_methods
#' @export
coef.gmm_fit <- function(object, ...) {
  unclass(object)[c("weights", "means", "covariances",
                    if (!is.null(object$noise)) "noise")]
}

#' @rdname gmm_methods
#' @export
icl <- function(object, ...) {
  UseMethod("icl")
}

#' @rdname gmm_methods
#' @export
icl.gmm_fit <- function(object, ...) {
  object$icl
}

#' @export
icl.default <- function(object, ...) {
  gmvae_abort(c(
    "{.arg object} must be a fit of {.fn gmm_fit}.",
    x = "You supplied {describe(object)}."
  ), "input", call = quote(icl()))
}
