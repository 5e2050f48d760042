#' Fit a Gaussian mixture by expectation-maximisation
#'
#' Maximum likelihood for mixtures of multivariate normal distributions, from
#' the best of several k-means++ starts. With more than one `k` or `model`, all
#' combinations are fitted and the one of smallest BIC is returned.
#'
#' @param x Numeric data, **observations in rows** (n x d), in any units: a
#'   matrix, a data frame of numeric columns, or a vector (one column). All
#'   values must be finite, no column constant.
#' @param k Number of mixture components, a whole number from 1 to the number of
#'   distinct rows; a vector means "choose by BIC".
#' @param model Structure of the components' covariances, by the code of
#'   \pkg{mclust} or by its alias:
#'
#'   | code | alias | covariance of component j | free parameters |
#'   |---|---|---|---|
#'   | `"VVV"` | `"full"` | any, its own | k d (d + 1) / 2 |
#'   | `"EEE"` | `"tied"` | any, the same for all | d (d + 1) / 2 |
#'   | `"VVI"` | `"diag"` | diagonal, its own | k d |
#'   | `"VII"` | `"spherical"` | a multiple of the identity, its own | k |
#'
#'   A vector means "choose by BIC", and `NULL` all four (of data with one
#'   column, where `"VVI"` and `"VII"` are the same as `"VVV"`, the other two).
#' @param ... Must be empty: other names are errors.
#' @param start Instead of random starts, a component from 1 to `k` for each row
#'   of `x` (n whole numbers or a factor), for one `k`. EM begins with an
#'   M-step; with `gmm_control(max_iter = 1)` it also ends there.
#' @param keep_data Keep a copy of `x` in the fit, for its plots? `FALSE` by
#'   default; see [plot.gmm_fit()].
#' @param control Options, made by [gmm_control()].
#' @returns A `gmm_fit` object, for [predict()][predict.gmm_fit],
#'   [plot()][plot.gmm_fit], [summary()][summary.gmm_fit],
#'   [simulate()][simulate.gmm_fit], `coef()`, `logLik()`, `nobs()`, `AIC()` and
#'   `BIC()`: a list with
#'   * `weights` (k): share of each component, decreasing, sum 1
#'   * `means` (k x d), in the units of `x`
#'   * `covariances` (d x d x k), in the squared units of `x`
#'   * `posterior` (n x k): probability of each component for each row
#'   * `cluster` (n): the most probable component, a whole number from 1 to `k`,
#'     named by row
#'   * `uncertainty` (n): 1 - the probability of `cluster`, from 0 to 1 - 1/k
#'   * `loglik`: log-likelihood (natural log) of all rows
#'   * `history`: log-likelihood after each iteration of the start that won;
#'     it never falls
#'   * `df`: number of free parameters
#'   * `aic`, `bic`, `icl`: criteria, **smaller is better** as for
#'     [stats::BIC()]. (\pkg{mclust} reports BIC and ICL with the other sign.)
#'   * `converged`, `n_iter`: did EM converge, after how many iterations
#'   * `best_start`, `starts`: which start won, and the log-likelihood that each
#'     reached (`NA` where a component collapsed; only the best one runs to
#'     convergence, see `n_init` of [gmm_control()])
#'   * `search`: a data frame with a row for each combination tried: `k`,
#'     `model`, `loglik`, `df`, `bic`, `icl`, `aic`, and `reason`, in words,
#'     where there is no fit
#'   * `model`, `k`, `n`, `columns`, `data` (if kept), `call`, `control`,
#'     `version` (of the format)
#' @details
#' Columns are centred and scaled inside and the results mapped back, so units
#' do not matter as long as doubles hold their squares: the range of a column,
#' largest value minus smallest, must be from 1e-130 to 1e130. For `"VII"`,
#' which is a statement about units, all columns are scaled by one number. Sums
#' over the data are gathered in coordinates in which each component is a
#' standard normal, so a large offset costs no accuracy.
#'
#' With p the number of free parameters and z the posterior probabilities,
#' BIC = -2 loglik + p log n (Schwarz 1978) and
#' ICL = BIC - 2 sum_i log max_j z_ij (Biernacki, Celeux and Govaert 2000).
#' @section Errors: `gmvae_error_input` if `x` is missing, not numeric,
#'   without rows or with two columns of one name;
#'   `gmvae_error_data` if values are missing or infinite, or a column is
#'   constant or of extreme units; `gmvae_error_option` for `k`, `model`,
#'   `start` and `control`;
#'   `gmvae_error_numerical` if a component collapses in every start (use a
#'   smaller `k`, a simpler model or a `ridge`). In a search, such a combination
#'   has its `reason` in the table. `gmvae_warning_not_converged` if EM stops at
#'   a `max_iter` above 1.
#' @section Reproducibility: [set.seed()] governs; one draw is taken from R's
#'   generator. The result does not depend on `n_threads`.
#' @references
#' Dempster, Laird and Rubin (1977) <doi:10.1111/j.2517-6161.1977.tb01600.x>,
#' EM. Celeux and Govaert (1995) <doi:10.1016/0031-3203(94)00125-6>, the
#' covariance models. Arthur and Vassilvitskii (2007), k-means++, SODA.
#' Schwarz (1978) <doi:10.1214/aos/1176344136>, BIC. Biernacki, Celeux and
#' Govaert (2000) <doi:10.1109/34.865189>, ICL.
#' @seealso [gmm_control()]; [gmvae()] for count matrices.
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(faithful, k = 1:4)
#' fit
#' fit$search
#'
#' two <- gmm_fit(iris[, 1:4], k = 2, model = "full")
#' table(two$cluster, iris$Species)
#'
#' # One M-step from known groups
#' gmm_fit(iris[, 1:4], k = 3, model = "VVV", start = iris$Species,
#'         control = gmm_control(max_iter = 1))$loglik
#' @export
gmm_fit <- function(x, k, model = NULL, ..., start = NULL, keep_data = FALSE,
                    control = gmm_control()) {
  call <- rlang::current_env()
  check_no_dots(..., call = call)
  check_given(missing(x), missing(k))
  control <- check_gmm_control(control, call)
  keep_data <- check_flag(keep_data)
  x <- as_numeric_matrix(x)
  check_columns_differ(x)
  check_units(x)
  k <- check_k(k, x)
  models <- check_models(model, ncol(x))
  start <- check_start(start, nrow(x), k)
  fit <- gmm_bridge(x, k, models, start, control, call)
  fit$call <- call_by_name(match.call(), "gmm_fit")
  if (keep_data) fit$data <- x
  fit
}

