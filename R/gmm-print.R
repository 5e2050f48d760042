# A fit and its summary on the screen.

#' @export
print.gmm_fit <- function(x, ...) {
  local_decimal_point()
  validate_fit(x, "x")
  cat(fit_headline(x), "", fit_origin(x), sep = "\n")
  if (holds_clusters(x)) {
    cat("\nRows assigned to each component:\n")
    print(cluster_sizes(x))
  } else {
    cat("\nThe fit does not hold the components of its rows: see predict().\n")
  }
  print_best(x, 3L)
  invisible(x)
}

# The model and its criteria.
fit_headline <- function(x) {
  weighted <- if (x$n_obs != x$n - x$n_omitted) {
    paste0(" (sum of weights ", format(x$n_obs), ")")
  }
  c(
    cli::pluralize("Gaussian mixture of {x$k} component{?s}, ",
                   "{x$n} row{?s}{weighted} x {length(x$columns)} column{?s}"),
    paste0("Model ", x$model, ": ", describe_model(x$model)),
    "",
    sprintf("log-likelihood %s   df %d   BIC %s   ICL %s   AIC %s",
            format_criterion(x$loglik), x$df, format_criterion(x$bic),
            format_criterion(x$icl), format_criterion(x$aic))
  )
}

# How the fit was found, and what a user should know before trusting it.
fit_origin <- function(x) {
  say <- cli::pluralize
  noise <- x$noise$weight
  n_noise <- sum(x$cluster == 0L, na.rm = TRUE)
  c(
    paste0(convergence_line(x), "."),
    if (length(x$starts) > 1L) {
      say("Best of {length(x$starts)} starts: {best_start_name(x)}.")
    },
    if (!is.null(noise)) {
      say("Noise: weight {percent(noise)}",
          if (holds_clusters(x)) ", {n_noise} row{?s} assigned", ".")
    },
    if (!is.null(x$labels)) {
      say("Labelled components: {x$labels}.")
    },
    test_lines(x),
    if (!is.null(x$prior)) paste0("Prior: ", describe_prior(x$prior), "."),
    if (x$n_omitted > 0L) {
      say("{x$n_omitted} row{?s} with missing values {?was/were} left out.")
    } else if (x$n_incomplete > 0L) {
      say("{x$n_incomplete} row{?s} {?has/have} missing values.")
    },
    empty_note(x)
  )
}

convergence_line <- function(x) {
  if (x$n_iter == 0L) return("Taken over from mclust")
  n <- format(x$n_iter, big.mark = ",")
  iterations <- paste(n, if (x$n_iter == 1L) "iteration" else "iterations")
  if (x$converged) return(paste("Converged after", iterations))
  asked <- x$control$max_iter == 1L || isTRUE(x$control$tol == 0)
  if (asked) return(paste("EM ran for", iterations))
  paste("NOT converged after", iterations)
}

# Starts from another model's solution have its code as their name.
best_start_name <- function(x) {
  name <- names(x$starts)[x$best_start]
  if (name %in% plane_models$code) paste("the solution of", name) else name
}

empty_note <- function(x) {
  if (!holds_clusters(x)) return(NULL)
  empty <- names(x$weights)[!seq_len(x$k) %in% x$cluster]
  if (x$k == 1L || length(empty) == 0L) return(NULL)
  cli::pluralize("{cli::qty(empty)}Component{?s} {empty} {?has/have} no ",
                 "assigned rows: k may be too large.")
}

# The best candidates, and how far their criteria are from the best.
print_best <- function(x, n) {
  if (nrow(x$search) < 2L) return(invisible())
  failed <- sum(is.na(x$search[[ranked_by(x$criterion)]]))
  cat("\nBest of ", nrow(x$search) - failed, " mixtures by ",
      toupper(ranked_by(x$criterion)), " (smaller is better):\n", sep = "")
  print(best_rows(x, n), row.names = FALSE, digits = 7)
  if (failed > 0L) {
    what <- if (x$criterion == "test") "have no fit" else "could not be fitted"
    cat(failed, paste0("more ", what, "; $search says why.\n"))
  }
}

best_rows <- function(x, n) {
  value <- x$search[[ranked_by(x$criterion)]]
  rows <- utils::head(order(value, na.last = NA), n)
  columns <- unique(c("k", "model", "loglik", "df", ranked_by(x$criterion)))
  best <- x$search[rows, columns]
  best$difference <- value[rows] - value[rows[1]]
  best
}

