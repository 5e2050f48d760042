# What a classifier says: classes of rows, scores, and its printed form.

#' Predict classes
#'
#' Predicts the classes of new rows from a fit of [gmm_classify()].
#'
#' @param object A fit of [gmm_classify()], with C classes.
#' @param newdata New data, as for [predict.gmm_fit()] (m x d). `NULL`: the rows
#'   of the fit.
#' @param type What to return, see Value. The name `"prob"`, usual in R, is
#'   accepted for `"posterior"`.
#' @param ... Not used.
#' @param proportions,cost As for [gmm_classify()]. `NULL`: those of the fit.
#' @returns An element or row for each row of `newdata`, with its name:
#'   * `"class"`: the class with the smallest expected cost, which is the most
#'     probable one without `cost`: a factor (m)
#'   * `"posterior"`: probabilities of the classes (m x C); rows sum to 1
#'   * `"uncertainty"`: 1 minus the largest probability (m)
#'   * `"cost"`: the expected cost of predicting each class (m x C)
#'   * `"density"`, `"logdensity"`: the density of the mixture of all classes,
#'     or its natural logarithm (m), low for rows that are like none of them
#' @section Errors: As for [predict.gmm_fit()], and `gmvae_error_input` if other
#'   `proportions` or the density are asked for without `newdata` and the
#'   data of the fit are not found.
#' @seealso [gmm_classify()]
#' @examples
#' fit <- gmm_classify(iris[, 1:2], iris$Species)
#' new <- iris[c(1, 52, 150), ]
#' predict(fit, new)
#' predict(fit, new, type = "posterior", proportions = c(1, 1, 8))
#' @export
predict.gmm_classifier <- function(object, newdata = NULL,
                                   type = c("class", "posterior",
                                            "uncertainty", "cost",
                                            "density", "logdensity"),
                                   ..., proportions = NULL, cost = NULL) {
  caller <- parent.frame()
  call <- quote(predict())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  if (identical(type, "prob")) type <- "posterior"
  types <- eval(formals(predict.gmm_classifier)$type)
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  cost <- if (is.null(cost)) object$cost else
    check_cost(cost, object$classes, call)
  of_density <- type %in% c("density", "logdensity")
  known <- is.null(newdata) && is.null(proportions) && !of_density
  posterior <- if (known) {
    object$posterior
  } else {
    proportions <- if (is.null(proportions)) object$proportions else
      check_proportions(proportions, object$classes, call)
    x <- if (is.null(newdata)) {
      classified_data(object, NULL, "newdata", caller, call)
    } else {
      match_columns(newdata, object, call = call)
    }
    if (of_density) {
      found <- evaluate_rows(with_proportions(object, proportions), x,
                             "log_density", call)$log_density
      return(if (type == "density") exp(found) else found)
    }
    class_posterior(object, x, proportions, call)
  }
  switch(type,
    class = decide(posterior, cost),
    posterior = posterior,
    uncertainty = stats::setNames(
      1 - do.call(pmax, as.data.frame(posterior)), rownames(posterior)
    ),
    cost = expected_cost(posterior, cost)
  )
}

expected_cost <- function(posterior, cost) {
  if (is.null(cost)) return(1 - posterior)
  `dimnames<-`(posterior %*% cost, dimnames(posterior))
}

#' Summarise a classifier
#'
#' @param object A fit of [gmm_classify()].
#' @param ... Not used.
#' @param newdata,class Rows that were not used to learn, as for
#'   [predict.gmm_classifier()], and their classes, to measure the errors in
#'   these.
#' @returns A `summary_gmm_classifier` object, a list with the `fit`;
#'   `training`, a list with `error`, `brier`, `mean_cost` and `confusion` for
#'   the rows of the fit; and `test`, the same for `newdata`, or `NULL`.
#' @section Errors: As for [predict.gmm_fit()]; `gmvae_error_option` if `class`
#'   has not one of the known classes for each row.
#' @seealso [gmm_classify()]
#' @examples
#' odd <- seq(1, 150, 2)
#' fit <- gmm_classify(iris[odd, 1:4], iris$Species[odd])
#' summary(fit, newdata = iris[-odd, ], class = iris$Species[-odd])
#' @export
summary.gmm_classifier <- function(object, ..., newdata = NULL, class = NULL) {
  call <- quote(summary())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  parts <- c("error", "brier", "mean_cost", "confusion")
  test <- if (!is.null(newdata)) {
    posterior <- class_posterior(object, match_columns(newdata, object,
                                                       call = call),
                                 call = call)
    class <- check_class(class, nrow(posterior), call, object$classes)
    class_scores(posterior, decide(posterior, object$cost), class,
                 rep(1, nrow(posterior)), object$cost)
  }
  structure(list(fit = object, training = unclass(object)[parts], test = test),
            class = "summary_gmm_classifier")
}

#' @export
print.gmm_classifier <- function(x, ...) {
  validate_fit(x, "x")
  print_classifier(x)
  print_scores(x, "Rows of the fit")
  invisible(x)
}

#' @export
print.summary_gmm_classifier <- function(x, digits = 4, ...) {
  print_classifier(x$fit)
  print_scores(x$training, "Rows of the fit")
  if (!is.null(x$test)) print_scores(x$test, "New rows")
  if (nrow(x$fit$search) > 1L) {
    cat("\nBest combinations:\n")
    print(best_classifiers(x$fit), row.names = FALSE, digits = 7)
  }
  invisible(x)
}

print_classifier <- function(x) {
  cat(classifier_headline(x), "", sep = "\n")
  table <- x$models
  table$proportion <- x$proportions
  print(table, row.names = FALSE, digits = 3)
  cat(sprintf("\nlog-likelihood %s   df %d   BIC %s   AIC %s\n",
              format_criterion(x$loglik), as.integer(x$df),
              format_criterion(x$bic), format_criterion(x$aic)))
}

classifier_headline <- function(x) {
  kind <- if (x$type == "edda") "one component for each class" else
    "a mixture for each class"
  c(cli::pluralize("Classifier of {length(x$classes)} class{?es}: ", kind),
    cli::pluralize("{x$n} row{?s} x {length(x$columns)} column{?s}, chosen by ",
                   "{toupper(x$criterion)}"))
}

print_scores <- function(scores, what) {
  cat(sprintf("\n%s: error %s, Brier score %s", what,
              percent(scores$error), format(scores$brier, digits = 3)))
  if (!isTRUE(all.equal(scores$mean_cost, scores$error))) {
    cat(", mean cost", format(scores$mean_cost, digits = 3))
  }
  cat("\n")
  print(scores$confusion)
}

best_classifiers <- function(x) {
  table <- x$search
  if (x$type == "mixture") {
    best <- lapply(split(table, table$class), function(rows) {
      utils::head(rows[order(rows[[x$criterion]], na.last = NA), ], 2L)
    })
    table <- do.call(rbind, best[x$classes])
    return(table[c("class", "k", "model", "loglik", "df", x$criterion)])
  }
  by <- if (x$criterion == "cv") c("error", "brier") else x$criterion
  order <- do.call(order, c(unname(table[by]), list(na.last = NA)))
  utils::head(table[order, unique(c("model", "loglik", "df", by))], 5L)
}
