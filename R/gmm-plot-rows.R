# Rows of the data with the components of a fit, in one, two or more columns.

component_colours <- function(object) {
  unname(group_colours(names(object$weights)))
}

# Draws rows and an ellipse for each component in columns `i` and `j`; noise as
# crosses.
draw_plane <- function(object, points, uncertain, i, j) {
  colours <- component_colours(object)
  shade <- grDevices::adjustcolor(colours, 0.6)
  size <- if (uncertain) {
    0.35 + 2.2 * object$uncertainty / max(1 - 1 / object$k, 1e-9)
  } else {
    rep(min(0.9, max(0.3, 20 / sqrt(object$n))), object$n)
  }
  noise <- which(object$cluster == 0L)
  graphics::points(points[noise, i], points[noise, j], pch = 4, col = "grey50",
                   cex = if (uncertain) size[noise] else 0.5)
  rows <- which(object$cluster > 0L)
  graphics::points(points[rows, i], points[rows, j], pch = 19,
                   cex = size[rows], col = shade[object$cluster[rows]])
  for (k in seq_len(object$k)) {
    graphics::lines(component_ellipse(object, colnames(points)[c(i, j)], k),
                    col = colours[k], lwd = 2)
  }
}

# The ellipse that holds 90% of the marginal distribution of a component in two
# columns.
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
    range(points[, i], unlist(ends), na.rm = TRUE)
  }
  graphics::plot(NULL, xlim = range_of(1), ylim = range_of(2),
                 xlab = colnames(points)[1], ylab = colnames(points)[2],
                 main = plane_title(object, uncertain))
  draw_plane(object, points, uncertain, 1, 2)
  noise <- !is.null(object$noise)
  graphics::legend(
    graphics::par("usr")[2], graphics::par("usr")[4],
    c(names(object$weights), if (noise) "noise"), title = "Component",
    col = c(component_colours(object), if (noise) "grey50"),
    pch = c(rep(19, object$k), if (noise) 4), bty = "n", xpd = NA
  )
}

plane_title <- function(object, uncertain) {
  if (!uncertain) return(model_title(object))
  "Uncertainty, by the size of the points"
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
      # pairs() does not tell which panel it draws, but the device does.
      panel <- graphics::par("mfg")
      draw_plane(object, points, uncertain, panel[2], panel[1])
    }
  )
}

plot_density <- function(object, points) {
  column <- colnames(points)
  points <- points[!is.na(points)]
  value <- seq(min(points), max(points), length.out = 512)
  parts <- column_densities(object, column, value)
  breaks <- max(20, grDevices::nclass.FD(points))
  bars <- graphics::hist(points, breaks = min(breaks, 200), plot = FALSE)
  old <- graphics::par(mar = c(4.2, 4.5, 2.8, 1), las = 1, mgp = c(3, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(bars, freq = FALSE, col = "grey90", border = "white",
                 ylim = c(0, max(bars$density, rowSums(parts))),
                 xlab = column, main = model_title(object))
  graphics::lines(value, rowSums(parts), lwd = 2, col = "grey25")
  graphics::matlines(value, parts, lwd = 2, lty = 1,
                     col = c(component_colours(object), "grey50"))
  graphics::box(bty = "l")
}

# Densities of the components in one column, times their weights (length(value)
# x k). Noise adds a column, uniform over the range of the data.
column_densities <- function(object, column, value) {
  sd <- sqrt(object$covariances[column, column, ])
  parts <- vapply(seq_len(object$k), function(k) {
    object$weights[k] * stats::dnorm(value, object$means[k, column], sd[k])
  }, value)
  if (is.null(object$noise)) return(parts)
  cbind(parts, object$noise$weight / diff(object$noise$range[, column]))
}

plot_value_uncertainty <- function(object, points) {
  old <- graphics::par(mar = c(4.2, 4.5, 2.8, 1), las = 1, mgp = c(3, 0.7, 0))
  on.exit(graphics::par(old))
  colours <- c("grey50", component_colours(object))
  graphics::plot(points[, 1], object$uncertainty, type = "h", bty = "l",
                 col = colours[object$cluster + 1L],
                 ylim = c(0, max(object$uncertainty, 0.01, na.rm = TRUE)),
                 xlab = colnames(points), ylab = "Uncertainty",
                 main = model_title(object))
}
