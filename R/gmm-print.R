# A fit on one screen.

#' @export
print.gmm_fit <- function(x, ...) {
  check_fit(x, "x")
  cat(fit_headline(x), "", fit_origin(x), sep = "\n")
  cat("\nRows by most probable component:\n")
  print(cluster_sizes(x))
  print_best(x, 3L)
  invisible(x)
}

# What was fitted and how well.
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

# Where it came from, and what a user should know before trusting it.
fit_origin <- function(x) {
  n_starts <- length(x$starts)
  say <- cli::pluralize
  omitted <- x$n_omitted
  incomplete <- x$n_incomplete
  best <- names(x$starts)[x$best_start]
  won <- if (n_starts > 1L) {
    paste0("; start ", x$best_start, " of ", n_starts, " (", best, ") won")
  } else {
    ""
  }
  c(
    say(if (x$converged) "Converged" else "NOT converged",
        " after {x$n_iter} iteration{?s}{won}."),
    if (!is.null(x$noise)) {
      sprintf("Noise: %s of all, %d rows most probably.",
              percent(x$noise$weight), sum(x$cluster == 0L, na.rm = TRUE))
    },
    if (!is.null(x$labels)) {
      say("Known components: {x$labels}.")
    },
    if (!is.null(x$prior)) paste0("Prior: ", describe_prior(x$prior), "."),
    if (omitted > 0L) {
      say("{omitted} row{?s} with missing values {?is/are} left out.")
    } else if (incomplete > 0L) {
      say("{incomplete} row{?s} {?has/have} missing values.")
    },
    if (x$k > 1L && !all(seq_len(x$k) %in% x$cluster)) {
      "A component is the most probable one of no row: k may be too large."
    }
  )
}

# The best of the search, with their distance to the first.
print_best <- function(x, n) {
  best <- best_rows(x, n)
  if (nrow(x$search) < 2L) return(invisible())
  failed <- sum(is.na(x$search[[x$criterion]]))
  cat("\nBest of ", nrow(x$search) - failed, " mixtures by ",
      toupper(x$criterion),
      if (failed > 0L) sprintf(" (%d more had no fit: see $search)", failed),
      ":\n", sep = "")
  print(best, row.names = FALSE, digits = 7)
}

best_rows <- function(x, n) {
  value <- x$search[[x$criterion]]
  rows <- utils::head(order(value, na.last = NA), n)
  columns <- unique(c("k", "model", "loglik", "df", x$criterion))
  best <- x$search[rows, columns]
  best$difference <- value[rows] - value[rows[1]]
  best
}

cluster_factor <- function(x) {
  levels <- c(names(x$weights), if (!is.null(x$noise)) "noise")
  codes <- ifelse(x$cluster == 0L, x$k + 1L, x$cluster)
  factor(levels[codes], levels)
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
#' @param object A fit of [gmm_fit()].
#' @param ... Not used.
#' @returns A `summary_gmm_fit` object, shown by `print()`: a list with `fit`,
#'   `components` (a data frame with a row per component, and one for noise:
#'   `weight`, `rows` whose most probable one it is, their mean `uncertainty`),
#'   `best`, the five best rows of the search table, and `reasons`, a table of
#'   why combinations have no fit.
#' @seealso [gmm_fit()]
#' @examples
#' summary(gmm_fit(faithful, k = 2))
#' @export
summary.gmm_fit <- function(object, ...) {
  check_fit(object)
  groups <- cluster_factor(object)
  reasons <- object$search$reason
  structure(
    list(
      fit = object,
      components = data.frame(
        weight = c(object$weights, object$noise$weight),
        rows = as.vector(table(groups)),
        uncertainty = as.vector(tapply(object$uncertainty, groups, mean)),
        row.names = levels(groups)
      ),
      best = best_rows(object, 5L),
      reasons = sort(table(reasons, dnn = NULL), decreasing = TRUE)
    ),
    class = "summary_gmm_fit"
  )
}

#' @export
print.summary_gmm_fit <- function(x, digits = 4, ...) {
  fit <- x$fit
  cat(fit_headline(fit), "", fit_origin(fit), sep = "\n")
  cat("\nComponents (weight, rows, their mean uncertainty):\n")
  print(x$components, digits = digits)
  cat("\nMeans:\n")
  print(fit$means, digits = digits)
  cat("\nStandard deviations:\n")
  print(component_sd(fit), digits = digits)
  print_best(fit, 5L)
  if (length(x$reasons) > 0L) {
    cat("\nWithout a fit:\n")
    cat(paste0("  ", x$reasons, " x ", names(x$reasons), "\n"), sep = "")
  }
  invisible(x)
}

component_sd <- function(object) {
  variances <- apply(object$covariances, 3, diag)
  sd <- sqrt(matrix(variances, nrow(object$means), byrow = TRUE))
  `dimnames<-`(sd, dimnames(object$means))
}
