#' Plot a classifier
#'
#' Draws a fit of [gmm_classify()], or its cross-validation, with base graphics.
#'
#' @param x A fit of [gmm_classify()], or the result of [gmm_classify_cv()],
#'   which has the type `"calibration"` only.
#' @param type What to draw:
#'   * `"classification"`: the rows, coloured by their class. Two columns: the
#'     regions of the predicted classes and the boundaries between them, which
#'     follow `proportions` and `cost`. One column: a histogram with the density
#'     of each class. More than two: all pairs of columns, with an ellipse that
#'     holds 90% of each component.
#'   * `"uncertainty"`: as before, for two columns with the uncertainty of the
#'     prediction as a grey background.
#'   * `"error"`: as `"classification"`, with circles around misclassified rows
#'     (two columns).
#'   * `"calibration"`: how often rows are in a class (with 95% intervals of
#'     Wilson 1927) against the probability that was predicted for it. A
#'     calibrated classifier is on the diagonal. The rows of a fit look better
#'     than new ones: plot the result of [gmm_classify_cv()].
#' @param ... Not used.
#' @param data The data that were fitted, see [plot.gmm_fit()].
#' @param columns Names of the columns to draw. `NULL`: all, but at most the
#'   first six. The classifier is drawn in these columns only: boundaries for
#'   two columns are those of the marginal distributions of the classes.
#' @param n_bins Number of intervals of equal width that predicted probabilities
#'   are put into, a whole number from 2 to 100.
#' @returns Invisibly, a data frame of what was drawn: the columns with `class`,
#'   `predicted` and `uncertainty`; or, for `"calibration"`, `class`, `bin`, `n`
#'   (sum of weights), `predicted` (mean), `observed`, and its interval `lower`
#'   and `upper`.
#' @section Errors:
#'   * `gmvae_error_option`: an unknown `type`, unknown `columns`, `n_bins` out
#'     of range, or an unknown argument.
#'   * `gmvae_error_input`: `data` are not found, or are not the data of the
#'     fit.
#' @references Wilson (1927) Probable inference, the law of succession, and
#'   statistical inference. *Journal of the American Statistical Association*
#'   22, 209-212.
#' @seealso [gmm_classify()], [gmm_classify_cv()]
#' @examples
#' fit <- gmm_classify(iris[, 1:2], iris$Species)
#' plot(fit)
#' plot(fit, "uncertainty")
#' plot(fit, "error")
#' plot(gmm_classify_cv(fit, folds = 5), n_bins = 5)
#' @export
plot.gmm_classifier <- function(x, type = c("classification", "uncertainty",
                                            "error", "calibration"),
                                ..., data = NULL, columns = NULL,
                                n_bins = 10) {
  caller <- parent.frame()
  call <- quote(plot())
  check_no_dots(..., call = call)
  validate_fit(x, "x", call)
  types <- eval(formals(plot.gmm_classifier)$type)
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  if (type == "calibration") {
    n_bins <- check_count(n_bins, min = 2, max = 100, call = call)
    return(invisible(plot_calibration(x, n_bins, "rows of the fit")))
  }
  points <- classified_data(x, data, "data", caller, call)
  columns <- check_columns(columns, x$columns, call)
  colnames(points) <- x$columns
  view <- view_columns(classifier_view(x, points), columns)
  plot_groups(view, if (type == "uncertainty") type else "regions")
  if (type == "error" && length(columns) == 2L) {
    wrong <- which(x$predicted != x$class)
    graphics::points(view$points[wrong, , drop = FALSE], cex = 1.7, lwd = 1.5)
  }
  invisible(data.frame(view$points, class = x$class, predicted = x$predicted,
                       uncertainty = x$uncertainty, check.names = FALSE))
}

