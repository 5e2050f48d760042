# Rows and components in groups: merged components, classes, and either of them
# in projections. A `view` is a list with
#   points           rows (n x p, named columns)
#   group            their groups (n), 0 for noise, NA for rows left out
#   names            names of the groups
#   weights, means, covariances    a mixture in these columns
#   component_group  the group of each component of the mixture
#   cost             NULL, or costs (groups x groups) that decide boundaries
#   title, legend    headings

# Draws the view in the way that suits its number of columns. `background`:
# "none", "regions" (the groups' colours) or "uncertainty" (grey).
plot_groups <- function(view, background = "none") {
  if (ncol(view$points) == 1L) {
    plot_group_densities(view)
  } else if (ncol(view$points) == 2L) {
    plot_group_plane(view, background)
  } else {
    plot_group_pairs(view)
  }
}

# The view in some of its columns only: means and covariances of the others are
# left out, which gives the marginal mixture.
view_columns <- function(view, columns) {
  view$points <- view$points[, columns, drop = FALSE]
  view$means <- view$means[, columns, drop = FALSE]
  view$covariances <- view$covariances[columns, columns, , drop = FALSE]
  view
}

plot_group_plane <- function(view, background) {
  old <- graphics::par(mar = c(4.2, 4.2, 2.8, 7), las = 1, mgp = c(2.6, 0.7, 0))
  on.exit(graphics::par(old))
  range_of <- function(i) {
    ends <- lapply(seq_along(view$weights), function(k) {
      component_ellipse(view, colnames(view$points), k)[, i]
    })
    range(view$points[, i], unlist(ends), na.rm = TRUE)
  }
  graphics::plot(NULL, xlim = range_of(1), ylim = range_of(2),
                 xlab = colnames(view$points)[1],
                 ylab = colnames(view$points)[2], main = view$title)
  if (background != "none") draw_background(view, background)
  draw_groups(view, ellipses = background == "none")
  graphics::box()
  draw_group_legend(view)
}

# Rows, and an ellipse for each component, in columns `i` and `j`; noise as
# crosses.
draw_groups <- function(view, i = 1, j = 2, ellipses = TRUE) {
  colours <- unname(group_colours(view$names))
  n <- nrow(view$points)
  noise <- which(view$group == 0L)
  graphics::points(view$points[noise, i], view$points[noise, j], pch = 4,
                   col = "grey50", cex = 0.5)
  rows <- which(view$group > 0L)
  graphics::points(view$points[rows, i], view$points[rows, j], pch = 19,
                   cex = min(0.9, max(0.3, 20 / sqrt(n))),
                   col = grDevices::adjustcolor(colours, 0.6)[view$group[rows]])
  if (!ellipses) return(invisible())
  for (k in seq_along(view$weights)) {
    graphics::lines(component_ellipse(view, colnames(view$points)[c(i, j)], k),
                    col = colours[view$component_group[k]], lwd = 2)
  }
}

draw_group_legend <- function(view) {
  noise <- any(view$group == 0L, na.rm = TRUE)
  graphics::legend(
    graphics::par("usr")[2], graphics::par("usr")[4],
    c(view$names, if (noise) "noise"), title = view$legend,
    col = c(group_colours(view$names), if (noise) "grey50"),
    pch = c(rep(19, length(view$names)), if (noise) 4), bty = "n", xpd = NA
  )
}

# Colours the plane by the group that its points would be assigned to, or by the
# uncertainty of this, and draws the boundaries.
draw_background <- function(view, background, n = 150L) {
  usr <- graphics::par("usr")
  x <- seq(usr[1], usr[2], length.out = n)
  y <- seq(usr[3], usr[4], length.out = n)
  posterior <- view_posterior(view, as.matrix(expand.grid(x, y)))
  scores <- if (is.null(view$cost)) posterior else -posterior %*% view$cost
  shades <- if (background == "regions") {
    grDevices::adjustcolor(group_colours(view$names), 0.18)[
      max.col(scores, "first")
    ]
  } else {
    # 1 - 1 / groups is the largest uncertainty.
    least <- 1 / max(2L, length(view$names))
    grDevices::grey(1 - 0.65 * (1 - do.call(pmax, as.data.frame(posterior))) /
                      (1 - least))
  }
  # A raster begins at the top.
  image <- grDevices::as.raster(t(matrix(shades, n))[n:1, ])
  graphics::rasterImage(image, usr[1], usr[3], usr[2], usr[4])
  for (group in seq_along(view$names)) {
    if (length(view$names) == 1L) break
    others <- scores[, -group, drop = FALSE]
    lead <- scores[, group] - do.call(pmax, as.data.frame(others))
    graphics::contour(x, y, matrix(lead, n), levels = 0, add = TRUE,
                      drawlabels = FALSE, col = "grey30")
  }
}

# Posterior probabilities of the groups at points (m x groups).
view_posterior <- function(view, points) {
  mixture <- core_mixture(view, NULL)
  mixture$weights <- mixture$weights / sum(mixture$weights)
  found <- cpp_gmm_evaluate(unname(points), mixture, "posterior", 1L)
  sum_posteriors(found$posterior, view$component_group)
}

plot_group_pairs <- function(view) {
  graphics::pairs(
    view$points, gap = 0.4, oma = c(3, 3, 5, 3), las = 1, main = view$title,
    panel = function(...) {
      # pairs() does not tell which panel it draws, but the device does.
      panel <- graphics::par("mfg")
      draw_groups(view, panel[2], panel[1])
    }
  )
}

# A histogram with the density of each group, times its weight.
plot_group_densities <- function(view) {
  column <- colnames(view$points)
  points <- view$points[!is.na(view$points)]
  value <- seq(min(points), max(points), length.out = 512)
  sd <- sqrt(view$covariances[1, 1, ])
  parts <- vapply(seq_along(view$weights), function(k) {
    view$weights[k] * stats::dnorm(value, view$means[k, 1], sd[k])
  }, value)
  parts <- sum_posteriors(parts, view$component_group)
  breaks <- max(20, grDevices::nclass.FD(points))
  bars <- graphics::hist(points, breaks = min(breaks, 200), plot = FALSE)
  old <- graphics::par(mar = c(4.2, 4.5, 2.8, 7), las = 1, mgp = c(3, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(bars, freq = FALSE, col = "grey90", border = "white",
                 ylim = c(0, max(bars$density, rowSums(parts))), xlab = column,
                 main = view$title)
  graphics::lines(value, rowSums(parts), lwd = 2, col = "grey25")
  graphics::matlines(value, parts, lwd = 2, lty = 1,
                     col = unname(group_colours(view$names)))
  graphics::box(bty = "l")
  graphics::legend(
    graphics::par("usr")[2], graphics::par("usr")[4],
    c(view$names, "all"), title = view$legend, lwd = 2, bty = "n", xpd = NA,
    col = c(group_colours(view$names), "grey25")
  )
}
