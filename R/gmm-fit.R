#' Fit Gaussian mixtures and choose among them
#'
#' Mixtures of multivariate normal distributions, fitted by
#' expectation-maximisation (EM) to rows that may have weights, missing values,
#' known labels and noise among them. All combinations of the numbers of
#' components `k` and the covariance models `model` are fitted, each from the
#' best of several starts, and the one with the best criterion is returned, with
#' a table of all.
#'
#' @param x Numeric data, **observations in rows** (n x d), in any units: a
#'   matrix, a data frame of numeric columns, or a vector (one column). No
#'   infinite values, no constant column. A matrix of doubles is not copied.
#' @param k Numbers of components to compare, whole numbers of at least 1. May
#'   be left out where `start` tells it.
#' @param model Covariance models to compare, by their codes or aliases in
#'   [gmm_models]: 14 from `"EII"` (spheres of one size) to `"VVV"` or `"full"`
#'   (any covariance for each component); `"E"` and `"V"` for data with one
#'   column. `NULL`: all.
#' @param weights A number of at least 0 for each row (n): weight 2 is the same
#'   as the row twice, weight 0 as if it were not there, though it gets a
#'   cluster.
#' @param labels Known components of some rows (n), `NA` where unknown: a factor
#'   or text, whose levels become the first components in their order and name
#'   them, or whole numbers, the components themselves. Labelled rows stay in
#'   their components.
#' @param start Where EM begins, instead of several starts, for one `k`:
#'   * a component for each row (n whole numbers from 1 to `k`, with `noise`
#'     also 0; a factor or text: its levels in their order): EM begins with an
#'     M-step, and with `gmm_control(max_iter = 1)` it also ends there;
#'   * probabilities of the components (n x k, with `noise` one column more,
#'     rows of sum 1): the same;
#'   * a list with `weights`, `means` and `covariances` as `coef()` returns, or
#'     a fit: EM begins with an E-step.
#' @param noise A component of constant density for rows far from all others:
#'   `NULL` for none, its expected share (a number between 0 and 1), or a first
#'   guess at its rows (logical, or row numbers). See `noise_density` of
#'   [gmm_control()].
#' @param prior `NULL` for maximum likelihood; `TRUE` or [gmm_prior()] for the
#'   mode of the posterior, which keeps components from collapsing.
#' @param na_action What to do with missing values: `"fail"`, an error;
#'   `"omit"`, leave their rows out (`NA` in the results); `"em"`, fit them by
#'   the values that they have, exactly (values missing at random). Rows without
#'   any value do not count.
#' @param criterion What to choose by, of each the smallest: `"bic"`, `"aic"`,
#'   `"icl"`, or `"cv"`, -2 times the log-likelihood of held-out rows, by
#'   cross-validation in the folds of [gmm_control()].
#' @param ... Must be empty: other names are errors.
#' @param keep_data Keep a copy of `x` in the fit, for its plots and
#'   predictions? `FALSE` by default; see [plot.gmm_fit()].
#' @param keep_posterior Keep the probabilities of the components (n x k)?
#'   `FALSE` by default: [predict()][predict.gmm_fit] gives them.
#' @param control Options, made by [gmm_control()].
#' @returns A `gmm_fit` object, for [predict()][predict.gmm_fit],
#'   [plot()][plot.gmm_fit], [summary()][summary.gmm_fit],
#'   [update()][update.gmm_fit], [simulate()][simulate.gmm_fit], `coef()`,
#'   `logLik()`, `nobs()`, `AIC()`, `BIC()` and [icl()]: a list with
#'   * `weights` (k): share of each component, decreasing (those of `labels`
#'     first), sum 1 (with noise: less its share)
#'   * `means` (k x d), in the units of `x`
#'   * `covariances` (d x d x k), in the squared units of `x`
#'   * `noise`: `NULL`, or a list with the `weight` of the noise, its
#'     `log_density` per unit of each column, and the `range` of the data
#'     (2 x d)
#'   * `cluster` (n): the most probable component, a whole number from 1 to `k`,
#'     0 for noise, named by row
#'   * `uncertainty` (n): 1 - the probability of `cluster`
#'   * `posterior` (n x k, with noise a last column `noise`), if kept
#'   * `loglik`: log-likelihood (natural log) of all rows
#'   * `objective`: what EM maximises: `loglik`, with a prior or a ridge plus
#'     its log-density, up to a constant
#'   * `history`: `objective` after each iteration of the start that won; it
#'     never falls
#'   * `df`: number of free parameters
#'   * `aic`, `bic`, `icl`: criteria, **smaller is better** as for
#'     [stats::BIC()]. (\pkg{mclust} reports BIC and ICL with the other sign.)
#'   * `entropy`: sum_i w_i log max_j z_ij, the difference of `icl` and `bic`
#'     over -2
#'   * `converged`, `n_iter`: did EM converge, after how many iterations
#'   * `best_start`, `starts`: which start won, and the objective that each
#'     reached, by name (`NA` where it degenerated)
#'   * `search`: a data frame with a row for each combination tried: `k`,
#'     `model`, `loglik`, `df`, `bic`, `icl`, `aic`, `cv` (`NA` unless asked
#'     for), `n_iter`, and `reason`, in words, where there is no fit
#'   * `cells`: the mixtures of the ten best combinations
#'   * `model`, `k`, `criterion`, `prior`, `labels` (the names of the known
#'     components), `columns`, `na_action`
#'   * `n`, `n_obs`: the number of rows, and the sum of the weights of those
#'     that took part; `n_incomplete`, `n_omitted`: rows with missing values,
#'     and rows left out
#'   * `data` (if kept), `call`, `control`, `seed`, `version` (of the format)
#' @details
#' Columns are centred and scaled inside and the results mapped back, so units
#' do not matter as long as doubles hold their squares: the range of a column,
#' largest value minus smallest, must be from 1e-130 to 1e130. The models
#' `"EII"`, `"VII"`, `"EVE"`, `"VVE"`, `"EEV"` and `"VEV"` are statements about
#' the units of the columns beside each other: they change with the units of
#' one column, but not with those of all.
#'
#' With n the sum of the weights, p the number of free parameters and z the
#' posterior probabilities, BIC = -2 loglik + p log n (Schwarz 1978) and
#' ICL = BIC - 2 sum_i w_i log max_j z_ij (Biernacki, Celeux and Govaert 2000).
#'
#' Combinations that can't be fitted, or only by a degenerate solution (see
#' [gmm_control()]), have their `reason` in the table, and are not chosen.
#' @section Errors: `gmvae_error_input` if `x` is not given, not numeric,
#'   without rows or with two columns of one name;
#'   `gmvae_error_data` if values are infinite, missing where `na_action` does
#'   not allow it, or a column is constant or of extreme units, or columns are
#'   linear combinations of each other where all of `model` need that they are
#'   not; `gmvae_error_option` for every other argument;
#'   `gmvae_error_numerical` if no combination has a fit (use a smaller `k`, a
#'   simpler model, a `prior` or a ridge). `gmvae_warning_not_converged` if EM
#'   stops at a `max_iter` above 1.
#' @section Reproducibility: [set.seed()] governs; one draw is taken from R's
#'   generator (by `criterion = "cv"` also one permutation of the rows). The
#'   result does not depend on `n_threads`.
#' @references
#' Dempster, Laird and Rubin (1977) <doi:10.1111/j.2517-6161.1977.tb01600.x>,
#' EM. Celeux and Govaert (1995) <doi:10.1016/0031-3203(94)00125-6>, the
#' covariance models. Fraley and Raftery (1998) <doi:10.1093/comjnl/41.8.578>,
#' the noise component. Ghahramani and Jordan (1994), missing values, NIPS 6.
#' Schwarz (1978) <doi:10.1214/aos/1176344136>, BIC. Biernacki, Celeux and
#' Govaert (2000) <doi:10.1109/34.865189>, ICL. Smyth (2000)
#' <doi:10.1023/A:1008940618127>, cross-validation.
#' @seealso [gmm_control()], [gmm_prior()], [gmm_models]; [gmvae()] for count
#'   matrices.
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(faithful, k = 1:4)
#' fit
#' head(fit$search)
#'
#' # Two components of any covariance
#' two <- gmm_fit(iris[, 1:4], k = 2, model = "full")
#' table(two$cluster, iris$Species)
#'
#' # Missing values, and noise
#' noise <- cbind(runif(20, 1, 6), runif(20, 40, 100))
#' rows <- rbind(as.matrix(faithful), noise)
#' rows[5, 1] <- NA
#' gmm_fit(rows, k = 3, model = "EEE", noise = 0.05, na_action = "em")
#'
#' # The species of some flowers are known
#' some <- replace(iris$Species, -c(1:5, 51:55, 101:105), NA)
#' gmm_fit(iris[, 1:4], k = 3, model = "VEV", labels = some)
#'
#' # One M-step from known groups
#' gmm_fit(iris[, 1:4], model = "VVV", start = iris$Species,
#'         control = gmm_control(max_iter = 1))$loglik
#' @export
gmm_fit <- function(x, k = 1:9, model = NULL, weights = NULL, labels = NULL,
                    start = NULL, noise = NULL, prior = NULL,
                    na_action = c("fail", "omit", "em"),
                    criterion = c("bic", "aic", "icl", "cv"), ...,
                    keep_data = FALSE, keep_posterior = FALSE,
                    control = gmm_control()) {
  call <- rlang::current_env()
  check_no_dots(..., call = call)
  check_given(missing(x))
  arguments <- list(
    k = if (!missing(k) || is.null(start)) check_k(k),
    model = model, weights = weights, labels = labels, start = start,
    noise = noise, prior = prior,
    na_action = if (missing(na_action)) "fail" else na_action,
    criterion = if (missing(criterion)) "bic" else criterion,
    keep_data = keep_data, keep_posterior = keep_posterior, control = control
  )
  inputs <- gmm_inputs(x, arguments, call)
  gmm_bridge(inputs, NULL, call_by_name(match.call(), "gmm_fit"), call)
}

# Compute and construct, on clean inputs. `known`: see gmm_search(); `written`:
# the call.
gmm_bridge <- function(inputs, known, written, call) {
  search <- gmm_search(inputs, known, call)
  cell <- search$found[[search$best]]
  warn_not_converged(cell, inputs$control, call)
  evaluation <- with_core_errors(
    cpp_gmm_evaluate(
      inputs$x, core_mixture(cell$mixture, search$noise),
      c("cluster", if (inputs$keep_posterior) "posterior"),
      inputs$control$n_threads
    ),
    call = call
  )
  fit <- new_gmm_fit(cell, search, inputs, evaluation)
  fit$call <- written
  if (inputs$keep_data) {
    fit$data <- inputs$given
    colnames(fit$data) <- inputs$columns
  }
  fit
}
