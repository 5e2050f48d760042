# Bootstrap and jackknife: refits of one mixture to resampled data.

#' Bootstrap a Gaussian mixture
#'
#' Fits the model of a fit of [gmm_fit()] again to many samples, so that
#' standard errors and intervals need no large-sample theory. Each refit is EM
#' from the fitted mixture, and its components are matched to those of the fit.
#'
#' @param object For `gmm_bootstrap()` a fit of [gmm_fit()]; for the methods a
#'   result of `gmm_bootstrap()`.
#' @param n Number of samples, a whole number of at least 2. The jackknife has
#'   one for each row, whatever `n`.
#' @param type How samples are made:
#'   * `"nonparametric"`: rows are drawn with replacement (Efron 1979);
#'   * `"weighted"`: the rows get random weights from a Dirichlet distribution
#'     (O'Hagan et al. 2019). No component loses all of its rows, which keeps
#'     small components from collapsing;
#'   * `"parametric"`: new rows are drawn from the fitted mixture, with values
#'     missing where they are missing in the data, and with the same labels;
#'   * `"jackknife"`: each row is left out in turn.
#'
#'   A row of weight w counts as w rows.
#' @param ... Not used.
#' @param data As in [vcov()][gmm-intervals].
#' @param n_threads Number of threads, a whole number from 1 to 1,024. `NULL`:
#'   as in the fit. The result does not depend on it.
#' @param verbose `TRUE` shows a progress bar, `FALSE` does not. `NULL`: as in
#'   the fit.
#' @param BPPARAM `NULL`, or a `BiocParallelParam` of package BiocParallel, or
#'   `"mirai"` for the daemons that `mirai::daemons()` has started: workers that
#'   share the samples and the threads. One that dies is replaced. The result
#'   does not depend on them.
#' @returns `gmm_bootstrap()` returns an object of class `gmm_bootstrap`, a list
#'   with
#'   * `replicates` (n x p): the estimates of each refit, with columns named as
#'     in [vcov()][gmm-intervals]: weights, means, variances and covariances;
#'     `NA` where the refit failed
#'   * `estimate` (p): those of the fit
#'   * `reasons` (n): why a refit failed, or `NA`
#'   * `multiplicity` (n): for how many rows a sample of the jackknife stands
#'   * `type`, `n`, `n_failed`, `seed`; `components` and `columns`, the names in
#'     the fit
#'
#'   `vcov()` gives the covariance matrix of the estimates over the samples,
#'   `confint()` a matrix of two columns, the limits of the intervals, and
#'   `plot()` invisibly the data frame of what it drew.
#' @details
#' The jackknife estimates the covariance matrix by (W - 1) / W times the sum of
#' the outer products of the deviations of its W estimates from their mean.
#' Non-integer weights are taken as numbers of rows as well: a jackknife sample
#' is without one unit of a row's weight, or all of it if that is less.
#'
#' The samples come from streams of random numbers of their own, so results are
#' the same for any number of threads and workers.
#' @section Errors: `gmvae_error_option` for arguments out of range;
#'   `gmvae_error_input` if the data, weights or labels of the fit are not
#'   found; `gmvae_error_numerical` if more than half of the refits fail;
#'   `gmvae_error_package` if `BPPARAM` is given without its package;
#'   `gmvae_error_worker` if workers can't be started or die too often.
#' @references
#' Efron (1979) Bootstrap methods: another look at the jackknife. *The Annals of
#' Statistics* 7, 1-26. \doi{10.1214/aos/1176344552}
#'
#' O'Hagan, Murphy, Scrucca and Gormley (2019) Investigation of parameter
#' uncertainty in clustering using a Gaussian mixture model via jackknife,
#' bootstrap and weighted likelihood bootstrap. *Computational Statistics* 34,
#' 1779-1813. \doi{10.1007/s00180-019-00897-9}
#' @seealso [vcov()][gmm-intervals] for standard errors without resampling,
#'   [gmm_lrt()] for the number of components.
#' @examples
#' set.seed(1)
#' fit <- gmm_fit(faithful, k = 2, model = "VVV")
#' boot <- gmm_bootstrap(fit, n = 200)
#' boot
#' confint(boot, "mean")
#' confint(boot, "cor", interval = "normal")
#' plot(boot)
#' @export
gmm_bootstrap <- function(object, n = 999,
                          type = c("nonparametric", "weighted", "parametric",
                                   "jackknife"),
                          ..., data = NULL, n_threads = NULL, verbose = NULL,
                          BPPARAM = NULL) {
  caller <- parent.frame()
  call <- quote(gmm_bootstrap())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  n <- check_count(n, min = 2, call = call)
  types <- eval(formals(gmm_bootstrap)$type)
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  control <- object$control
  if (!is.null(n_threads)) {
    control$n_threads <- check_count(n_threads, max = 1024, call = call)
  }
  if (!is.null(verbose)) control$verbose <- check_flag(verbose, call = call)
  check_bpparam(BPPARAM, call, "refit mixtures")
  inputs <- fitted_inputs(object, data, caller, call)
  inputs$control <- control
  if (type == "jackknife") {
    n <- nrow(inputs$x)
  } else {
    control$tol <- max(control$tol, refit_tol / inputs$n_obs)
  }
  seed <- draw_seed()
  progress <- progress_reporter(control$verbose)
  chunks <- in_chunks(n, control, BPPARAM, call, function(replicates, control) {
    cpp_gmm_refit(inputs$x, inputs$problem, mixture_of(object),
                  core_model(object$model), type, core_control(control),
                  c(replicates, seed = seed), progress)
  })
  new_gmm_bootstrap(chunks, object, type, inputs, seed, call)
}

