# Curves of a fit: criteria against the number of components, progress of EM.

# Two models of the same colour differ in volume: equal (open points, dashed
# line) or varying.
plot_criterion <- function(object, criterion) {
  search <- object$search
  search$value <- search[[tolower(criterion)]]
  models <- unique(search$model)
  style <- model_styles(models)
  old <- graphics::par(mar = c(4.2, 5, 2.8, 6), las = 1, mgp = c(3.6, 0.7, 0))
  on.exit(graphics::par(old))
  limits <- criterion_limits(search)
  graphics::plot(search$k, search$value, type = "n", bty = "l", xaxt = "n",
                 ylim = limits, xlab = "", ylab = criterion,
                 main = paste0(criterion, ", smaller is better"))
  graphics::axis(1, at = unique(search$k))
  graphics::title(xlab = "Components", line = 2.4)
  for (i in seq_along(models)) {
    rows <- search[search$model == models[i], ]
    rows <- rows[order(rows$k), ]
    graphics::lines(rows$k, rows$value, type = "o", lwd = 1.5, cex = 0.9,
                    pch = style$shape[i], col = style$colour[i],
                    lty = style$line[i])
  }
  graphics::points(object$k, object[[tolower(criterion)]], cex = 2.6, lwd = 1.5)
  graphics::legend(graphics::par("usr")[2], graphics::par("usr")[4], models,
                   title = "Model", col = style$colour, pch = style$shape,
                   lty = style$line, lwd = 1.5, bty = "n", xpd = NA)
  above <- unique(search$model[which(search$value > limits[2])])
  if (length(above) > 0L) {
    graphics::mtext(paste("Partly above the plot:", toString(above)),
                    cex = if (length(above) > 7L) 0.6 else 0.8)
  }
  object$search
}

# One of seven colours for each shape and orientation, chosen for people who
# confuse red and green.
model_styles <- function(models) {
  kinds <- unique(substr(plane_models$code, 2, 3))
  kind <- match(substr(models, 2, 3), kinds, nomatch = 1L)
  varying <- substr(models, 1, 1) == "V"
  shapes <- rbind(rep_len(c(1, 2, 0, 5), 7), rep_len(c(19, 17, 15, 18), 7))
  colours <- grDevices::palette.colors(9L, "Okabe-Ito")[c(3, 2, 4, 7, 6, 8, 1)]
  list(colour = unname(colours)[kind],
       shape = shapes[cbind(varying + 1L, kind)],
       line = ifelse(varying, 1, 2))
}

# From the smallest value to the largest of the best values at each k, and a
# little more: one bad model would flatten the curves of all others.
criterion_limits <- function(search) {
  found <- search[!is.na(search$value), ]
  best <- range(tapply(found$value, found$k, min))
  room <- max(0.3 * diff(best), 0.02 * abs(best[1]))
  c(best[1], min(max(found$value), best[2] + room))
}

plot_trace <- function(object) {
  trace <- data.frame(iteration = seq_along(object$history),
                      objective = object$history)
  label <- if (is.null(object$prior) && object$control$ridge == 0) {
    "Log-likelihood"
  } else {
    "Log-posterior, up to a constant"
  }
  old <- graphics::par(mar = c(4.2, 5.6, 2.8, 1), las = 1, mgp = c(4.4, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(trace, type = "o", pch = 19, cex = 0.5, bty = "l", xlab = "",
                 ylab = label, col = "#0072B2",
                 main = convergence_line(object))
  graphics::title(xlab = "Iteration", line = 2.4)
  trace
}
