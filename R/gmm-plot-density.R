# The distribution that a mixture describes: densities with high-density
# regions, and comparisons with the rows.

#' Plot a marginal or conditional mixture
#'
#' Draws the density of a mixture from [marginal()] or [conditional()] with base
#' graphics.
#'
#' @param x A mixture from [marginal()] or [conditional()].
#' @param type What to draw: `"density"`, or for two columns `"perspective"`;
#'   see [plot.gmm_fit()].
#' @param ... Not used.
#' @param columns Names of the columns to draw. `NULL`: all, but at most the
#'   first six.
#' @returns Invisibly, a data frame of what was drawn: values of the columns
#'   with their `density`, or with more than two columns the `level` and
#'   `density` of the contours of each pair, `x` and `y`.
#' @section Errors: `gmvae_error_option`: an unknown `type`, unknown `columns`,
#'   too many columns for the type, or an unknown argument.
#' @seealso [marginal()], [plot.gmm_fit()]
#' @examples
#' fit <- gmm_fit(iris[, 1:4], k = 3, model = "VVV")
#' plot(marginal(fit, "Petal.Length"))
#' plot(conditional(fit, c(Petal.Length = 4.5, Petal.Width = 1.5)))
#' @export
plot.gmm_mixture <- function(x, type = c("density", "perspective"), ...,
                             columns = NULL) {
  call <- quote(plot())
  check_no_dots(..., call = call)
  validate_fit(x, "x", call)
  types <- c("density", "perspective")
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  columns <- check_columns(columns, x$columns, call)
  check_n_columns(columns, type, call)
  invisible(draw_density(x, type, columns, NULL))
}

# How many columns each type can draw.
distribution_columns <- list(density = 1:6, perspective = 2L, cdf = 1L, qq = 1L)

plot_distribution <- function(object, type, columns, data, envir, call) {
  columns <- check_columns(columns, object$columns, call)
  check_n_columns(columns, type, call)
  needed <- type %in% c("cdf", "qq") || !is.null(data)
  points <- rlang::try_fetch(
    fitted_data(object, data, "data", envir, call),
    gmvae_error = function(cnd) if (needed) rlang::cnd_signal(cnd)
  )
  x <- points
  points <- points[, match(columns, object$columns), drop = FALSE]
  if (!type %in% c("cdf", "qq")) {
    return(draw_density(object, type, columns, points))
  }
  weights <- fitted_weights(object, x, NULL, envir, call)
  known <- which(!is.na(points) & weights > 0 & !is.na(object$cluster))
  known <- known[order(points[known])]
  sample <- data.frame(value = points[known], weight = weights[known])
  draw <- if (type == "cdf") plot_cdf else plot_qq
  draw(keep_columns(object, columns), sample, model_title(object))
}

check_n_columns <- function(columns, type, call) {
  if (length(columns) %in% distribution_columns[[type]]) return(invisible())
  n <- distribution_columns[[type]]
  gmvae_abort(c(
    "Type {.val {type}} draws {n} column{?s}.",
    x = "There {cli::qty(length(columns))}{?is/are} {length(columns)}
         column{?s} to draw.",
    i = if (length(columns) > max(n)) {
      "Choose {n} with {.arg columns}, from {.val {columns}}."
    }
  ), "option", call = call)
}

draw_density <- function(object, type, columns, points) {
  title <- density_title(object)
  mixture <- keep_columns(object, columns)
  if (!is.null(points)) colnames(points) <- columns
  if (type == "perspective") return(plot_perspective(mixture, title))
  if (length(columns) == 1L) return(plot_density_line(mixture, points, title))
  if (length(columns) == 2L) return(plot_density_plane(mixture, points, title))
  plot_density_pairs(mixture, points, title)
}

density_title <- function(object) {
  if (!is.null(object$model)) return(model_title(object))
  given <- object$given
  if (is.null(given)) {
    return(cli::pluralize("{object$k} component{?s}"))
  }
  paste("Given", paste(names(given), "=", format(given, trim = TRUE),
                       collapse = ", "))
}

