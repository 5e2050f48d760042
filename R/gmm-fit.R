#' Fit Gaussian mixtures by EM and choose among them
#'
#' `gmm_fit()` describes numeric data by a mixture of multivariate normal
#' distributions. It fits every combination of the numbers of components `k` and
#' the covariance models `model` by the expectation-maximisation (EM) algorithm,
#' each from several starts, and returns the combination with the smallest
#' criterion, together with a table of all. Rows may have weights, missing
#' values and known labels, and a noise component may take up outliers.
#'
#' @param x Numeric data with **observations in rows** (n x d): a matrix, a data
#'   frame of numeric columns (or matrices of one column), or a vector (one
#'   column). If the rows have names, `weights`, `labels`, `start` and `noise`
#'   with names are matched to them; names that the rows do not have are an
#'   error; without names, the order decides. Infinite values and constant
#'   columns are errors; for missing values see `na_action`. A matrix of doubles
#'   is not copied. Rows that are too many for memory come from a [row_source()]
#'   or a DelayedMatrix, see Large data. Or a formula that names columns, such
#'   as `~ eruptions + log(waiting)` or `~ .`, followed by `data`, the data
#'   frame that holds them: `gmm_fit(~ a + b, data, k = 2)`.
#' @param k Numbers of components to compare, whole numbers of at least 1. May
#'   be left out if `start` implies it.
#' @param model Covariance models to compare: codes or aliases from
#'   [gmm_models()], 14 of them from `"EII"` (spheres of equal size) to `"VVV"`
#'   or `"full"` (any covariance in each component), and `"E"` and `"V"` for
#'   data with one column. `NULL`: all.
#' @param weights Weights of the rows, n numbers of at least 0. A row of weight
#'   2 counts as two equal rows. A row of weight 0 does not influence the fit,
#'   but is assigned to a component. `NULL`: all 1.
#' @param labels Known components of some rows, a vector of length n with `NA`
#'   for unknown: a factor or text, whose levels become the first components in
#'   their order and give them their names; or whole numbers from 1, the
#'   components themselves. A labelled row stays in its component.
#' @param start Where EM starts for the given `k` (one number), instead of the
#'   automatic starts:
#'   * a component for each row: n whole numbers from 1 to `k` (0 for noise), a
#'     factor or text, whose levels are numbered in their order. EM begins with
#'     an M-step; with `gmm_control(max_iter = 1)` it also ends there;
#'   * probabilities of the components: an n x k matrix (with `noise`, one more
#'     column, the last) whose rows sum to 1. EM begins with an M-step;
#'   * parameters: a `gmm_fit`, or a list with `weights`, `means` and
#'     `covariances` as returned by [coef()][coef.gmm_fit]. EM begins with an
#'     E-step.
#' @param noise Adds a component of constant density for outliers: its expected
#'   weight, a number between 0 and 1; or a first guess at the noise rows,
#'   logical (n) or row numbers. `NULL`: no noise component. See also
#'   `noise_density` in [gmm_control()]. EM begins with one row as noise at
#'   least.
#' @param prior `NULL` for maximum likelihood; `TRUE`, or a prior from
#'   [gmm_prior()], for the maximum of the posterior density, which keeps
#'   components from collapsing onto a few rows.
#' @param na_action What to do with missing values: `"fail"` raises an error;
#'   `"omit"` leaves out incomplete rows, which have `NA` in the results; `"em"`
#'   uses all observed values and maximises their likelihood, which is right if
#'   values are missing at random. A row without any value has no influence.
#' @param criterion Criterion for the choice. The smallest of `"bic"`, `"aic"`,
#'   `"icl"`, or `"cv"`, which is -2 times the log-likelihood of left-out rows
#'   in cross-validation (`n_folds` in [gmm_control()]). Or `"test"`: sequential
#'   bootstrap tests choose k, and BIC the model, see below.
#' @param ... `data`, if `x` is a formula. Any other argument is an error that
#'   says what was meant.
#' @param keep_data `TRUE` keeps a copy of `x` in the fit, for plots and
#'   predictions without the data at hand; see [plot.gmm_fit()].
#' @param keep_posterior `TRUE` keeps the posterior probabilities in the fit: an
#'   n x k matrix of doubles, that is 8 n k bytes (80 MB for a million rows and
#'   10 components). `FALSE` saves this memory; [predict()][predict.gmm_fit]
#'   computes them from the data at any time. The default for rows on disk, see
#'   Large data, is `FALSE`.
#' @param control Options of the search and of EM, from [gmm_control()].
#' @param BPPARAM Workers that share the passes over the data: a
#'   `BiocParallelParam`, for instance `BiocParallel::SnowParam(4)`, or
#'   `"mirai"` for the daemons that `mirai::daemons()` has started. `NULL`:
#'   none. The result is the same, see Large data.
#' @returns An object of class `gmm_fit`, a list with
#'   * `weights` (k): the mixing proportions, in decreasing order (components of
#'     `labels` first); they sum to 1, or with noise to 1 minus its weight
#'   * `means` (k x d), in the units of `x`
#'   * `covariances` (d x d x k), in squared units of `x`
#'   * `noise`: `NULL`, or a list with the `weight` of the noise component, its
#'     `log_density` (natural logarithm) and the `range` of the data (2 x d)
#'   * `cluster` (n): the most probable component of each row, a whole number
#'     from 1 to `k`, or 0 for noise; named like the rows of `x`. `NULL` for
#'     more than 10,000,000 rows on disk, unless the posterior is kept
#'   * `posterior` (n x k; with noise one more column, `noise`): posterior
#'     probabilities of the components; rows sum to 1. `NULL` if not kept
#'   * `uncertainty` (n): 1 minus the largest posterior probability; `NULL`
#'     where `cluster` is
#'   * `loglik`: log-likelihood (natural logarithm)
#'   * `objective`: the value that EM maximises: `loglik`, and with a prior or a
#'     ridge also its log-density, up to a constant
#'   * `history`: `objective` after each iteration of the best start; it never
#'     falls
#'   * `df`: number of free parameters
#'   * `bic`, `icl`, `aic`: criteria; **smaller is better**, as for
#'     [stats::BIC()]. (\pkg{mclust} reports BIC and ICL with the opposite
#'     sign.)
#'   * `entropy`: (`bic` - `icl`) / 2, at most 0, see below
#'   * `converged`, `n_iter`: whether EM converged, and its iterations
#'   * `best_start`, `starts`: the number of the best start, and the objective
#'     that each start reached, named by the kind of start (`NA` for starts that
#'     ended in a degenerate solution)
#'   * `search`: a data frame with a row for each combination: `k`, `model`,
#'     `loglik`, `df`, `bic`, `icl`, `aic`, `cv` (`NA` unless it is the
#'     criterion), `n_iter`, and `reason`, which says why a combination could
#'     not be fitted (`NA` if it could)
#'   * `candidates`: the mixtures of the ten best combinations, which
#'     [update()][update.gmm_fit] uses again
#'   * `model`, `k`, `criterion`, `prior`, `na_action`: as chosen or given;
#'     `labels`: names of the labelled components; `columns`: names of the
#'     columns
#'   * `n`: number of rows; `n_obs`: sum of the weights of the rows that were
#'     used; `n_incomplete`, `n_omitted`: numbers of rows with missing values,
#'     and of rows left out
#'   * `test` (for `criterion = "test"`): a data frame with a row for each test:
#'     `k` and `against`, `model` and `model_against`, `loglik` and
#'     `loglik_against`, `df`, `statistic`, `bic_difference`, `n_boot` and
#'     `p_value`
#'   * `data` (if kept), `formula` (if given), `folds` (of the cross-validation,
#'     n), `call`, `control`, `seed`, `fingerprint` (hash of what was given for
#'     single rows), `version` (of this format)
#'
#'   Methods: [predict()][predict.gmm_fit], [plot()][plot.gmm_fit],
#'   [summary()][summary.gmm_fit], [update()][update.gmm_fit],
#'   [simulate()][simulate.gmm_fit], [coef()][coef.gmm_fit],
#'   [logLik()][logLik.gmm_fit], [nobs()][nobs.gmm_fit], [icl()]; with these,
#'   [stats::AIC()] and [stats::BIC()] work too. [fitted()][fitted.gmm_fit],
#'   [residuals()][residuals.gmm_fit], [quantile()][quantile.gmm_fit], [hdr()],
#'   [marginal()], [conditional()], [impute()] and [relabel()] say more about
#'   the distribution, and [tidy()][tidy.gmm_fit] returns data frames.
#' @section Choice of the model and of k:
#' Let n be the sum of the weights w_i, p the number of free parameters, and
#' z_ij the posterior probability of component j for row i. The criteria are
#'
#' * BIC = -2 loglik + p log n (Schwarz 1978),
#' * AIC = -2 loglik + 2 p,
#' * ICL = BIC - 2 sum_i w_i log max_j z_ij (Biernacki, Celeux and Govaert
#'   2000).
#'
#' The likelihood of a mixture is unbounded where a component collapses onto a
#' few rows, or onto rows with equal values in a column. Such degenerate
#' solutions are recognised and never chosen (see `min_rows` in
#' [gmm_control()]); a combination that has no other solution has its `reason`
#' in the search table. So has a mixture with as many parameters as the data
#' have values.
#'
#' With `criterion = "test"` the smallest k is tested against the next one: the
#' statistic is by how much the smallest BIC of the larger k, over the models,
#' is below that of the smaller one, and its distribution is found by fitting
#' the same models to samples from the best mixture of the smaller k (`n_boot`
#' of them, fewer if the decision is clear before; McLachlan 1987). As long as
#' the p-value is at most `alpha`, the test is repeated with the next k. So the
#' probability of more components than there are is at most about `alpha`, for
#' any n. The tests fit many samples: name one or a few models. See also
#' [gmm_lrt()].
#'
#' @section Large data:
#' Rows on disk, those of a [row_source()] or of a DelayedMatrix with more than
#' 1,000,000 rows, are written once to a temporary file of 8 n d bytes, from
#' which every pass of EM reads them. Everything but `keep_data = TRUE` and
#' `criterion = "test"` works as for rows in memory, and the fit has the same
#' bits. Starts come from a sample of 4,000 rows (10 k, if that is more), here
#' as there. Memory is needed for
#'
#' * a block that is being read (32 MB and what its source takes), and at most
#'   64 MB of the file at a time, whatever n,
#' * what is given or returned for single rows: 8 n bytes for `weights`, 4 n for
#'   `labels`, 12 n for `cluster` and `uncertainty` of at most 10,000,000 rows,
#'   8 n k for a posterior that is kept, and 8 n if some rows have weight 0 or,
#'   with `na_action = "em"`, missing values; `criterion = "cv"` takes
#'   8 n (d + 1) / `n_folds` bytes,
#' * the sums of a pass: 8 k d (d + 1) bytes for each of at most 32 shards, and
#'   for each combination of k and model that is compared.
#'
#' With `BPPARAM` each pass is divided among workers. A worker gets the
#' parameters of the mixture and returns the sums of its shards, parts of the
#' rows whose number (`n_shards` of [gmm_control()]) depends on the data alone;
#' the session adds them in the order of the shards. So the fit is the same, bit
#' for bit, without workers, with any number of them, and if some of them die,
#' as long as all have the same instruction set (`options(gmvae.simd)`). The
#' workers read the rows from one file: on several machines the folder
#' `options(gmvae.cache)` must be one that all of them see. Starts, runs on the
#' sample, the first pass from a given `start`, cross-validation and the final
#' assignment of the rows are the session's own work. `n_threads` is shared out
#' among the workers.
#'
#' A pass of n rows takes about 8 n k d^2 operations. It pays to share it if
#' that takes longer than asking: about 0.1 s for the sockets of BiocParallel,
#' 0.005 s for mirai, and several seconds for jobs of batchtools, which start a
#' process for each.
#'
#' A worker that dies costs its task only: workers are started anew, up to four
#' times for a pass, and what they had finished is not done again if they see
#' the session's temporary files. Workers without this version of the package
#' are an error at once.
#' @section Units and reproducibility:
#' Columns are centred and scaled internally and the results are transformed
#' back. Results therefore do not depend on units, except for the models
#' `"EII"`, `"VII"`, `"EVE"`, `"VVE"`, `"EEV"` and `"VEV"`, which compare the
#' columns with each other: they change if the units of single columns change.
#' The range of each column, largest minus smallest value, must be from 1e-130
#' to 1e130. The order of the rows and of the columns changes the order of sums
#' and with it their rounding, and the starts of more than 2,000 rows: the same
#' optimum is found to about 1e-6, or another one where several are close.
#'
#' [set.seed()] makes fits repeatable: `gmm_fit()` draws one number from R's
#' generator (and for `criterion = "cv"` one permutation of the rows). The
#' result does not depend on `n_threads`.
#' @section Sizes:
#' `x` may have up to 2^31 - 1 rows and as many columns, R's limit for the
#' extents of a matrix, and any number of values: `gmm_fit()` computes the
#' products of sizes with 64 bits. Memory is the only other limit. Besides `x`,
#' the results need 8 n (k + 2) bytes, n the number of rows (8 n 2 without
#' `keep_posterior`), and a component with its own covariance 8 d^2 bytes, d the
#' number of columns. If the memory does not suffice, the error has the class
#' `gmvae_error_core`.
#' @section Errors and warnings:
#'   * `gmvae_error_input`: `x` is missing, not numeric or empty, or two columns
#'     have the same name.
#'   * `gmvae_error_data`: values are infinite, or missing with `na_action =
#'     "fail"`; a column is constant or its range too extreme; columns are
#'     linear combinations of each other and every `model` needs an
#'     invertible covariance.
#'   * `gmvae_error_option`: another argument is out of range or unknown.
#'   * `gmvae_error_file`: rows can't be written to the temporary file, for
#'     instance as the disk is full; the message says how much they need.
#'   * `gmvae_error_package`: `BPPARAM` needs a package, or a worker has another
#'     version of this one.
#'   * `gmvae_error_worker`: workers can't be started or died too often; the
#'     message names the shards that are left.
#'   * `gmvae_error_numerical`: no combination could be fitted. Use a smaller
#'     `k`, a simpler model, a `prior` or a ridge.
#'   * `gmvae_error_core`: there is not enough memory.
#'   * `gmvae_warning_ties`: a column has more equal values than rounding
#'     explains, and combinations collapsed onto them: the warning names the
#'     column, `search` the combinations.
#'   * `gmvae_warning_not_converged`: EM stopped at `max_iter`. There is no
#'     warning for `max_iter = 1` and for `tol = 0`, which ask for that.
#' @references
#' Dempster, Laird and Rubin (1977) Maximum likelihood from incomplete data via
#' the EM algorithm. *Journal of the Royal Statistical Society B* 39, 1-38.
#' \doi{10.1111/j.2517-6161.1977.tb01600.x}
#'
#' Celeux and Govaert (1995) Gaussian parsimonious clustering models. *Pattern
#' Recognition* 28, 781-793. \doi{10.1016/0031-3203(94)00125-6}
#'
#' Fraley and Raftery (1998) How many clusters? Which clustering method? Answers
#' via model-based cluster analysis. *The Computer Journal* 41, 578-588.
#' \doi{10.1093/comjnl/41.8.578} (the noise component)
#'
#' Ghahramani and Jordan (1994) Supervised learning from incomplete data via an
#' EM approach. *Advances in Neural Information Processing Systems* 6.
#'
#' Schwarz (1978) Estimating the dimension of a model. *The Annals of
#' Statistics* 6, 461-464. \doi{10.1214/aos/1176344136}
#'
#' Biernacki, Celeux and Govaert (2000) Assessing a mixture model for clustering
#' with the integrated completed likelihood. *IEEE Transactions on Pattern
#' Analysis and Machine Intelligence* 22, 719-725. \doi{10.1109/34.865189}
#'
#' McLachlan (1987) On bootstrapping the likelihood ratio test statistic for the
#' number of components in a normal mixture. *Journal of the Royal Statistical
#' Society C* 36, 318-324. \doi{10.2307/2347790}
#'
#' Smyth (2000) Model selection for probabilistic clustering using
#' cross-validated likelihood. *Statistics and Computing* 10, 63-72.
#' \doi{10.1023/A:1008940618127}
#' @seealso [gmm_control()], [gmm_prior()], [gmm_models()]; [gmvae()] for count
#'   matrices; `vignette("mixtures")`.
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(faithful, k = 1:4)
#' fit
#' head(fit$search)
#'
#' # Two components with any covariances
#' two <- gmm_fit(iris[, 1:4], k = 2, model = "full")
#' table(two$cluster, iris$Species)
#'
#' # Missing values, and outliers
#' outliers <- cbind(runif(20, 1, 6), runif(20, 40, 100))
#' rows <- rbind(as.matrix(faithful), outliers)
#' rows[5, 1] <- NA
#' gmm_fit(rows, k = 3, model = "EEE", noise = 0.05, na_action = "em")
#'
#' # The species of some flowers are known
#' some <- replace(iris$Species, -c(1:5, 51:55, 101:105), NA)
#' gmm_fit(iris[, 1:4], k = 3, model = "VEV", labels = some)
#'
#' # Columns named by a formula
#' gmm_fit(~ eruptions + log(waiting), faithful, k = 2)
#'
#' # One M-step from known groups
#' gmm_fit(iris[, 1:4], model = "VVV", start = iris$Species,
#'         control = gmm_control(max_iter = 1))$loglik
#' @export
gmm_fit <- function(x, k = 1:9, model = NULL, weights = NULL, labels = NULL,
                    start = NULL, noise = NULL, prior = NULL,
                    na_action = c("fail", "omit", "em"),
                    criterion = c("bic", "aic", "icl", "cv", "test"), ...,
                    keep_data = FALSE, keep_posterior = TRUE,
                    control = gmm_control(), BPPARAM = NULL) {
  call <- quote(gmm_fit())
  if (!missing(x) && inherits(x, "formula")) {
    return(fit_formula(sys.call(), parent.frame()))
  }
  check_no_dots(..., call = call)
  check_given(missing(x))
  arguments <- list(
    k = if (!missing(k) || is.null(start)) check_k(k),
    model = model, weights = weights, labels = labels, start = start,
    noise = noise, prior = prior,
    na_action = if (missing(na_action)) "fail" else na_action,
    criterion = if (missing(criterion)) "bic" else criterion,
    keep_data = keep_data,
    keep_posterior = if (missing(keep_posterior)) {
      is.null(row_source_of(x, "x", call))
    } else {
      keep_posterior
    },
    control = control, BPPARAM = BPPARAM
  )
  inputs <- gmm_inputs(x, arguments, call)
  gmm_bridge(inputs, NULL, call_by_name(match.call(), "gmm_fit"), call)
}

