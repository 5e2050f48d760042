#' Plot merged components
#'
#' Draws the result of [merge_components()] with base graphics.
#'
#' @param x The result of [merge_components()].
#' @param type What to draw:
#'   * `"classification"`: the rows, coloured by cluster, and an ellipse that
#'     holds 90% of each component in the colour of its cluster. One column: a
#'     histogram with the density of each cluster. More than two columns: all
#'     pairs of columns. For `method = "modes"`, crosses mark the modes.
#'   * `"steps"`: for `"entropy"`, the entropy against the number of clusters
#'     (or against the number of rows merged, see `elbow` of
#'     [merge_components()]) with the two lines that make the elbow, and the
#'     fall of the entropy in each step; for other methods, the value of the
#'     clusters merged in each step, with the cutoff. A ring marks the number of
#'     clusters chosen.
#'   * `"tree"`: the tree of mergers; its height is the entropy that merging has
#'     removed so far. The dashed line cuts it into the clusters.
#' @param ... Not used.
#' @param data,columns As in [plot.gmm_fit()].
#' @param n_clusters Number of clusters for `"classification"`, to look at
#'   another step. `NULL`: that of `x`.
#' @returns Invisibly, a data frame of what was drawn: the columns with
#'   `cluster` and `uncertainty`; or the steps; or, for `"tree"`, a
#'   [stats::hclust()] object, which R's other tools for trees take.
#' @section Errors:
#'   * `gmvae_error_option`: an unknown `type`, unknown `columns`, `n_clusters`
#'     out of range, or an unknown argument; `"steps"` and `"tree"` of a
#'     `method = "modes"` or of one component, which have none.
#'   * `gmvae_error_input`: `data` are not found, or are not the data of the
#'     fit.
#' @seealso [merge_components()]
#' @examples
#' fit <- gmm_fit(faithful, k = 5, model = "EEE")
#' merged <- merge_components(fit)
#' plot(merged)
#' plot(merged, n_clusters = 3)
#' plot(merged, "steps")
#' plot(merged, "tree")
#' @export
plot.gmm_merged <- function(x, type = c("classification", "steps", "tree"), ...,
                            data = NULL, columns = NULL, n_clusters = NULL) {
  caller <- parent.frame()
  call <- quote(plot())
  check_no_dots(..., call = call)
  validate_fit(x, "x", call)
  types <- eval(formals(plot.gmm_merged)$type)
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  if (type != "classification") {
    check_has_steps(x, type, call)
    return(invisible((if (type == "tree") plot_merge_tree else
      plot_merge_steps)(x)))
  }
  fit <- x$fit
  points <- fitted_data(fit, data, "data", caller, call)
  columns <- check_columns(columns, fit$columns, call)
  shown <- x
  if (!is.null(n_clusters)) {
    n_clusters <- check_n_clusters(n_clusters, fit$k, x$method, call)
    posterior <- fitted_posterior(fit, points, caller, call)
    shown <- new_gmm_merged(fit, x$method, posterior, x$tree[, n_clusters],
                            NULL)
  }
  plot_merged_rows(shown, points, columns)
  points <- points[, match(columns, fit$columns), drop = FALSE]
  colnames(points) <- columns
  invisible(data.frame(points, cluster = shown$cluster,
                       uncertainty = shown$uncertainty, check.names = FALSE))
}

check_has_steps <- function(x, type, call) {
  if (!is.null(x$steps) && nrow(x$steps) > 1L) return(invisible())
  gmvae_abort(c(
    "`type = \"{type}\"` must have components that were merged step by step.",
    x = if (is.null(x$steps)) {
      "`method = \"modes\"` has no steps."
    } else {
      "There is only one component."
    }
  ), "option", call = call)
}

plot_merged_rows <- function(x, points, columns) {
  fit <- x$fit
  colnames(points) <- fit$columns
  view <- view_columns(list(
    points = points, group = x$cluster, names = names(x$weights),
    weights = fit$weights, means = fit$means, covariances = fit$covariances,
    component_group = x$members, legend = "Cluster",
    title = sprintf("%d component%s, %d cluster%s", fit$k,
                    if (fit$k == 1L) "" else "s", x$n_clusters,
                    if (x$n_clusters == 1L) "" else "s")
  ), columns)
  plot_groups(view)
  if (is.null(x$modes) || length(columns) > 2L) return(invisible())
  at <- x$modes$location[, columns, drop = FALSE]
  if (length(columns) == 1L) {
    graphics::rug(at, lwd = 2)
  } else {
    graphics::points(at, pch = 3, cex = 1.6, lwd = 2.5)
  }
}

