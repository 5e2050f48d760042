# The picture of a tree of clusters.

#' @rdname cluster_tree
#' @export
plot.gmvae_tree <- function(x, ...) {
  call <- quote(plot())
  require_package("ggplot2", "plot a tree", call)
  drawn <- plot_tree(x)
  print(drawn)
  invisible(drawn)
}

# Clusters below each other, splits to the left of what they divide.
plot_tree <- function(tree) {
  local_decimal_point()
  lines <- tree_lines(tree)
  leaves <- data.frame(at = seq_along(tree$order),
                       label = sprintf("%s (%s)", tree$labels[tree$order],
                                       count(tree$cells[tree$order])))
  tested <- !anyNA(tree$splits$p)
  drawn <- ggplot2::ggplot(lines$segments) +
    ggplot2::geom_segment(
      ggplot2::aes(.data$height, .data$at, xend = .data$height_end,
                   yend = .data$at_end, linetype = .data$significant),
      colour = "grey30", lineend = "square"
    ) +
    ggplot2::scale_linetype_manual(values = c(`TRUE` = "solid",
                                              `FALSE` = "dashed"),
                                   guide = "none") +
    ggplot2::geom_text(ggplot2::aes(0, .data$at, label = .data$label), leaves,
                       hjust = 0, nudge_x = 0.02 * max(tree$height),
                       size = 3.2)
  if (tested) {
    drawn <- drawn +
      ggplot2::geom_label(
        ggplot2::aes(.data$height, .data$at, label = .data$label),
        lines$splits, size = 2.8, label.size = 0,
        label.padding = ggplot2::unit(0.1, "lines")
      )
  }
  drawn +
    ggplot2::scale_x_reverse(
      breaks = Filter(function(at) at <= max(tree$height),
                      pretty(c(0, tree$height))),
      expand = ggplot2::expansion(mult = c(0.12, 0.25))
    ) +
    ggplot2::scale_y_reverse() +
    ggplot2::labs(
      title = "Tree of the clusters",
      subtitle = if (tested) paste(
        "At each split: adjusted p-value of one cluster, and stability;",
        "dashed where p > 0.05"
      ),
      x = "Distance in standard deviations", y = NULL
    ) +
    plot_theme() +
    ggplot2::theme(axis.text.y = ggplot2::element_blank(),
                   axis.ticks.y = ggplot2::element_blank(),
                   panel.grid = ggplot2::element_blank())
}

# `segments` of the lines and `splits`, places and labels of the mergers.
tree_lines <- function(tree) {
  n <- nrow(tree$merge)
  p <- rev(tree$splits$p_adjusted)
  stability <- rev(tree$splits$stability)
  place <- numeric(n)
  leaf_place <- match(seq_along(tree$labels), tree$order)
  segments <- vector("list", n)
  for (i in seq_len(n)) {
    child <- tree$merge[i, ]
    at <- ifelse(child < 0, leaf_place[abs(child)], place[abs(child)])
    low <- ifelse(child < 0, 0, tree$height[abs(child)])
    place[i] <- mean(at)
    segments[[i]] <- data.frame(
      height = tree$height[i], at = c(at, at[1]),
      height_end = c(low, tree$height[i]), at_end = c(at, at[2]),
      significant = is.na(p[i]) || p[i] <= 0.05
    )
  }
  list(segments = do.call(rbind, segments),
       splits = data.frame(
         height = tree$height, at = place,
         label = sprintf("%s\n%s", format_p_short(p),
                         ifelse(is.na(stability), "",
                                format(round(stability, 2), nsmall = 2)))
       ))
}

# Without the letter p.
format_p_short <- function(p) {
  vapply(p, function(one) {
    if (is.na(one)) "" else sub("^p (= )?", "", format_p(one))
  }, "")
}
