# The fit: built here only, then printed and summarised.

# `cell` is what fit_cell() returns, `search` the table of all cells.
new_gmm_fit <- function(cell, search, x, control) {
  core <- cell$core
  row <- cell$row
  columns <- colnames(x)
  components <- as.character(seq_len(row$k))
  posterior <- `dimnames<-`(cell$posterior, list(rownames(x), components))
  structure(
    list(
      weights = stats::setNames(core$mixture$weights, components),
      means = `dimnames<-`(core$mixture$means, list(components, columns)),
      covariances = `dimnames<-`(core$mixture$covariances,
                                 list(columns, columns, components)),
      posterior = posterior,
      cluster = class_of(posterior),
      uncertainty = uncertainty_of(posterior),
      loglik = row$loglik,
      history = core$history,
      df = row$df,
      aic = row$aic,
      bic = row$bic,
      icl = row$icl,
      converged = core$converged,
      n_iter = core$n_iter,
      best_start = core$best_start,
      starts = ifelse(is.nan(core$starts), NA, core$starts),
      search = search,
      model = row$model,
      k = row$k,
      n = nrow(x),
      columns = columns,
      call = NULL,
      control = control,
      version = gmvae_format
    ),
    class = "gmm_fit"
  )
}

# The most probable component of each row, the first of equals.
class_of <- function(posterior) {
  stats::setNames(max.col(posterior, ties.method = "first"),
                  rownames(posterior))
}

uncertainty_of <- function(posterior) {
  stats::setNames(1 - confidence(posterior), rownames(posterior))
}

#' @export
print.gmm_fit <- function(x, ...) {
  check_fit(x, "x")
  cat(fit_headline(x), sep = "\n")
  cat("\nRows by most probable component:\n")
  print(table(factor(x$cluster, seq_len(x$k)), dnn = NULL))
  cat("\n")
  cat(fit_origin(x), sep = "\n")
  invisible(x)
}

# What was fitted and how well.
fit_headline <- function(x) {
  c(
    cli::pluralize("Gaussian mixture of {x$k} component{?s}, ",
                   "{x$n} rows x {length(x$columns)} column{?s}"),
    paste0("Model ", x$model, ": ", describe_model(x)),
    "",
    sprintf("log-likelihood %s   df %d   BIC %s   ICL %s   AIC %s",
            format_criterion(x$loglik), x$df, format_criterion(x$bic),
            format_criterion(x$icl), format_criterion(x$aic))
  )
}

describe_model <- function(x) {
  if (length(x$columns) > 1L) {
    return(gmm_models$description[match(x$model, gmm_models$code)])
  }
  if (x$model == "EEE") "equal variances" else "varying variances"
}

# Where it came from, and what a user should know before trusting it.
fit_origin <- function(x) {
  tried <- nrow(x$search)
  failed <- sum(!is.na(x$search$reason))
  n_starts <- length(x$starts)
  say <- cli::pluralize
  c(
    say(if (x$converged) "Converged" else "NOT converged",
        " after {x$n_iter} iteration{?s}",
        if (n_starts > 1L) "; start {x$best_start} of {n_starts} won", "."),
    if (tried > 1L) {
      say("Smallest BIC of {tried - failed} mixtures",
          if (failed > 0L) " ({failed} more had no fit: see $search)", ".")
    },
    if (x$k > 1L && min(tabulate(x$cluster, x$k)) == 0L) {
      "A component is the most probable one of no row: k may be too large."
    }
  )
}

format_criterion <- function(value) {
  formatC(value, format = "f", digits = 3)
}

#' Summarise a Gaussian mixture
#'
#' @param object A fit of [gmm_fit()].
#' @param ... Not used.
#' @returns A `summary_gmm_fit` object, shown by `print()`: a list with `fit`,
#'   `components` (a data frame with a row per component: `weight`, `rows` whose
#'   most probable one it is, their mean `uncertainty`), and `best`, the five
#'   best rows of the search table.
#' @seealso [gmm_fit()]
#' @examples
#' summary(gmm_fit(faithful, k = 2))
#' @export
summary.gmm_fit <- function(object, ...) {
  check_fit(object)
  groups <- factor(object$cluster, seq_len(object$k))
  best <- object$search[order(object$search$bic), names(object$search) !=
                          "reason"]
  structure(
    list(
      fit = object,
      components = data.frame(
        weight = object$weights,
        rows = as.vector(table(groups)),
        uncertainty = as.vector(tapply(object$uncertainty, groups, mean)),
        row.names = names(object$weights)
      ),
      best = utils::head(best[!is.na(best$bic), ], 5)
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
  variances <- apply(fit$covariances, 3, diag)
  sd <- sqrt(matrix(variances, nrow(fit$means), byrow = TRUE))
  print(`dimnames<-`(sd, dimnames(fit$means)), digits = digits)
  if (nrow(x$best) > 1L) {
    cat("\nBest by BIC:\n")
    print(x$best, row.names = FALSE, digits = 7)
  }
  invisible(x)
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
#'   rows.
#'   `coef()`: a list with `weights` (k), `means` (k x d) and `covariances`
#'   (d x d x k), as in the fit.
#' @seealso [gmm_fit()]
#' @examples
#' fit <- gmm_fit(faithful, k = 2)
#' logLik(fit)
#' BIC(fit) - fit$bic
#' coef(fit)$means
#' @name gmm_methods
#' @importFrom stats coef logLik nobs
#' @export
logLik.gmm_fit <- function(object, ...) {
  structure(object$loglik, df = object$df, nobs = object$n, class = "logLik")
}

#' @rdname gmm_methods
#' @export
nobs.gmm_fit <- function(object, ...) {
  object$n
}

#' @rdname gmm_methods
#' @export
coef.gmm_fit <- function(object, ...) {
  unclass(object)[c("weights", "means", "covariances")]
}
