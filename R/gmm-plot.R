#' Plot a Gaussian mixture
#'
#' @param x A fit of [gmm_fit()].
#' @param what What to draw:
#'   * `"classification"`: the rows, coloured by their most probable component,
#'     with ellipses that hold 90% of each component (one column: a histogram
#'     with the density of the mixture and of its components; more than two:
#'     all pairs of columns);
#'   * `"uncertainty"`: the same, points the larger the less sure their
#'     component is (one column: uncertainty against value);
#'   * `"BIC"`: BIC of each model tried against the number of components, the
#'     choice ringed; smaller is better. Values far above the best of every `k`
#'     are cut off, and the models named that are;
#'   * `"trace"`: the log-likelihood over the iterations of EM.
#' @param ... Must be empty.
#' @param data The data that were fitted, for the first two. `NULL`: the copy
#'   that the fit has kept (`keep_data = TRUE`), or else what the `x` of the
#'   call of [gmm_fit()] gives where `plot()` is called. Data whose component
#'   probabilities differ from those of the fit are refused.
#' @param columns Names of the columns to draw; `NULL`: all, but at most the
#'   first six.
#' @returns Invisibly a data frame of what was drawn: the columns drawn with
#'   `cluster` and `uncertainty`, the search table, or `iteration` and `loglik`.
#' @section Errors: `gmvae_error_option` for an unknown `what` or `columns`,
#'   `gmvae_error_input` where `data` can't be found or are not those of the
#'   fit.
#' @seealso [gmm_fit()]
#' @examples
#' fit <- gmm_fit(faithful, k = 1:4)
#' plot(fit)
#' plot(fit, "uncertainty")
#' plot(fit, "BIC")
#' plot(fit, "trace")
#' @export
plot.gmm_fit <- function(x, what = c("classification", "uncertainty", "BIC",
                                     "trace"), ..., data = NULL,
                         columns = NULL) {
  caller <- parent.frame()
  call <- quote(plot())
  check_no_dots(..., call = call)
  check_fit(x, "x", call)
  kinds <- eval(formals(plot.gmm_fit)$what)
  what <- if (missing(what)) kinds[1] else check_choice(what, kinds,
                                                        call = call)
  if (what == "BIC") return(invisible(plot_criterion(x)))
  if (what == "trace") return(invisible(plot_trace(x)))
  points <- fitted_data(x, data, caller, call)
  columns <- check_columns(columns, x$columns, call)
  points <- points[, columns, drop = FALSE]
  uncertain <- what == "uncertainty"
  if (length(columns) == 1L) {
    (if (uncertain) plot_value_uncertainty else plot_density)(x, points)
  } else if (length(columns) == 2L) {
    plot_plane(x, points, uncertain)
  } else {
    plot_pairs(x, points, uncertain)
  }
  invisible(data.frame(points, cluster = x$cluster,
                       uncertainty = x$uncertainty, check.names = FALSE))
}

# The data of a fit: given, kept, or found again through its call.
fitted_data <- function(object, data, envir, call) {
  if (is.null(data)) data <- object$data
  given <- !is.null(data)
  if (!given) {
    data <- tryCatch(eval(object$call$x, envir), error = function(cnd) NULL)
  }
  x <- rlang::try_fetch(
    match_columns(data, object$columns, "data", call),
    gmvae_error = function(cnd) if (given) rlang::cnd_signal(cnd)
  )
  if (!is.null(x) && is_fitted_data(object, x)) return(x)
  gmvae_abort(c(
    "{.arg data} must be the data that were fitted, row by row.",
    x = if (!given) {
      "The fit has kept none, and its call no longer finds them."
    } else if (nrow(x) != object$n) {
      "There are {nrow(x)} row{?s}, but {object$n} were fitted."
    } else {
      "The components of these rows are others than those of the fit."
    },
    i = if (!given) "Give {.arg data}, or fit with `keep_data = TRUE`."
  ), "input", call = call)
}

is_fitted_data <- function(object, x) {
  if (nrow(x) != object$n) return(FALSE)
  found <- cpp_gmm_evaluate(x, coef(object), object$control$n_threads)
  max(abs(found$posterior - object$posterior)) < 1e-6
}

check_columns <- function(columns, known, call) {
  if (is.null(columns)) return(utils::head(known, 6L))
  if (is.character(columns) && length(columns) > 0L &&
        all(columns %in% known)) {
    return(unique(columns))
  }
  gmvae_abort(c(
    "{.arg columns} must name columns of the fit.",
    x = "You supplied {describe(columns)}.",
    i = "They are {.val {known}}."
  ), "option", call = call)
}

# Drawing ---------------------------------------------------------------------

component_colours <- function(object) {
  unname(group_colours(names(object$weights)))
}

# Rows of the data and an ellipse for each component, in columns `i` and `j`.
draw_plane <- function(object, points, uncertain, i, j) {
  colours <- component_colours(object)
  shade <- grDevices::adjustcolor(colours, 0.6)
  size <- if (uncertain) {
    0.35 + 2.2 * object$uncertainty / max(1 - 1 / object$k, 1e-9)
  } else {
    min(0.9, max(0.3, 20 / sqrt(object$n)))
  }
  graphics::points(points[, i], points[, j], pch = 19, cex = size,
                   col = shade[object$cluster])
  for (k in seq_len(object$k)) {
    graphics::lines(component_ellipse(object, colnames(points)[c(i, j)], k),
                    col = colours[k], lwd = 2)
  }
}

# The ellipse that holds 90% of a component's marginal in two columns.
component_ellipse <- function(object, columns, k) {
  angle <- seq(0, 2 * pi, length.out = 101)
  circle <- sqrt(stats::qchisq(0.9, 2)) * cbind(cos(angle), sin(angle))
  root <- chol(object$covariances[columns, columns, k])
  sweep(circle %*% root, 2, object$means[k, columns], "+")
}

