# A tree of the clusters of a fit, with a test of each of its splits.

#' Tree of the clusters of a fit
#'
#' Joins the clusters of a fit of [gmvae()] step by step, the nearest ones
#' first, and tests for each split of the resulting tree whether the cells below
#' it are more than one cluster. [cut_clusters()] then gives the fit with the
#' clusters of any level of the tree. Neither needs the counts.
#'
#' @param fit A fit of [gmvae()] with at least two clusters.
#' @param test Whether to test the splits, `TRUE` or `FALSE`. The tests take
#'   about a second for each cluster, whatever the number of cells.
#' @param x A result of `cluster_tree()`.
#' @param ... Ignored.
#' @returns For a fit with k clusters an object of class `gmvae_tree`, which is
#'   also an [hclust][stats::hclust] object, so that [stats::cutree()] and
#'   [stats::as.dendrogram()] work on it. Its `height` has the distances between
#'   the joined clusters in standard deviations, see Details. Its `splits` are a
#'   data frame with one row for each of the k - 1 splits, the highest first:
#'   * `first`, `second`: the clusters on either side, separated by commas;
#'   * `cells`: the number of cells below the split;
#'   * `height`: the distance of both sides;
#'   * `stability`: how well halves of these cells tell the sides apart, at most
#'     1: the adjusted Rand index between the sides and the components, each
#'     counted to the side of most of its cells, of a mixture with as many
#'     components as there are clusters below the split, fitted to half of the
#'     cells; mean over halves. `NA` if there are too few cells, and without
#'     `test`;
#'   * `p`: the p-value of the hypothesis that these cells are one cluster; 1 if
#'     there are fewer cells than clusters below the split; `NA` without `test`;
#'   * `p_adjusted`: the p-value adjusted for all the tests of the tree.
#'
#'   `print()` returns `x` invisibly; `plot()` draws the tree with ggplot2 and
#'   returns the ggplot object invisibly.
#' @details
#' The distance of two components with means \eqn{\mu_i}{mu_i} and covariance
#' matrices \eqn{\Sigma_i}{Sigma_i} is the Mahalanobis distance
#' \eqn{((\mu_i - \mu_j)^T \Sigma^{-1} (\mu_i - \mu_j))^{1/2}}{
#' ((mu_i - mu_j)' Sigma^-1 (mu_i - mu_j))^(1/2)} with
#' \eqn{\Sigma = (\Sigma_i + \Sigma_j) / 2}{Sigma = (Sigma_i + Sigma_j) / 2}.
#' The distance of two groups of components is the mean over their pairs,
#' weighted by the weights of the components (average linkage). So the
#' positions of clusters decide which are joined first, and not their sizes.
#'
#' The test of a split is that of [gmvae()] for one cluster against two, on at
#' most 2,000 of the cells below the split. It has two parts. The first asks
#' whether two clusters give unseen cells a higher log-density than one, the
#' second whether they gain more than in 3 to 9 data sets simulated from one
#' cluster, whose gains it assumes to be normally distributed. `p` is the larger
#' of both p-values; for `"bernoulli"` and `"gaussian"`, and if the first is
#' above 0.5, it is the first. The adjusted p-value of a split with m
#' of the k clusters is \eqn{p k / m}{p k / m}, but at least that of each split
#' above it (Meinshausen 2008, section 2.2). If the splits with `p_adjusted` at
#' most \eqn{\alpha}{alpha} are taken, the probability that any of them divides
#' one cluster is at most about \eqn{\alpha}{alpha}.
#' @section Errors: `gmvae_error_input` if `fit` is not a fit of [gmvae()] or
#'   has one cluster only; `gmvae_error_option` for `test`;
#'   `gmvae_error_package` for `plot()` if ggplot2 is not installed.
#' @references Meinshausen (2008) Hierarchical testing of variable importance.
#'   *Biometrika* 95, 265-278. \doi{10.1093/biomet/asn007}
#' @seealso [cut_clusters()], [plot.gmvae()], [gmvae()]
#' @examples
#' data(pbmc_sorted)
#' set.seed(1)
#' fit <- gmvae(pbmc_sorted$counts[, 1:300], k = 5, features = 500)
#' tree <- cluster_tree(fit)
#' tree
#' three <- cut_clusters(fit, k = 3)
#' table(three$cluster, fit$cluster)
#' @export
cluster_tree <- function(fit, test = TRUE) {
  call <- quote(cluster_tree())
  check_gmvae_fit(fit, call)
  cluster_tree_of(fit, check_flag(test, call = call), call)
}

