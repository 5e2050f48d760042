#' Plot discriminant coordinates
#'
#' Draws the result of [discriminant_coordinates()] with base graphics.
#'
#' @param x The result of [discriminant_coordinates()].
#' @param type What to draw:
#'   * `"classification"`: the rows in two coordinates, coloured by group, the
#'     regions of the groups and the boundaries between them
#'   * `"contour"`: the rows, and an ellipse that holds 90% of each component
#'   * `"uncertainty"`: the rows and boundaries, with the uncertainty of the
#'     group as a grey background
#'   * `"values"`: the eigenvalues, and which part of each comes from means and
#'     from covariances
#'   * `"importance"`: the importance of the columns
#'
#'   The first three draw a histogram for one coordinate and all pairs for more
#'   than two, then with ellipses. Boundaries are those of the mixture in the
#'   two coordinates that are drawn.
#' @param ... Not used.
#' @param which The numbers of the coordinates to draw. `NULL`: the first two.
#' @returns Invisibly, a data frame of what was drawn: the coordinates and
#'   `group`; or `value`, `from_means` and `from_covariances`; or `importance`.
#' @section Errors: `gmvae_error_option`: an unknown `type`, coordinates that do
#'   not exist, or an unknown argument.
#' @seealso [discriminant_coordinates()]
#' @examples
#' fit <- gmm_fit(iris[, 1:4], k = 3, model = "VEV")
#' shown <- discriminant_coordinates(fit, lambda = 0.5)
#' plot(shown)
#' plot(shown, "contour")
#' plot(shown, "uncertainty")
#' plot(shown, "values")
#' plot(shown, "importance")
#' @export
plot.gmm_coordinates <- function(x, type = c("classification", "contour",
                                             "uncertainty", "values",
                                             "importance"),
                                 ..., which = NULL) {
  call <- quote(plot())
  check_no_dots(..., call = call)
  validate_fit(x, "x", call)
  types <- eval(formals(plot.gmm_coordinates)$type)
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  if (type == "values") return(invisible(plot_values(x)))
  if (type == "importance") return(invisible(plot_importance(x)))
  m <- length(x$values)
  if (is.null(which)) which <- seq_len(min(m, 2L))
  which <- unique(check_count(which, max = m, length = NULL, call = call))
  view <- coordinate_view(x, x$coordinates, which)
  plot_groups(view, c(classification = "regions", contour = "none",
                      uncertainty = "uncertainty")[[type]])
  invisible(data.frame(view$points, group = x$group))
}

plot_values <- function(x) {
  table <- data.frame(value = x$values, from_means = x$from_means,
                      from_covariances = x$from_covariances)
  old <- graphics::par(mar = c(3, 4.8, 2.8, 1), las = 1, mgp = c(3.4, 0.7, 0))
  on.exit(graphics::par(old))
  colours <- group_colours(c("means", "covariances"))
  graphics::barplot(t(as.matrix(table[-1])), names.arg = rownames(table),
                    col = colours, border = NA, ylab = "Eigenvalue",
                    ylim = c(0, 1.08 * max(table$value)),
                    main = "Where components differ")
  graphics::legend("topright", c("from means", "from covariances"),
                   fill = colours, border = NA, bty = "n")
  table
}

plot_importance <- function(x) {
  importance <- sort(x$importance)
  width <- max(graphics::strwidth(names(importance), "inches"))
  old <- graphics::par(mai = c(0.8, width + 0.4, 0.6, 0.3), las = 1,
                       mgp = c(2.6, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::barplot(importance, horiz = TRUE, col = "#0072B2", border = NA,
                    xlab = "Importance", main = "Importance of the columns")
  data.frame(importance = rev(importance))
}