# Compute and construct, on clean inputs.
gmm_bridge <- function(x, k, models, start, control, call) {
  seed <- draw_seed()
  search <- expand.grid(k = k, model = models, stringsAsFactors = FALSE)
  progress <- progress_reporter(control$verbose)
  best <- NULL
  rows <- vector("list", nrow(search))
  for (i in seq_len(nrow(search))) {
    cell <- fit_cell(x, search$k[i], search$model[i], start, control, seed,
                     if (nrow(search) == 1L) progress, call)
    rows[[i]] <- cell$row
    if (is.na(cell$row$reason) &&
          (is.null(best) || cell$row$bic < best$row$bic)) {
      best <- cell
    }
    if (nrow(search) > 1L && !is.null(progress)) {
      progress("Comparing mixtures", i, nrow(search), NaN)
    }
  }
  search <- do.call(rbind, rows)
  if (is.null(best)) abort_no_fit(search, call)
  warn_not_converged(best, control, call)
  new_gmm_fit(best, search, x, control)
}

# One (k, model): the core's result, the evaluation under it, and its row of
# the search table.
fit_cell <- function(x, k, model, start, control, seed, progress, call) {
  row <- data.frame(k = k, model = model, loglik = NA_real_, df = NA_integer_,
                    bic = NA_real_, icl = NA_real_, aic = NA_real_,
                    reason = NA_character_)
  options <- c(unclass(control), list(
    k = k, model = model, start = if (is.null(start)) integer() else start - 1L
  ))
  core <- rlang::try_fetch(
    with_core_errors(cpp_gmm_fit(x, options, seed, progress), call = call),
    gmvae_error_numerical = function(cnd) cnd
  )
  if (inherits(core, "condition")) {
    row$reason <- cnd_sentence(core)
    return(list(row = row))
  }
  density <- with_core_errors(
    cpp_gmm_evaluate(x, core$mixture, control$n_threads), call = call
  )
  row$loglik <- core$loglik
  row$df <- core$df
  row$bic <- -2 * core$loglik + core$df * log(nrow(x))
  row$icl <- row$bic - 2 * sum(log(confidence(density$posterior)))
  row$aic <- -2 * core$loglik + 2 * core$df
  list(row = row, core = core, posterior = density$posterior)
}

cnd_sentence <- function(cnd) {
  gsub("[[:space:]]+", " ", cnd$message)
}

abort_no_fit <- function(search, call) {
  reasons <- unique(search$reason)
  more <- length(reasons) - 1L
  gmvae_abort(c(
    "Each component of a mixture must have a covariance that is not singular.",
    x = reasons[1],
    i = if (more > 0L) "{more} more combination{?s} of k and model failed too."
  ), "numerical", call = call)
}

warn_not_converged <- function(best, control, call) {
  if (best$core$converged || control$max_iter == 1L) return(invisible())
  gmvae_warn(c(
    "EM must converge for the fit to be a maximum of the likelihood.",
    x = "It stopped after {best$core$n_iter} iteration{?s}.",
    i = "Raise `max_iter` or `tol` in {.fn gmm_control}."
  ), "not_converged", call = call)
}