plot_merge_steps <- function(x) {
  chosen <- x$steps$n_clusters == x$n_clusters
  entropy <- x$method == "entropy"
  old <- graphics::par(mar = c(4.2, 4.8, 2.8, 1), las = 1, mgp = c(3.4, 0.7, 0),
                       mfrow = c(1, if (entropy) 2 else 1))
  on.exit(graphics::par(old))
  if (entropy) plot_entropy(x, chosen)
  steps <- x$steps[-1, ]
  graphics::plot(steps$n_clusters, steps$value, type = "o", pch = 19,
                 bty = "l", xaxt = "n", xlab = "", col = "#0072B2",
                 ylim = c(0, max(steps$value)),
                 ylab = step_label(x$method),
                 main = if (entropy) "Each step" else
                   "The clusters that are merged in each step")
  axis_of_counts(steps$n_clusters)
  graphics::title(xlab = "Clusters after the step", line = 2.4)
  graphics::points(steps$n_clusters[chosen[-1]], steps$value[chosen[-1]],
                   cex = 2.6, lwd = 1.5)
  if (!entropy) graphics::abline(h = x$cutoff, lty = 2)
  x$steps
}

# The words of a criterion as a title.
step_label <- function(method) {
  words <- merge_criteria[[method]]$words
  paste0(toupper(substr(words, 1L, 1L)), substring(words, 2L))
}

plot_entropy <- function(x, chosen) {
  elbow <- x$elbow
  by_rows <- identical(elbow$against, "rows")
  across <- if (by_rows) rev(elbow$x) else x$steps$n_clusters
  graphics::plot(across, x$steps$entropy, pch = 19, bty = "l", xlab = "",
                 ylab = "Entropy", main = "Entropy", col = "#0072B2",
                 xaxt = if (by_rows) "s" else "n")
  if (!by_rows) axis_of_counts(x$steps$n_clusters)
  graphics::title(xlab = if (by_rows) "Rows merged, from the right" else
    "Clusters", line = 2.4)
  if (!is.null(elbow)) {
    ends <- elbow$x[c(1, elbow$at, length(elbow$x))]
    for (i in 1:2) {
      graphics::lines(ends[i + 0:1],
                      elbow$intercept[i] + elbow$slope[i] * ends[i + 0:1],
                      lty = 2)
    }
  }
  graphics::points(across[chosen], x$steps$entropy[chosen], cex = 2.6,
                   lwd = 1.5)
}

# Whole numbers only.
axis_of_counts <- function(counts) {
  at <- pretty(counts)
  graphics::axis(1, at = at[at == round(at)])
}

plot_merge_tree <- function(x) {
  tree <- as_hclust(x)
  place <- match(seq_len(x$fit$k), tree$order)
  old <- graphics::par(mar = c(3.4, 5, 2.8, 1), las = 1, mgp = c(3.6, 0.7, 0))
  on.exit(graphics::par(old))
  graphics::plot(NULL, xlim = c(0.5, x$fit$k + 0.5),
                 ylim = c(0, max(tree$height)), xaxt = "n", bty = "l",
                 xlab = "", ylab = "Entropy removed",
                 main = sprintf("Tree of %d components", x$fit$k))
  # Where each merger is: across, and how high.
  across <- height <- numeric(nrow(tree$merge))
  for (step in seq_along(across)) {
    ends <- tree$merge[step, ]
    at <- vapply(ends, function(end) {
      if (end < 0) place[-end] else across[end]
    }, 0)
    from <- vapply(ends, function(end) if (end < 0) 0 else height[end], 0)
    across[step] <- mean(at)
    height[step] <- tree$height[step]
    graphics::segments(at, from, at, height[step], lwd = 2, col = "grey40")
    graphics::segments(at[1], height[step], at[2], lwd = 2, col = "grey40")
  }
  colours <- group_colours(names(x$weights))[x$members]
  graphics::points(place, rep(0, length(place)), pch = 19, cex = 1.6,
                   col = colours, xpd = NA)
  graphics::axis(1, place, tree$labels, tick = FALSE)
  graphics::title(xlab = "Component", line = 2.2)
  graphics::abline(h = cut_height(tree$height, x$n_clusters), lty = 2)
  tree
}

# Between the last merger that was made and the first that was not.
cut_height <- function(height, n_clusters) {
  made <- length(height) + 1L - n_clusters
  if (made == length(height)) return(max(height))
  (c(0, height)[made + 1L] + height[made + 1L]) / 2
}

# Mergers as stats::hclust() has them: negative numbers are components, positive
# ones earlier mergers.
as_hclust <- function(x) {
  k <- x$fit$k
  node <- -seq_len(k)
  merge <- matrix(0L, k - 1L, 2)
  for (step in seq_len(k - 1L)) {
    after <- x$tree[, k - step]
    before <- x$tree[, k - step + 1L]
    joined <- joined_clusters(before, after)
    merge[step, ] <- node[match(joined, before)]
    node[before %in% joined] <- step
  }
  structure(
    list(merge = merge, height = x$steps$entropy[1] - x$steps$entropy[-1],
         order = tree_order(merge, k - 1L), labels = rownames(x$tree),
         method = x$method, dist.method = "entropy"),
    class = "hclust"
  )
}

# The two clusters that became one.
joined_clusters <- function(before, after) {
  pairs <- unique(cbind(before, after))
  twice <- pairs[duplicated(pairs[, 2]), 2]
  pairs[pairs[, 2] == twice, 1]
}

tree_order <- function(merge, node) {
  if (node < 0) return(-node)
  c(tree_order(merge, merge[node, 1]), tree_order(merge, merge[node, 2]))
}
