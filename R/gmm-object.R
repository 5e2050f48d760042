# A fit, which only new_gmm_fit() constructs, and its methods for R's generics.

# `candidate` is the core's fit that won the `search`; `evaluation` holds the
# rows evaluated under it.
new_gmm_fit <- function(candidate, search, inputs, evaluation) {
  row <- search$table[search$best, ]
  components <- component_names(row$k, inputs$labels)
  columns <- inputs$columns
  mixture <- candidate$mixture
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
      candidate[c("objective", "history", "entropy", "converged", "n_iter",
             "best_start")],
      list(
        starts = ifelse(is.nan(candidate$starts), NA, candidate$starts),
        search = search$table,
        candidates = best_candidates(search, ranked_by(inputs$criterion)),
        folds = search$folds,
        model = row$model,
        k = row$k
      ),
      inputs[c("criterion", "prior", "labels", "columns", "na_action", "n",
               "n_obs", "n_incomplete")],
      list(
        n_omitted = inputs$n - nrow(inputs$x),
        fingerprint = inputs$fingerprint,
        checksum = data_checksum(inputs$x),
        call = NULL,
        control = inputs$control,
        seed = search$seed,
        version = gmvae_format
      )
    ),
    class = "gmm_fit"
  )
}

# Components have the names of the labels, and then their numbers, with a suffix
# where a label has that name.
component_names <- function(k, labels) {
  names <- as.character(seq_len(k))
  names[seq_along(labels)] <- labels
  make.unique(names)
}

# Clusters, uncertainties and posteriors of the rows. Labelled rows are in their
# components with probability 1; rows that were left out have NA.
classify_rows <- function(evaluation, inputs, components) {
  cluster <- evaluation$cluster
  uncertainty <- evaluation$uncertainty
  posterior <- evaluation$posterior
  known <- which(inputs$problem$labels >= 0L)
  label <- inputs$problem$labels[known] + 1L
  if (is.null(cluster)) return(list())
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

# Vectors and matrices with an element or row for each row of the data get the
# names of the rows, and `NA` for rows that are not among `kept` (NULL: all
# are).
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

# The ten candidates with the smallest criteria, named as in candidate_names();
# the winner is the first.
best_candidates <- function(search, criterion) {
  rows <- utils::head(order(search$table[[criterion]], na.last = NA),
                      n_candidates_kept)
  rows <- union(search$best, rows)
  candidates <- stats::setNames(search$found[rows],
                                candidate_names(search$table[rows, ]))
  utils::head(candidates[!vapply(candidates, is.null, TRUE)],
              n_candidates_kept)
}

# A mixture as the core reads it; `noise`: log-density and range, or NULL.
core_mixture <- function(mixture, noise) {
  parts <- lapply(mixture[c("weights", "means", "covariances")], unname)
  if (is.null(noise)) return(parts)
  c(parts, noise = mixture$noise, log_noise_density = noise$log_density,
    noise_range = list(unname(noise$range[2, ] - noise$range[1, ])))
}

# The mixture of a fit, as the core reads it.
mixture_of <- function(object) {
  mixture <- unclass(object)[c("weights", "means", "covariances")]
  core_mixture(c(mixture, noise = object$noise$weight), object$noise)
}

#' Parameters and log-likelihood of a Gaussian mixture
#'
#' Methods of R's own generics for a fit of [gmm_fit()]. With `logLik()` and
#' `nobs()`, [stats::AIC()] and [stats::BIC()] work too.
#'
#' @param object A fit of [gmm_fit()] with k components and d columns.
#' @param ... Not used.
#' @returns
#'   * `coef()`: a list with `weights` (k), `means` (k x d) and `covariances`
#'     (d x d x k), as in the fit, and `noise` if the fit has it. It can be used
#'     as the argument `start` of [gmm_fit()].
#'   * `logLik()`: the log-likelihood (natural logarithm), an object of class
#'     `logLik` with attributes `df`, the number of free parameters, and `nobs`.
#'   * `nobs()`: the number of rows that were used, or with weights their sum.
#' @seealso [gmm_fit()], [icl()]
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' coef(fit)$means
#' logLik(fit)
#' nobs(fit)
#' BIC(fit) - fit$bic
#' @importFrom stats coef
#' @export
coef.gmm_fit <- function(object, ...) {
  unclass(object)[c("weights", "means", "covariances",
                    if (!is.null(object$noise)) "noise")]
}

#' @rdname coef.gmm_fit
#' @importFrom stats logLik
#' @export
logLik.gmm_fit <- function(object, ...) {
  structure(object$loglik, df = object$df, nobs = object$n_obs,
            class = "logLik")
}

#' @rdname coef.gmm_fit
#' @importFrom stats nobs
#' @export
nobs.gmm_fit <- function(object, ...) {
  object$n_obs
}

#' Integrated completed likelihood (ICL)
#'
#' The ICL of a mixture is its BIC plus a penalty for components that overlap.
#'
#' @param object A fit of [gmm_fit()].
#' @param ... Not used.
#' @returns One number; smaller is better, as for [stats::BIC()].
#' @details
#' ICL = BIC - 2 sum_i w_i log max_j z_ij, where w_i is the weight of row i and
#' z_ij its posterior probability of component j (Biernacki, Celeux and Govaert
#' 2000).
#' @references Biernacki, Celeux and Govaert (2000) Assessing a mixture model
#'   for clustering with the integrated completed likelihood. *IEEE Transactions
#'   on Pattern Analysis and Machine Intelligence* 22, 719-725.
#'   \doi{10.1109/34.865189}
#' @seealso [gmm_fit()], whose argument `criterion = "icl"` chooses by it.
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' icl(fit)
#' @export
icl <- function(object, ...) {
  UseMethod("icl")
}

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