# Computes and constructs, from checked inputs. `known`: see gmm_search();
# `written`: the call that the fit carries.
gmm_bridge <- function(inputs, known, written, call) {
  if (!is.null(inputs$BPPARAM)) {
    pool <- open_workers(inputs$BPPARAM, call)
    on.exit(pool$close())
    inputs$elsewhere <- sums_elsewhere(inputs, pool, call)
  }
  search <- gmm_search(inputs, known, call)
  candidate <- search$found[[search$best]]
  warn_not_converged(candidate, inputs$control, call)
  warn_heaps(search, inputs, call)
  wanted <- c(if (keeps_clusters(inputs)) "cluster",
              if (inputs$keep_posterior) "posterior")
  evaluation <- if (length(wanted) > 0L) {
    with_core_errors(
      cpp_gmm_evaluate(
        inputs$x, core_mixture(candidate$mixture, search$noise), wanted,
        inputs$control$n_threads
      ),
      call = call
    )
  }
  fit <- new_gmm_fit(candidate, search, inputs, evaluation)
  fit$call <- written
  fit$test <- search$test
  if (inputs$keep_data) {
    fit$data <- inputs$given
    colnames(fit$data) <- inputs$columns
  }
  fit
}

# Clusters and uncertainties of rows on disk may be more than memory holds.
keeps_clusters <- function(inputs) {
  !is_row_file(inputs$x) || inputs$keep_posterior ||
    nrow(inputs$x) <= most_clusters
}