# Where a plot of a column should begin and end.
column_limits <- function(object, column, points = NULL) {
  there <- object$weights > 0.001
  sd <- component_sd(object)[there, column]
  means <- object$means[there, column]
  noise <- isTRUE(object$noise$weight > 0.001)
  range(means - 3.2 * sd, means + 3.2 * sd, points[, column],
        if (noise) object$noise$range[, column], na.rm = TRUE)
}

# From light to dark, but lighter than the points and lines above them.
shades <- function(n) {
  grDevices::colorRampPalette(c("#E3EEF9", "#6BAED6"))(n)
}

plot_density_line <- function(object, points, title) {
  level <- c(0.95, 0.5)
  region <- hdr.gmm_fit(object, level)
  ends <- column_limits(object, 1L, points)
  value <- seq(ends[1], ends[2], length.out = 512)
  density <- line_density(object, value)
  old <- graphics::par(mar = c(4.2, 4.5, 2.8, 1), las = 1, mgp = c(3, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(value, density, type = "n", bty = "l", yaxs = "i",
                 ylim = c(0, 1.08 * max(density)), xlab = object$columns,
                 ylab = "Density", main = title)
  colours <- shades(2L)
  for (i in seq_len(nrow(region))) {
    inside <- seq(max(region$lower[i], ends[1]), min(region$upper[i], ends[2]),
                  length.out = 256)
    graphics::polygon(c(inside[1], inside, inside[256]),
                      c(0, line_density(object, inside), 0), border = NA,
                      col = colours[match(region$level[i], level)])
  }
  graphics::lines(value, density, lwd = 2, col = "grey25")
  if (!is.null(points)) {
    graphics::rug(points[!is.na(points)], col = "grey40", ticksize = 0.02,
                  quiet = TRUE)
  }
  graphics::legend("topright", share_names(level), fill = colours, border = NA,
                   bty = "n", title = "Region that holds")
  stats::setNames(data.frame(value, density), c(object$columns, "density"))
}

# The density of two columns on a grid: its `x`, `y` and `z`, as contour() takes
# them.
density_grid <- function(object, points, n) {
  ends <- lapply(1:2, column_limits, object = object, points = points)
  at <- lapply(ends, function(end) seq(end[1], end[2], length.out = n))
  rows <- as.matrix(expand.grid(at))
  found <- evaluate_rows(object, rows, "log_density")$log_density
  list(x = at[[1]], y = at[[2]], z = matrix(exp(found), n), rows = rows)
}

contour_levels <- c(0.95, 0.75, 0.5, 0.25)

# Adds filled contours of high-density regions to a plot, and the rows. The
# density is computed at n x n places.
draw_contours <- function(object, points, n) {
  grid <- density_grid(object, points, n)
  # Lower levels have higher thresholds, unless the noise makes them equal.
  levels <- hdr.gmm_fit(object, contour_levels)$density
  filled <- !duplicated(levels)
  graphics::.filled.contour(grid$x, grid$y, grid$z,
                            c(levels[filled], max(grid$z, levels) * 1.01),
                            shades(length(levels))[filled])
  if (!is.null(points)) {
    graphics::points(points, pch = 19, cex = min(0.5, 8 / sqrt(nrow(points))),
                     col = grDevices::adjustcolor("grey20", 0.6))
  }
  graphics::contour(grid$x, grid$y, grid$z, levels = levels[filled],
                    add = TRUE, drawlabels = FALSE, col = "#08519C", lwd = 0.8)
  grid
}

plot_density_plane <- function(object, points, title) {
  old <- graphics::par(mar = c(4.2, 4.2, 2.8, 7), las = 1, mgp = c(2.6, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(NULL, xlim = column_limits(object, 1L, points),
                 ylim = column_limits(object, 2L, points), main = title,
                 xlab = object$columns[1], ylab = object$columns[2])
  grid <- draw_contours(object, points, 151L)
  graphics::box()
  graphics::legend(graphics::par("usr")[2], graphics::par("usr")[4],
                   share_names(contour_levels), border = "#08519C",
                   fill = shades(length(contour_levels)), bty = "n", xpd = NA,
                   title = "Region\nthat holds")
  found <- data.frame(grid$rows, c(grid$z))
  stats::setNames(found, c(object$columns, "density"))
}

plot_density_pairs <- function(object, points, title) {
  columns <- object$columns
  ends <- vapply(columns, column_limits, c(0, 0), object = object,
                 points = points)
  graphics::pairs(
    ends, gap = 0.4, oma = c(3, 3, 5, 3), las = 1, main = title,
    panel = function(...) {
      panel <- graphics::par("mfg")
      pair <- columns[panel[2:1]]
      draw_contours(keep_columns(object, pair),
                    if (!is.null(points)) points[, pair],
                    61L)  # as panels are small
    }
  )
  pairs <- utils::combn(columns, 2L, simplify = FALSE)
  do.call(rbind, lapply(pairs, function(pair) {
    data.frame(x = pair[1], y = pair[2],
               hdr.gmm_fit(keep_columns(object, pair), contour_levels))
  }))
}

plot_perspective <- function(object, title) {
  grid <- density_grid(object, NULL, 61L)
  middle <- (grid$z[-1, -1] + grid$z[-61, -61]) / 2
  colours <- grDevices::colorRampPalette(c("white", "#2171B5"))(64L)
  height <- 1 + floor(63 * middle / max(middle))
  old <- graphics::par(mar = c(1, 1.5, 2.8, 1))
  on.exit(graphics::par(old))
  graphics::persp(grid$x, grid$y, grid$z, theta = -30, phi = 35, expand = 0.6,
                  col = colours[height], border = "grey60", lwd = 0.3,
                  ticktype = "detailed", cex.axis = 0.7, nticks = 4,
                  xlab = object$columns[1], ylab = object$columns[2],
                  zlab = "Density", main = title)
  found <- data.frame(grid$rows, c(grid$z))
  stats::setNames(found, c(object$columns, "density"))
}

# -- Comparisons with the rows -------------------------------------------------

# `sample`: sorted values with weights above 0.
plot_cdf <- function(object, sample, title) {
  share <- cumsum(sample$weight) / sum(sample$weight)
  last <- !duplicated(sample$value, fromLast = TRUE)
  found <- data.frame(value = sample$value[last], rows = share[last])
  found$mixture <- mixture_cdf(object, found$value)
  ends <- column_limits(object, 1L, cbind(sample$value))
  value <- seq(ends[1], ends[2], length.out = 512)
  old <- graphics::par(mar = c(4.2, 4.5, 2.8, 1), las = 1, mgp = c(3, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(ends, c(0, 1), type = "n", bty = "l", xlab = object$columns,
                 ylab = "Cumulative probability", main = title)
  graphics::lines(value, mixture_cdf(object, value), lwd = 2, col = "#0072B2")
  graphics::lines(c(ends[1], found$value, ends[2]), c(0, found$rows, 1),
                  type = "s", col = "grey25")
  graphics::legend("bottomright", c("rows", "mixture"), lwd = 1:2, bty = "n",
                   col = c("grey25", "#0072B2"))
  found
}

# The i-th of n rows of equal weight stands for the probability (i - 1/2) / n.
plot_qq <- function(object, sample, title) {
  share <- (cumsum(sample$weight) - sample$weight / 2) / sum(sample$weight)
  found <- data.frame(probability = share, rows = sample$value,
                      mixture = mixture_quantile(object, share))
  old <- graphics::par(mar = c(4.2, 4.5, 2.8, 1), las = 1, mgp = c(3, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(found$mixture, found$rows, bty = "l", type = "n", main = title,
                 xlab = paste0("Quantiles of the mixture (", object$columns,
                               ")"),
                 ylab = "Values of the rows")
  graphics::abline(0, 1, col = "grey60")
  graphics::points(found$mixture, found$rows, pch = 19, col = "#0072B2",
                   cex = min(0.8, max(0.3, 12 / sqrt(nrow(found)))))
  found
}