#' @rdname plot.gmm_classifier
#' @export
plot.gmm_classify_cv <- function(x, type = "calibration", ..., n_bins = 10) {
  call <- quote(plot())
  check_no_dots(..., call = call)
  check_choice(type, "calibration", call = call)
  n_bins <- check_count(n_bins, min = 2, max = 100, call = call)
  invisible(plot_calibration(x, n_bins, "rows left out"))
}

# The view of plot_groups(), with components weighted by the proportions that
# predictions use.
classifier_view <- function(x, points) {
  ratio <- (x$proportions / x$shares)[x$component_class]
  list(
    points = points, group = as.integer(x$class), names = x$classes,
    weights = x$weights * ratio, means = x$means, covariances = x$covariances,
    component_group = x$component_class, cost = x$cost, legend = "Class",
    title = classifier_title(x)
  )
}

classifier_title <- function(x) {
  if (x$type == "edda") return(paste("One component for each class, model",
                                     x$models$model[1]))
  sprintf("Mixtures of %s components", toString(x$models$k))
}

# The data of a classifier: given as the argument `arg`, or held by it, or found
# by its call.
classified_data <- function(object, data, arg, envir, call) {
  is_same <- function(object, x) {
    nrow(x) == object$n &&
      isTRUE(all.equal(unname(class_posterior(object, x, call = call)),
                       unname(object$posterior), tolerance = 1e-6))
  }
  find_data(object, data, arg, envir, call, is_same,
            "The fit predicts other probabilities for these rows than those it
             holds.")
}

plot_calibration <- function(x, n_bins, rows) {
  table <- calibration_table(x, n_bins)
  # With two classes, one curve mirrors the other.
  shown <- if (length(x$classes) == 2L) x$classes[2] else x$classes
  colours <- group_colours(x$classes)
  old <- graphics::par(mar = c(4.2, 4.2, 2.8, 7), las = 1, mgp = c(2.6, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(NULL, xlim = 0:1, ylim = 0:1, bty = "l",
                 xlab = "Predicted probability",
                 ylab = "Share of the rows in the class",
                 main = paste("Calibration,", rows))
  graphics::abline(0, 1, lty = 2, col = "grey50")
  for (class in shown) {
    part <- table[table$class == class, ]
    graphics::segments(part$predicted, part$lower, part$predicted, part$upper,
                       col = colours[class])
    graphics::lines(part$predicted, part$observed, type = "o", pch = 19,
                    lwd = 1.5, col = colours[class])
  }
  graphics::legend(graphics::par("usr")[2], graphics::par("usr")[4], shown,
                   title = "Class", col = colours[shown], pch = 19, lwd = 1.5,
                   bty = "n", xpd = NA)
  table
}

# For each class and interval of probabilities that has rows: how many, their
# mean probability, and the share that is in the class, with its interval.
calibration_table <- function(x, n_bins) {
  weights <- x$row_weights
  if (is.null(weights)) weights <- rep(1, nrow(x$posterior))
  rows <- which(weights > 0 & !is.na(x$posterior[, 1]))
  w <- weights[rows]
  parts <- lapply(seq_along(x$classes), function(class) {
    p <- x$posterior[rows, class]
    bin <- pmin(floor(p * n_bins) + 1, n_bins)
    sums <- rowsum(cbind(w, w * p, w * (as.integer(x$class)[rows] == class)),
                   bin)
    n <- sums[, 1]
    observed <- sums[, 3] / n
    data.frame(class = x$classes[class], bin = as.integer(rownames(sums)),
               n = n, predicted = sums[, 2] / n, observed = observed,
               wilson_interval(observed, n), row.names = NULL)
  })
  do.call(rbind, parts)
}

# 95% interval of a share of n (Wilson 1927).
wilson_interval <- function(share, n) {
  z <- stats::qnorm(0.975)
  centre <- (share + z^2 / (2 * n)) / (1 + z^2 / n)
  half <- z / (1 + z^2 / n) * sqrt(share * (1 - share) / n + z^2 / (4 * n^2))
  data.frame(lower = pmax(centre - half, 0), upper = pmin(centre + half, 1))
}