# A refit stops where its log-likelihood has about this much to gain: estimates
# are then within 0.005 standard errors of the optimum. Samples of the jackknife
# differ by less than that.
refit_tol <- 1e-5

# Calls run(list(first, n), control) for all of n replicates, or for a part of
# them on each worker, and returns a list of the results.
in_chunks <- function(n, control, BPPARAM, call, run, first = 1L) {
  if (is.null(BPPARAM)) {
    return(list(with_core_errors(run(list(first = first, n = n), control),
                                 call = call)))
  }
  pool <- open_workers(BPPARAM, call)
  on.exit(pool$close())
  control$n_threads <- threads_each(control$n_threads, pool, n)
  map_tasks(runs_of(n, pool$n), function(part) {
    run(list(first = first + part[1] - 1L, n = length(part)), control)
  }, pool, call, each = "part")
}

new_gmm_bootstrap <- function(chunks, object, type, inputs, seed, call) {
  base <- estimates_of(object)
  replicates <- t(do.call(cbind, lapply(chunks, `[[`, "estimates")))
  if (is.null(object$noise)) {
    replicates <- replicates[, -(object$k + 1L), drop = FALSE]
  }
  replicates[is.nan(replicates)] <- NA
  colnames(replicates) <- base$names
  reasons <- unlist(lapply(chunks, `[[`, "reasons"))
  reasons[!nzchar(reasons)] <- NA
  failed <- !is.na(reasons)
  if (mean(failed) > 0.5) {
    worst <- names(sort(table(reasons), decreasing = TRUE))[1]
    gmvae_abort(c(
      "At least half of the refits must succeed.",
      x = "{sum(failed)} of {length(failed)} failed, mostly because {worst}.",
      i = "Use `type = \"weighted\"`, a smaller {.arg k}, or a {.arg prior}."
    ), "numerical", call = call)
  }
  weights <- inputs$problem$weights
  if (length(weights) == 0L) weights <- rep(1, nrow(inputs$x))
  structure(
    list(
      replicates = replicates,
      estimate = base$value,
      reasons = reasons,
      multiplicity = if (type == "jackknife") {
        ifelse(weights > 0, weights / pmin(1, weights)^2, 0)
      },
      type = type,
      n = nrow(replicates),
      n_failed = sum(failed),
      seed = seed,
      components = base$components,
      columns = base$columns,
      base = base
    ),
    class = "gmm_bootstrap"
  )
}

# The estimates `wanted` of all samples with a fit, a row for each.
wanted_replicates <- function(object, wanted) {
  found <- object$replicates[is.na(object$reasons), , drop = FALSE]
  simple <- wanted %in% object$base$names
  if (all(simple)) return(found[, wanted, drop = FALSE])
  values <- apply(found, 1L, function(value) {
    derive_estimates(object$base, wanted, value)
  })
  matrix(values, ncol = length(wanted), byrow = TRUE,
         dimnames = list(NULL, wanted))
}