cluster_tree_of <- function(fit, test = TRUE, call) {
  check_several_clusters(fit, call)
  tree <- stats::hclust(stats::as.dist(cluster_distances(fit)), "average",
                        members = cluster_weights(fit))
  tree$dist.method <- "Mahalanobis"
  tree$call <- call("cluster_tree", quote(fit))
  members <- merged_clusters(tree)
  cells <- tabulate(fit$cluster, fit$k)
  labels <- function(side) {
    vapply(side, function(one) toString(tree$labels[one]), "")
  }
  splits <- data.frame(
    first = labels(members$first), second = labels(members$second),
    cells = vapply(members$both, function(one) sum(cells[one]), 0),
    height = tree$height, stability = NA_real_, p = NA_real_,
    p_adjusted = NA_real_
  )
  if (test) {
    tests <- test_divisions(fit, members, call)
    splits$stability <- tests$stability
    splits$p <- tests$p
    splits$p_adjusted <- hierarchical_p(tests$p, members$both, fit$k)
  }
  tree$splits <- splits[rev(seq_len(nrow(splits))), ]
  rownames(tree$splits) <- NULL
  tree$cells <- stats::setNames(cells, tree$labels)
  class(tree) <- c("gmvae_tree", class(tree))
  tree
}

check_several_clusters <- function(fit, call) {
  if (fit$k > 1L) return(invisible())
  gmvae_abort(c(
    "{.arg fit} must have at least two clusters.",
    x = "It has one, so there is no tree.",
    i = "{.code update(fit, k = 5)} makes a fit with more clusters."
  ), "input", call = call)
}

# k x k, named by cluster.
cluster_distances <- function(fit) {
  mixture <- fit$mixture
  d <- ncol(mixture$means)
  n <- length(mixture$weights)
  distance <- matrix(0, n, n)
  for (i in seq_len(n - 1L)) {
    for (j in seq(i + 1L, n)) {
      change <- mixture$means[i, ] - mixture$means[j, ]
      covariance <- (mixture$covariances[, , i] + mixture$covariances[, , j]) /
        2
      square <- sum(change * solve(matrix(covariance, d), change))
      distance[i, j] <- distance[j, i] <- sqrt(square)
    }
  }
  # Of groups of components: means over pairs, by weight.
  share <- pmax(mixture$weights, 1e-12)
  weights <- diag(share, n) %*% component_indicators(fit)
  total <- colSums(weights)
  between <- crossprod(weights, distance %*% weights) / outer(total, total)
  `dimnames<-`(between, list(levels(fit$cluster), levels(fit$cluster)))
}

# For each merger of an hclust object the clusters on both sides, in order.
merged_clusters <- function(tree) {
  members <- list(first = list(), second = list(), both = list())
  below <- function(at) if (at < 0) -at else members$both[[at]]
  for (i in seq_len(nrow(tree$merge))) {
    sides <- lapply(tree$merge[i, ], below)
    sides <- lapply(sides, sort)
    if (sides[[1]][1] > sides[[2]][1]) sides <- rev(sides)
    members$first[[i]] <- sides[[1]]
    members$second[[i]] <- sides[[2]]
    members$both[[i]] <- sort(unlist(sides))
  }
  members
}

# A data frame with a row for each merger.
test_divisions <- function(fit, members, call) {
  control <- fitted_control(fit)
  state <- network_state(fit)
  cluster <- as.integer(fit$cluster)
  progress <- progress_reporter(control$verbose && interactive())
  rows <- lapply(seq_along(members$both), function(i) {
    cells <- which(cluster %in% members$both[[i]])
    if (length(cells) < length(members$both[[i]])) {
      return(data.frame(p = 1, p_unseen = 1, stability = NA_real_))
    }
    known <- design_of(fit, list(batch = fit$batch[cells],
                                 covariates = rows_of(fit$covariates, cells)))
    side <- 1L + cluster[cells] %in% members$second[[i]]
    test <- with_core_errors(cpp_gmvae_division(
      state, fit$latent[cells, , drop = FALSE],
      core_sizes(unname(fit$size_factors[cells]), fit$proteins), known, side,
      length(members$both[[i]]),
      control[c("max_iter", "tol", "n_threads")], progress
    ), call = call)
    as.data.frame(test[c("p", "p_unseen", "stability")])
  })
  tests <- do.call(rbind, rows)
  tests$stability[is.nan(tests$stability)] <- NA_real_
  tests
}

