# Intervals of estimates: a panel for the weights, and two for each column, of
# means and of standard deviations; a dot and a line for each component.

plot_intervals <- function(object, data, columns, envir, call) {
  columns <- check_columns(columns, object$columns, call)
  table <- standard_errors(object, 0.95, data, envir, call)
  draw_intervals(table, columns)
}

# `table`: estimate, se and two limits, with rows named as in vcov(). Returns
# what was drawn, with the panel and the component of each row.
draw_intervals <- function(table, columns) {
  inside <- sub("^[^[]*\\[(.*)\\]$", "\\1", rownames(table))
  kind <- kind_of(rownames(table))
  shown <- kind %in% c("weight", "mean", "sd")
  table <- table[shown, ]
  inside <- inside[shown]
  kind <- kind[shown]
  table$component <- sub(", .*", "", inside)
  column <- ifelse(kind == "weight", "", sub("^[^,]*, ", "", inside))
  words <- c(weight = "Weight", mean = "Mean of", sd = "SD of")
  table$panel <- trimws(paste(words[kind], column))
  table <- table[kind == "weight" | column %in% columns, ]
  panels <- unique(c("Weight", table$panel[order(match(
    sub("^(Mean|SD) of ", "", table$panel), columns
  ))]))
  rows <- if (length(panels) > 3L) ceiling(length(panels) / 3) else 1L
  old <- graphics::par(mfrow = c(rows, min(length(panels), 3L)),
                       mar = c(2.6, 4.2, 2.4, 0.8), las = 1,
                       mgp = c(2, 0.6, 0))
  on.exit(graphics::par(old))
  for (panel in panels) draw_interval_panel(table[table$panel == panel, ])
  table
}

draw_interval_panel <- function(rows) {
  at <- rev(seq_len(nrow(rows)))
  low <- rows[[3]]
  high <- rows[[4]]
  colour <- "#0072B2"
  graphics::plot(range(rows$estimate, low, high, na.rm = TRUE),
                 c(0.5, nrow(rows) + 0.5), type = "n", bty = "l", yaxt = "n",
                 xlab = "", ylab = "", main = rows$panel[1], font.main = 1)
  graphics::axis(2, at = at, labels = rows$component, tick = FALSE)
  graphics::segments(low, at, high, at, lwd = 2, col = colour)
  graphics::points(rows$estimate, at, pch = 19, col = colour)
}