#' @rdname gmm_bootstrap
#' @param parm As in [confint()][gmm-intervals].
#' @export
vcov.gmm_bootstrap <- function(object, ..., parm = NULL) {
  call <- quote(vcov())
  check_no_dots(..., call = call)
  wanted <- wanted_estimates(object$base, parm, base_kinds, call)
  bootstrap_covariance(object, wanted)
}

bootstrap_covariance <- function(object, wanted) {
  replicates <- wanted_replicates(object, wanted)
  if (object$type != "jackknife") return(stats::cov(replicates))
  weight <- object$multiplicity[is.na(object$reasons)]
  centre <- colSums(replicates * weight) / sum(weight)
  deviations <- sweep(replicates, 2L, centre)
  total <- sum(object$multiplicity)
  crossprod(deviations * sqrt(weight)) * (total - 1) / sum(weight)
}

#' @rdname gmm_bootstrap
#' @param level Confidence level, a number between 0 and 1.
#' @param interval Kind of interval:
#'   * `"percentile"`: quantiles of the estimates over the samples;
#'   * `"basic"`: twice the estimate minus these quantiles;
#'   * `"normal"`: from the standard error over the samples, on the scale of the
#'     `"transformed"` intervals of [confint()][gmm-intervals]. The jackknife
#'     has only this one, which is its default.
#' @export
confint.gmm_bootstrap <- function(object, parm = NULL, level = 0.95, ...,
                                  interval = c("percentile", "basic",
                                               "normal")) {
  call <- quote(confint())
  check_no_dots(..., call = call)
  kinds <- eval(formals(confint.gmm_bootstrap)$interval)
  if (missing(interval)) {
    interval <- if (object$type == "jackknife") "normal" else "percentile"
  }
  interval <- check_choice(interval, kinds, call = call)
  level <- check_level(level, call)
  wanted <- wanted_estimates(object$base, parm, interval_kinds, call)
  estimate <- derive_estimates(object$base, wanted)
  if (interval == "normal") {
    se <- sqrt(diag(bootstrap_covariance(object, wanted)))
    return(normal_intervals(estimate, se, level, TRUE))
  }
  if (object$type == "jackknife") {
    gmvae_abort(c(
      "{.arg interval} must be {.val normal} for a jackknife.",
      x = "You supplied {.val {interval}}."
    ), "option", call = call)
  }
  ends <- c((1 - level) / 2, (1 + level) / 2)
  limits <- t(apply(wanted_replicates(object, wanted), 2L, stats::quantile,
                    ends, names = FALSE, type = 6))
  if (interval == "basic") limits <- 2 * estimate - limits[, 2:1, drop = FALSE]
  `dimnames<-`(limits, list(wanted, level_names(level)))
}

#' @export
print.gmm_bootstrap <- function(x, digits = 4, ...) {
  local_decimal_point()
  name <- c(nonparametric = "Non-parametric bootstrap",
            weighted = "Weighted-likelihood bootstrap",
            parametric = "Parametric bootstrap", jackknife = "Jackknife")
  cat(cli::pluralize("{name[[x$type]]} of a Gaussian mixture of ",
                     "{length(x$components)} component{?s}: ",
                     "{format(x$n, big.mark = ',')} refits"), "\n", sep = "")
  if (x$n_failed > 0L) {
    reasons <- sort(table(x$reasons), decreasing = TRUE)
    cat(cli::pluralize("{x$n_failed} refit{?s} failed:\n"),
        paste0("  ", reasons, " x ", names(reasons), "\n"), sep = "")
  }
  cat("\nEstimates, standard errors and 95% limits:\n")
  print(bootstrap_table(x, c("weight", "mean", "sd", "cor")), digits = digits)
  invisible(x)
}

bootstrap_table <- function(object, kinds) {
  wanted <- wanted_estimates(object$base, kinds, NULL, NULL)
  se <- sqrt(diag(bootstrap_covariance(object, wanted)))
  data.frame(estimate = derive_estimates(object$base, wanted), se = se,
             confint(object, wanted), check.names = FALSE)
}

#' @rdname gmm_bootstrap
#' @param x A result of `gmm_bootstrap()`.
#' @param columns Names of the columns to draw. `NULL`: all, but at most the
#'   first six.
#' @export
plot.gmm_bootstrap <- function(x, ..., columns = NULL) {
  call <- quote(plot())
  check_no_dots(..., call = call)
  columns <- check_columns(columns, x$columns, call)
  table <- bootstrap_table(x, c("weight", "mean", "sd"))
  invisible(draw_intervals(table, columns))
}