cluster_factor <- function(x) {
  levels <- c(names(x$weights), if (!is.null(x$noise)) "noise")
  codes <- ifelse(x$cluster == 0L, x$k + 1L, x$cluster)
  factor(levels[codes], levels)
}

# A fit to very many rows on disk does not.
holds_clusters <- function(x) !is.null(x$cluster)

check_holds_clusters <- function(object, call, arg = "object") {
  if (holds_clusters(object)) return(invisible())
  gmvae_abort(c(
    "{.arg {arg}} must hold the components of its rows.",
    x = "It was fitted to {object$n} rows on disk, and holds none.",
    i = "{.fn predict} finds them, and {.code keep_posterior = TRUE} of
         {.fn gmm_fit} keeps them."
  ), "input", call = call)
}

cluster_sizes <- function(x) {
  table(cluster_factor(x), dnn = NULL)
}

format_criterion <- function(value) {
  formatC(value, format = "f", digits = 3)
}

percent <- function(share) paste0(format(100 * share, digits = 2), "%")

#' Summarise a Gaussian mixture
#'
#' Prints the model, the parameters of its components, the best combinations of
#' `k` and `model`, and why others could not be fitted.
#'
#' @param object A fit of [gmm_fit()], with k components.
#' @param ... Not used.
#' @param se `TRUE` adds standard errors and 95% confidence limits of weights,
#'   means, standard deviations and correlations, as [confint()][gmm-intervals]
#'   has them.
#' @param data As in [vcov()][gmm-intervals], for `se = TRUE`.
#' @returns A `summary_gmm_fit` object, a list with
#'   * `fit`: the fit
#'   * `components`: a data frame with a row for each component, and one for
#'     noise: `weight`; `rows`, the number of rows assigned to it;
#'     `uncertainty`, their mean uncertainty (`NA` without rows, and both `NA`
#'     if the fit does not hold the components of its rows)
#'   * `best`: the five best rows of the search table, with the `difference` of
#'     each from the best
#'   * `se`: with `se = TRUE` a data frame with `estimate`, `se` and limits
#'   * `reasons`: a table of the reasons why combinations could not be fitted
#' @seealso [gmm_fit()]
#' @examples
#' summary(gmm_fit(faithful, k = 2))
#' @export
summary.gmm_fit <- function(object, ..., se = FALSE, data = NULL) {
  caller <- parent.frame()
  validate_fit(object)
  groups <- cluster_factor(object)
  reasons <- object$search$reason
  structure(
    list(
      fit = object,
      components = data.frame(
        weight = c(object$weights, object$noise$weight),
        rows = if (holds_clusters(object)) as.vector(table(groups)) else NA,
        uncertainty = if (holds_clusters(object)) {
          as.vector(tapply(object$uncertainty, groups, mean))
        } else {
          NA
        },
        row.names = levels(groups)
      ),
      best = best_rows(object, 5L),
      se = if (check_flag(se)) {
        standard_errors(object, 0.95, data, caller, quote(summary()))
      },
      reasons = sort(table(reasons, dnn = NULL), decreasing = TRUE)
    ),
    class = "summary_gmm_fit"
  )
}

#' @export
print.summary_gmm_fit <- function(x, digits = 4, ...) {
  local_decimal_point()
  fit <- x$fit
  cat(fit_headline(fit), "", fit_origin(fit), sep = "\n")
  cat("\nComponents (weight, assigned rows, mean uncertainty of these rows):\n")
  print(x$components, digits = digits)
  cat("\nMeans:\n")
  print(fit$means, digits = digits)
  cat("\nStandard deviations:\n")
  print(component_sd(fit), digits = digits)
  print_standard_errors(x$se, digits)
  print_best(fit, 5L)
  if (length(x$reasons) > 0L) {
    cat("\nCombinations that could not be fitted:\n")
    cat(paste0("  ", x$reasons, " x ", names(x$reasons), "\n"), sep = "")
  }
  invisible(x)
}

component_sd <- function(object) {
  variances <- apply(object$covariances, 3, diag)
  sd <- sqrt(matrix(variances, nrow(object$means), byrow = TRUE))
  `dimnames<-`(sd, dimnames(object$means))
}