# P-values of the splits of a tree, each at least that of the splits above it.
hierarchical_p <- function(p, clusters, k) {
  adjusted <- pmin(1, p * k / lengths(clusters))
  for (i in rev(seq_along(p))) {
    above <- vapply(clusters, function(one) all(clusters[[i]] %in% one), NA)
    adjusted[i] <- max(adjusted[above])
  }
  adjusted
}

#' @rdname cluster_tree
#' @export
print.gmvae_tree <- function(x, ...) {
  local_decimal_point()
  cat(cli::pluralize("Tree of {length(x$cells)} clusters of ",
                     "{count(sum(x$cells))} cells"), "\n", sep = "")
  shown <- x$splits
  shown$height <- format(round(shown$height, 1), nsmall = 1)
  if (all(is.na(shown$p))) {
    shown <- shown[c("first", "second", "cells", "height")]
  } else {
    shown$stability <- format(round(shown$stability, 2), nsmall = 2)
    shown$p <- format.pval(shown$p, 2, eps = 0.001)
    shown$p_adjusted <- format.pval(shown$p_adjusted, 2, eps = 0.001)
  }
  print(shown, row.names = FALSE)
  invisible(x)
}

# Cut -------------------------------------------------------------------------

#' Fewer clusters of the same fit
#'
#' Joins clusters of a fit of [gmvae()] along its [cluster_tree()], to a given
#' number of clusters or until every split is significant. The networks, the
#' mixture and the latent space stay as they are, and the counts are not needed:
#' a cluster of the result consists of one or more components of the mixture,
#' and its probability is the sum of their probabilities.
#'
#' @param fit A fit of [gmvae()].
#' @param k Number of clusters, from 1 to the number of clusters of `fit`; or
#'   `NULL` if `alpha` is given.
#' @param alpha A number between 0 and 1: the splits of the tree whose adjusted
#'   p-value is at most `alpha` stay, and all others are joined.
#' @param tree A result of [cluster_tree()] for this fit, with tests if `alpha`
#'   is given. `NULL`: it is computed.
#' @returns A `gmvae` object like `fit`, with the joined clusters in `cluster`,
#'   `posterior`, `k`, `cluster_confusion` and `cluster_stability` (`NA` for
#'   clusters that are joined), `stability` `NA` if any are joined, and
#'   `components`: for each component of `mixture` the number of its cluster.
#'   The result has no `small_groups`.
#'   All methods work on it: [predict()][predict.gmvae], [plot()][plot.gmvae],
#'   [markers()] and so on;
#'   [update()][update.gmvae] goes back to a fit with one component for each
#'   cluster. Clusters are numbered by weight, the largest first. If `fit` has
#'   clusters with names ([rename_clusters()]), names stay, and a joined cluster
#'   has the names of its parts with `" + "` between them.
#' @section Errors: `gmvae_error_input` if `fit` is not a fit of [gmvae()],
#'   `tree` is not a tree of its clusters, or `tree` has no tests although
#'   `alpha` is given; `gmvae_error_option` for `k` and
#'   `alpha`, of which exactly one must be given.
#' @seealso [cluster_tree()], [update.gmvae()] for a new mixture with another
#'   number of components, [rename_clusters()]
#' @examples
#' data(pbmc_sorted)
#' set.seed(1)
#' fit <- gmvae(pbmc_sorted$counts[, 1:300], k = 6, features = 500)
#' three <- cut_clusters(fit, k = 3)
#' table(three$cluster, fit$cluster)
#' @export
cut_clusters <- function(fit, k = NULL, alpha = NULL, tree = NULL) {
  call <- quote(cut_clusters())
  check_gmvae_fit(fit, call)
  check_one_of_both(k, alpha, call)
  if (!is.null(k)) {
    k <- check_count(k, call = call)
    check_fewer_clusters(k, fit, call)
    if (k == fit$k) return(fit)
  } else {
    alpha <- check_number(alpha, 0, 1, open = TRUE, call = call)
    if (fit$k == 1L) return(fit)
  }
  tree <- if (is.null(tree)) {
    cluster_tree_of(fit, is.null(k), call)
  } else {
    check_tree(tree, fit, !is.null(alpha), call)
  }
  group <- if (is.null(k)) significant_groups(tree, alpha) else
    stats::cutree(tree, k)
  join_parts(fit, unname(group))
}