plot_plane <- function(object, points, uncertain) {
  old <- graphics::par(mar = c(4.2, 4.2, 2.8, 7), las = 1, mgp = c(2.6, 0.7, 0))
  on.exit(graphics::par(old))
  range_of <- function(i) {
    ends <- lapply(seq_len(object$k), function(k) {
      component_ellipse(object, colnames(points), k)[, i]
    })
    range(points[, i], unlist(ends))
  }
  graphics::plot(NULL, xlim = range_of(1), ylim = range_of(2),
                 xlab = colnames(points)[1], ylab = colnames(points)[2],
                 main = plane_title(object, uncertain))
  draw_plane(object, points, uncertain, 1, 2)
  graphics::legend(graphics::par("usr")[2], graphics::par("usr")[4],
                   names(object$weights), title = "Component",
                   col = component_colours(object), pch = 19, bty = "n",
                   xpd = NA)
}

plane_title <- function(object, uncertain) {
  if (uncertain) "Uncertainty (size of the points)" else model_title(object)
}

model_title <- function(object) {
  sprintf("Model %s, %d component%s", object$model, object$k,
          if (object$k == 1L) "" else "s")
}

plot_pairs <- function(object, points, uncertain) {
  graphics::pairs(
    points, gap = 0.4, oma = c(3, 3, 5, 3), las = 1,
    main = plane_title(object, uncertain),
    panel = function(...) {
      # pairs() does not say which panel it draws, but the device knows.
      panel <- graphics::par("mfg")
      draw_plane(object, points, uncertain, panel[2], panel[1])
    }
  )
}

plot_density <- function(object, points) {
  column <- colnames(points)
  value <- seq(min(points), max(points), length.out = 512)
  sd <- sqrt(object$covariances[column, column, ])
  parts <- vapply(seq_len(object$k), function(k) {
    object$weights[k] * stats::dnorm(value, object$means[k, column], sd[k])
  }, value)
  breaks <- max(20, grDevices::nclass.FD(points))
  bars <- graphics::hist(points, breaks = min(breaks, 200), plot = FALSE)
  old <- graphics::par(mar = c(4.2, 4.5, 2.8, 1), las = 1, mgp = c(3, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(bars, freq = FALSE, col = "grey90", border = "white",
                 ylim = c(0, max(bars$density, rowSums(parts))),
                 xlab = column, main = model_title(object))
  graphics::lines(value, rowSums(parts), lwd = 2, col = "grey25")
  graphics::matlines(value, parts, lwd = 2, lty = 1,
                     col = component_colours(object))
  graphics::box(bty = "l")
}

plot_value_uncertainty <- function(object, points) {
  old <- graphics::par(mar = c(4.2, 4.5, 2.8, 1), las = 1, mgp = c(3, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(points[, 1], object$uncertainty, type = "h", bty = "l",
                 col = component_colours(object)[object$cluster],
                 ylim = c(0, max(object$uncertainty, 0.01)),
                 xlab = colnames(points), ylab = "Uncertainty",
                 main = model_title(object))
}

plot_criterion <- function(object) {
  search <- object$search
  models <- unique(search$model)
  colours <- unname(group_colours(models))
  shapes <- rep_len(c(19, 17, 15, 18), length(models))
  old <- graphics::par(mar = c(4.2, 5, 2.8, 6), las = 1, mgp = c(3.6, 0.7, 0))
  on.exit(graphics::par(old))
  limits <- criterion_limits(search)
  graphics::plot(search$k, search$bic, type = "n", bty = "l", xaxt = "n",
                 ylim = limits, xlab = "", ylab = "BIC",
                 main = "BIC, smaller is better")
  graphics::axis(1, at = unique(search$k))
  graphics::title(xlab = "Components", line = 2.4)
  for (i in seq_along(models)) {
    rows <- search[search$model == models[i], ]
    rows <- rows[order(rows$k), ]
    graphics::lines(rows$k, rows$bic, type = "o", lwd = 1.5, cex = 0.9,
                    pch = shapes[i], col = colours[i])
  }
  graphics::points(object$k, object$bic, cex = 2.6, lwd = 1.5)
  graphics::legend(graphics::par("usr")[2], graphics::par("usr")[4], models,
                   title = "Model", col = colours, pch = shapes, lwd = 1.5,
                   bty = "n", xpd = NA)
  above <- unique(search$model[which(search$bic > limits[2])])
  if (length(above) > 0L) {
    graphics::mtext(paste("Cut off above:", toString(above)), cex = 0.8)
  }
  search
}

# From the best BIC to the worst of the best at each k, and a little more: one
# bad model would flatten all others.
criterion_limits <- function(search) {
  found <- search[!is.na(search$bic), ]
  best <- range(tapply(found$bic, found$k, min))
  room <- max(0.3 * diff(best), 0.02 * abs(best[1]))
  c(best[1], min(max(found$bic), best[2] + room))
}

plot_trace <- function(object) {
  trace <- data.frame(iteration = seq_along(object$history),
                      loglik = object$history)
  old <- graphics::par(mar = c(4.2, 5.6, 2.8, 1), las = 1, mgp = c(4.4, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(trace, type = "o", pch = 19, cex = 0.5, bty = "l", xlab = "",
                 ylab = "Log-likelihood", col = "#0072B2",
                 main = paste(if (object$converged) "EM: converged after"
                              else "EM: not converged after",
                              object$n_iter, "iterations"))
  graphics::title(xlab = "Iteration", line = 2.4)
  trace
}