check_one_of_both <- function(k, alpha, call) {
  if (is.null(k) != is.null(alpha)) return(invisible())
  gmvae_abort(c(
    "Exactly one of {.arg k} and {.arg alpha} must be given.",
    x = if (is.null(k)) "You gave neither." else "You gave both.",
    i = "For instance {.code cut_clusters(fit, k = 3)}, or
         {.code cut_clusters(fit, alpha = 0.05)}."
  ), "option", call = call)
}

check_fewer_clusters <- function(k, fit, call) {
  if (k <= fit$k) return(invisible())
  gmvae_abort(c(
    "{.arg k} must be at most the number of clusters of the fit.",
    x = "You supplied {k}, and the fit has {fit$k} cluster{?s}.",
    i = "{.code update(fit, k = {k})} makes a fit with more clusters."
  ), "option", call = call)
}

check_tree <- function(tree, fit, tested, call) {
  cells <- tabulate(fit$cluster, fit$k)
  fits <- inherits(tree, "gmvae_tree") &&
    identical(tree$labels, levels(fit$cluster)) &&
    identical(unname(tree$cells), cells)
  if (!fits) {
    gmvae_abort(c(
      "{.arg tree} must be the tree of this fit.",
      x = if (inherits(tree, "gmvae_tree")) "It has other clusters." else
        "You supplied {describe(tree)}.",
      i = "{.code cluster_tree(fit)} makes it."
    ), "input", call = call)
  }
  if (tested && anyNA(tree$splits$p_adjusted)) {
    gmvae_abort(c(
      "{.arg tree} must have p-values if {.arg alpha} is given.",
      x = "You supplied a tree without tests.",
      i = "{.code cluster_tree(fit)} makes one with tests."
    ), "input", call = call)
  }
  tree
}

# The group of each cluster where only significant splits are made.
significant_groups <- function(tree, alpha) {
  members <- merged_clusters(tree)$both
  group <- seq_along(tree$labels)
  p <- rev(tree$splits$p_adjusted)
  for (i in seq_along(members)) {
    if (p[i] > alpha) group[members[[i]]] <- min(members[[i]])
  }
  group
}

# `group`: a number for each cluster of the fit; those with the same are joined.
join_parts <- function(fit, group) {
  if (!anyDuplicated(group)) return(fit)
  apart <- cluster_weights(fit)
  weight <- tapply(apart, group, sum)
  order <- as.integer(names(weight)[order(-weight)])
  group <- match(group, order)
  names <- joined_names(levels(fit$cluster), group)
  components <- component_clusters(fit)
  joined <- vapply(seq_along(names), function(i) {
    rowSums(fit$posterior[, group == i, drop = FALSE])
  }, numeric(nrow(fit$posterior)))
  fit$posterior <- matrix(joined, nrow(fit$posterior), dimnames = list(
    rownames(fit$posterior), names
  ))
  fit$cluster <- `levels<-`(
    stats::setNames(factor(group[as.integer(fit$cluster)], seq_along(names)),
                    names(fit$cluster)), names
  )
  fit$components <- group[components]
  if (!is.null(fit$cluster_stability)) {
    alone <- tabulate(group)[group] == 1L
    found_again <- rep(NA_real_, length(names))
    found_again[group[alone]] <- fit$cluster_stability[alone]
    fit$cluster_stability <- stats::setNames(found_again, names)
  }
  if (!is.null(fit$cluster_confusion)) {
    fit$cluster_confusion <- joined_confusion(fit$cluster_confusion, group,
                                              apart, names)
  }
  fit$stability <- NA_real_
  fit$small_groups <- NULL
  fit$k <- length(names)
  fit
}

# Rows are means, by the weights of the clusters that are joined, columns sums.
joined_confusion <- function(confusion, group, weights, names) {
  share <- outer(seq_along(names), group, "==") * rep(pmax(weights, 1e-12),
                                                      each = length(names))
  share <- share / rowSums(share)
  joined <- share %*% confusion %*% t((share > 0) + 0)
  `dimnames<-`(joined, list(names, names))
}

joined_names <- function(names, group) {
  if (identical(names, as.character(seq_along(names)))) {
    return(as.character(seq_len(max(group))))
  }
  vapply(seq_len(max(group)), function(i) {
    paste(names[group == i], collapse = " + ")
  }, "")
}
