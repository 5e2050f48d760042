#' Plot a fit of gmvae()
#'
#' `plot()` draws one of nine pictures of a fit, with ggplot2: where the cells
#' are, how training went, how large and how certain the clusters are, how
#' their number was chosen, how they are nested, and which genes distinguish
#' them.
#'
#' @param x A fit of [gmvae()].
#' @param type What to draw:
#'   * `"latent"`: a map of the cells in two dimensions, coloured by cluster,
#'     with the number of each cluster beside its median;
#'   * `"loss"`: the evidence lower bound (ELBO) and its parts for each epoch,
#'     of training and held-out cells. Dashed lines separate the phases of the
#'     training; in the first one the ELBO is the reconstruction term alone;
#'   * `"sizes"`: the number of cells of each cluster, and as a dot the number
#'     that the weight of its component predicts;
#'   * `"uncertainty"`: for each cell, one minus the confidence in its cluster,
#'     see [predict.gmvae()];
#'   * `"k"`: for each number of clusters what two halves share, by latent means
#'     and, where they took part in the choice, by principal components, the
#'     stability and the log-density of the cells of the other half (`k_path` of
#'     the fit), with `k` of the fit marked; for fits that chose `k`;
#'   * `"tree"`: the tree of the clusters with the tests of its splits, as
#'     [cluster_tree()] has it. To draw a tree that is there, plot the tree;
#'   * `"loadings"`: for each of up to 12 latent dimensions the six genes with
#'     the largest positive and the six with the largest negative loadings,
#'     times the standard deviation of the dimension over the cells; for fits
#'     with a linear decoder, see [top_genes()];
#'   * `"markers"`: a dot for each gene and cluster. Colour: the expected value
#'     of the gene in a cell of median size, on the log scale, from the cluster
#'     with the lowest to that with the highest. Size: the share of cells with a
#'     count, if `genes` is a result of [markers()] with detection rates, or
#'     else the expected value;
#'   * `"expression"`: the map of the cells, coloured for each of the `genes` by
#'     what the decoder expects in a cell of median size, averaged over the
#'     batches, relative to the largest value of the gene.
#' @param ... Must be empty.
#' @param colour For type `"latent"`, one label or number per cell (n), at most
#'   36 different labels. With labels, a second map beside that of the clusters
#'   is coloured by them: a label has the colour of the cluster with which it
#'   shares most cells, if no other label shares more with it, and other labels
#'   have colours of their own. With numbers, such as the expression of a gene,
#'   one map is coloured by them; whole numbers with at most 36 different values
#'   are labels. Cells with a missing label or number are grey.
#' @param genes For types `"markers"` and `"expression"`, names of genes that
#'   the fit uses, or a result of [markers()], of which the first five genes of
#'   each cluster are drawn. At most 16 for `"expression"`, which needs them;
#'   `NULL` for `"markers"`: the five genes of each cluster with the largest
#'   median fold change.
#' @param method For types `"latent"` and `"expression"`, how to draw the latent
#'   means in two dimensions: `"umap"`, with package uwot, or `"pca"`, the first
#'   two principal components. `NULL`: `"umap"` if uwot is installed and there
#'   are at least 20 cells and three latent dimensions. UMAP and the sample of
#'   `max_cells` draw from R's generator: use [set.seed()] to get the same
#'   picture again.
#' @param max_cells For types `"latent"`, `"uncertainty"` and `"expression"`, a
#'   number of at least 1, or `Inf`: with more cells, the points of a random
#'   sample of about this size are drawn, and the subtitle says how many. Each
#'   cluster has its share of the sample, but at least 20 cells or all that it
#'   has. Everything else in the plots is about all cells. UMAP takes about a
#'   quarter of a millisecond per cell.
#' @returns The ggplot object, invisibly, after drawing it.
#' @section Errors: `gmvae_error_option` for arguments out of range or without
#'   effect on `type`, and for `type = "k"` if `k` was one number;
#'   `gmvae_error_input` for `type = "loadings"` without a linear decoder and
#'   for `type = "tree"` with one cluster;
#'   `gmvae_error_package` if ggplot2, or uwot for `method = "umap"`, is not
#'   installed.
#' @seealso [gmvae()], [summary.gmvae()]
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' data(pbmc_sorted)
#' cells <- seq(1, 1000, by = 5)
#' set.seed(1)
#' fit <- gmvae(pbmc_sorted$counts[, cells], k = 5, features = 500)
#' plot(fit, colour = pbmc_sorted$celltype_coarse[cells], method = "pca")
#' plot(fit, "sizes")
#' plot(fit, "markers")
#' @importFrom rlang .data
#' @export
plot.gmvae <- function(x, type = c("latent", "loss", "sizes", "uncertainty",
                                   "k", "tree", "loadings", "markers",
                                   "expression"),
                       ..., colour = NULL, genes = NULL, method = NULL,
                       max_cells = 5000) {
  call <- quote(plot())
  check_no_dots(..., call = call)
  validate_fit(x, "x", call)
  types <- eval(formals(plot.gmvae)$type)
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  check_applies(c(colour = !is.null(colour), genes = !is.null(genes),
                  method = !is.null(method), max_cells = !missing(max_cells)),
                plot_types_with, type, call)
  require_package("ggplot2", "plot a fit", call)
  if (!identical(max_cells, Inf)) check_number(max_cells, 1, call = call)
  drawn <- switch(type,
    latent = plot_latent(x, colour, method, max_cells, call),
    loss = plot_loss(x),
    sizes = plot_sizes(x),
    uncertainty = plot_uncertainty(x, max_cells),
    k = plot_k(x, call),
    tree = plot_tree(cluster_tree_of(x, call = call)),
    loadings = plot_loadings(x, call = call),
    markers = plot_markers(x, genes, call),
    expression = plot_expression(x, genes, method, max_cells, call)
  )
  print(drawn)
  invisible(drawn)
}

plot_types_with <- list(colour = "latent", genes = c("markers", "expression"),
                        method = c("latent", "expression"),
                        max_cells = c("latent", "uncertainty", "expression"))

# Latent map ------------------------------------------------------------------

plot_latent <- function(x, colour, method, max_cells, call) {
  if (!is.null(colour)) colour <- check_colour(colour, nrow(x$latent), call)
  shown <- sample_cells(x$cluster, max_cells)
  map <- latent_map(x, shown, method, call)
  drawn <- if (is.numeric(colour)) {
    latent_values(x, colour, map, shown)
  } else {
    latent_groups(x, colour, map, shown)
  }
  drawn +
    ggplot2::labs(title = "Latent space of the fit", x = map$axes[1],
                  y = map$axes[2],
                  subtitle = sample_note(shown, nrow(x$latent))) +
    plot_theme() +
    if (is.null(colour)) {
      ggplot2::theme(strip.text = ggplot2::element_blank())
    } else {
      ggplot2::theme(panel.spacing = ggplot2::unit(1.5, "lines"))
    }
}

# Cells coloured by cluster and, if there are `labels`, beside it by these.
latent_groups <- function(x, labels, map, shown) {
  cluster <- x$cluster[shown]
  cells <- data.frame(map$points, group = cluster, panel = "Cluster")
  colours <- group_colours(levels(cluster))
  if (!is.null(labels)) {
    # Both panels share one scale: a mark keeps label "1" off cluster "1".
    mark <- function(names) paste0("label:", names, recycle0 = TRUE)
    others <- data.frame(map$points, group = labels[shown], panel = "Label")
    levels(others$group) <- mark(levels(labels))
    cells <- rbind(cells, others)
    by_label <- matched_colours(labels, x$cluster)
    names(by_label$labels) <- mark(names(by_label$labels))
    colours <- c(by_label$clusters, by_label$labels)
  }
  listed <- if (is.null(labels)) levels(cluster) else levels(others$group)
  drawn <- latent_points(cells, map, "group") +
    cluster_marks(map, cluster, panel = "Cluster") +
    ggplot2::facet_wrap(ggplot2::vars(.data$panel)) +
    ggplot2::scale_colour_manual(
      values = colours, breaks = listed, na.value = "grey70",
      labels = sub("^label:", "", listed),
      name = if (is.null(labels)) "Cluster" else "Label",
      guide = ggplot2::guide_legend(override.aes = list(size = 3, alpha = 1))
    )
  if (!anyNA(labels)) return(drawn)
  drawn + ggplot2::labs(caption = "Grey: no label")
}

# Cells coloured by a number, the highest on top.
latent_values <- function(x, values, map, shown) {
  cells <- data.frame(map$points, value = values[shown])
  drawn <- latent_points(cells[order(cells$value, na.last = FALSE), ], map,
                         "value") +
    cluster_marks(map, x$cluster[shown]) +
    ggplot2::scale_colour_viridis_c(name = "Value", na.value = "grey85")
  if (!anyNA(values)) return(drawn)
  drawn + ggplot2::labs(caption = "Light grey: no value")
}

latent_points <- function(cells, map, colour) {
  ggplot2::ggplot(cells, ggplot2::aes(.data$one, .data$two)) +
    ggplot2::geom_point(ggplot2::aes(colour = .data[[colour]]),
                        size = point_size(nrow(map$points)), stroke = 0,
                        alpha = 0.8)
}

# The name of each cluster beside its median.
cluster_marks <- function(map, cluster, ...) {
  centres <- data.frame(group_medians(map$points, cluster), ...)
  ggplot2::geom_label(ggplot2::aes(label = .data$group), data = centres,
                      size = 3.2, fill = "white", alpha = 0.7,
                      nudge_y = map$above)
}

# Colours of clusters and labels: pairs of a cluster and a label that share many
# cells, the largest pairs first, have one colour.
matched_colours <- function(labels, cluster) {
  shared <- table(labels, cluster)
  pair <- stats::setNames(rep(NA_integer_, nlevels(labels)), levels(labels))
  while (any(shared > 0L)) {
    most <- arrayInd(which.max(shared), dim(shared))
    pair[most[1]] <- most[2]
    shared[most[1], ] <- shared[, most[2]] <- 0L
  }
  single <- is.na(pair)
  pair[single] <- nlevels(cluster) + seq_len(sum(single))
  colours <- unname(group_colours(seq_len(nlevels(cluster) + sum(single))))
  list(clusters = stats::setNames(colours[seq_len(nlevels(cluster))],
                                  levels(cluster)),
       labels = stats::setNames(colours[pair], names(pair)))
}

# Cells to draw: all, or about `most`, in order, each cluster with its
# share but enough to be seen.
sample_cells <- function(cluster, most) {
  if (length(cluster) <= most) return(seq_along(cluster))
  cells <- split(seq_along(cluster), cluster)
  sizes <- lengths(cells)
  wanted <- pmin(sizes, pmax(20, round(most * sizes / length(cluster))))
  draw <- function(cells, n) cells[sample.int(length(cells), n)]
  sort(unlist(Map(draw, cells, wanted), use.names = FALSE))
}

sample_note <- function(shown, n) {
  if (length(shown) == n) return(NULL)
  count <- function(x) format(x, big.mark = ",", decimal.mark = ".")
  sprintf("Points: a sample of %s of %s cells", count(length(shown)), count(n))
}

latent_map <- function(x, shown, method, call) {
  latent <- x$latent[shown, , drop = FALSE]
  few <- nrow(latent) < 20L || ncol(latent) < 3L
  if (is.null(method)) {
    umap <- requireNamespace("uwot", quietly = TRUE) && !few
    method <- if (umap) "umap" else "pca"
  }
  check_choice(method, c("umap", "pca"), call = call)
  if (method == "umap") {
    require_package("uwot", "draw a UMAP of the cells", call)
    points <- uwot::umap(
      latent, n_neighbors = min(15L, nrow(latent) - 1L), min_dist = 0.3,
      init = "pca", n_epochs = 100L, n_threads = x$control$n_threads,
      # More trees (for the neighbours) or epochs do not change the picture.
      n_trees = 10L,
      # In batches the picture doesn't depend on the threads.
      batch = TRUE, n_sgd_threads = x$control$n_threads
    )
    axes <- c("UMAP 1", "UMAP 2")
  } else {
    principal <- stats::prcomp(x$latent)
    points <- cbind(principal$x, 0)[shown, 1:2, drop = FALSE]
    share <- round(100 * c(principal$sdev^2, 0) / sum(principal$sdev^2))[1:2]
    axes <- sprintf("Principal component %d of the latent means (%d%%)", 1:2,
                    as.integer(share))
  }
  points <- data.frame(one = points[, 1], two = points[, 2])
  # Labels stand a little above the medians, so that small clusters show.
  list(points = points, axes = axes, above = 0.04 * diff(range(points$two)))
}

group_medians <- function(points, group) {
  group <- droplevels(group)
  data.frame(
    one = as.vector(tapply(points$one, group, stats::median)),
    two = as.vector(tapply(points$two, group, stats::median)),
    group = levels(group)
  )
}

# A factor of labels, or numbers.
check_colour <- function(colour, n, call) {
  if (!is.atomic(colour) || length(colour) != n) {
    gmvae_abort(c(
      "{.arg colour} must have one label or number per cell, {n} here.",
      x = "You supplied {describe(colour)}."
    ), "option", call = call)
  }
  if (is.numeric(colour)) {
    colour[!is.finite(colour)] <- NA
    known <- unique(colour[!is.na(colour)])
    if (length(known) > 36L || any(known != round(known))) {
      return(as.double(colour))
    }
  }
  labels <- droplevels(as.factor(colour))
  if (nlevels(labels) <= 36L) return(labels)
  gmvae_abort(c(
    "{.arg colour} must have at most 36 different labels.",
    x = "You supplied {nlevels(labels)}."
  ), "option", call = call)
}

# Others ----------------------------------------------------------------------

plot_loss <- function(x) {
  history <- x$history
  parts <- c("ELBO", "Reconstruction", "KL divergence")
  curve <- function(values, part, cells) {
    data.frame(epoch = seq_along(values), value = values,
               part = factor(part, parts), cells = cells)
  }
  curves <- rbind(
    curve(history$elbo, "ELBO", "Training"),
    curve(history$elbo_heldout, "ELBO", "Held out"),
    curve(history$reconstruction, "Reconstruction", "Training"),
    curve(history$kl, "KL divergence", "Training")
  )
  curves <- curves[is.finite(curves$value), ]
  starts <- which(!duplicated(history$phase))
  phases <- data.frame(epoch = starts, name = history$phase[starts],
                       part = factor("ELBO", parts))
  ggplot2::ggplot(curves, ggplot2::aes(.data$epoch, .data$value)) +
    ggplot2::geom_vline(xintercept = starts[-1], colour = "grey60",
                        linetype = "dashed") +
    ggplot2::geom_line(ggplot2::aes(colour = .data$cells), linewidth = 0.7) +
    ggplot2::geom_text(ggplot2::aes(label = .data$name, y = -Inf),
                       data = phases, hjust = -0.1, vjust = -0.6, size = 3,
                       colour = "grey30") +
    ggplot2::facet_wrap(ggplot2::vars(.data$part), ncol = 1L,
                        scales = "free_y") +
    ggplot2::scale_colour_manual(
      values = c(Training = "#0072B2", "Held out" = "#D55E00"),
      breaks = c("Training", "Held out"), name = "Cells"
    ) +
    ggplot2::labs(title = "Training", x = "Epoch",
                  y = "ELBO and its parts (natural log, per cell)") +
    plot_theme()
}

plot_sizes <- function(x) {
  sizes <- data.frame(
    cluster = factor(levels(x$cluster), levels(x$cluster)),
    cells = tabulate(x$cluster, x$k),
    expected = unname(cluster_weights(x)) * nrow(x$posterior)
  )
  ggplot2::ggplot(sizes, ggplot2::aes(.data$cluster, .data$cells)) +
    ggplot2::geom_col(ggplot2::aes(fill = .data$cluster), width = 0.75) +
    ggplot2::geom_text(
      ggplot2::aes(label = .data$cells, y = pmax(.data$cells, .data$expected)),
      vjust = -0.8, size = 3.2
    ) +
    ggplot2::geom_point(ggplot2::aes(y = .data$expected), shape = 21,
                        fill = "white", size = 2.2) +
    ggplot2::scale_fill_manual(values = group_colours(levels(x$cluster)),
                               guide = "none") +
    ggplot2::scale_y_continuous(
      expand = ggplot2::expansion(mult = c(0, 0.08))
    ) +
    ggplot2::labs(title = "Cells per cluster", x = "Cluster", y = "Cells",
                  subtitle = "Dot: number that the mixture weight predicts") +
    plot_theme()
}

plot_uncertainty <- function(x, max_cells) {
  cells <- data.frame(cluster = x$cluster,
                      uncertainty = 1 - confidence(x, x$posterior))
  shown <- sample_cells(x$cluster, max_cells)
  note <- sample_note(shown, nrow(cells))
  ggplot2::ggplot(cells, ggplot2::aes(.data$cluster, .data$uncertainty)) +
    ggplot2::geom_jitter(ggplot2::aes(colour = .data$cluster),
                         data = cells[shown, ], height = 0, width = 0.3,
                         size = point_size(length(shown)), stroke = 0,
                         alpha = 0.6) +
    ggplot2::geom_boxplot(outlier.shape = NA, fill = NA, width = 0.5) +
    ggplot2::scale_colour_manual(values = group_colours(levels(x$cluster)),
                                 guide = "none") +
    ggplot2::scale_x_discrete(drop = FALSE) +
    ggplot2::scale_y_sqrt(
      limits = c(0, max(0.5, cells$uncertainty)),
      breaks = c(0, 0.01, 0.05, 0.1, 0.2, 0.5, 1)
    ) +
    ggplot2::labs(title = "Uncertainty of the cells", x = "Cluster",
                  y = "1 - confidence in the cell's cluster",
                  subtitle = paste(c("0: certain; square-root scale", note),
                                   collapse = ". ")) +
    plot_theme()
}

# Look ------------------------------------------------------------------------

# Up to eight groups have colours that people who confuse red and green can
# distinguish; then follow a palette of 36 colours, and hues.
group_colours <- function(groups) {
  n <- length(groups)
  colours <- if (n <= 8L) {
    grDevices::palette.colors(9L, "Okabe-Ito")[c(3, 2, 4, 7, 6, 8, 5, 1)]
  } else if (n <= 34L) {
    grDevices::palette.colors(36L, "Polychrome 36")[-(1:2)]
  } else {
    grDevices::hcl.colors(n, "Dark 3")
  }
  stats::setNames(colours[seq_len(n)], groups)
}

point_size <- function(n) max(0.6, min(2.2, 60 / sqrt(n)))

plot_theme <- function() {
  ggplot2::theme_minimal(base_size = 11) +
    ggplot2::theme(
      panel.grid.minor = ggplot2::element_blank(),
      plot.title = ggplot2::element_text(face = "bold"),
      strip.text = ggplot2::element_text(face = "bold", hjust = 0),
      plot.background = ggplot2::element_rect(fill = "white", colour = NA)
    )
}

# Number of clusters ----------------------------------------------------------

plot_k <- function(x, call) {
  if (is.null(x$k_path)) {
    gmvae_abort(c(
      "{.code type = \"k\"} needs a fit that compared several {.arg k}.",
      x = "This fit was given {.code k = {x$k}}.",
      i = "Use {.code gmvae(x)} or {.code update(fit, k = 2:12)}."
    ), "option", call = call)
  }
  path <- x$k_path
  k <- length(component_clusters(x))  # before clusters were joined
  panels <- list(
    "Information that two halves share (nats)" =
      if (!is.null(path$shared)) path[c("shared", "shared_sd")],
    "Information shared by principal components (nats)" =
      if (has_components(path)) path[c("shared_pcs", "shared_pcs_sd")],
    "Stability (adjusted Rand index of two halves)" =
      path[c("stability", "stability_sd")],
    "Log-density of the cells of the other half (mean)" =
      if (!is.null(path$log_density)) data.frame(path$log_density, 0)
  )
  panels <- Filter(Negate(is.null), panels)  # of fits of earlier versions
  shown <- do.call(rbind, lapply(names(panels), function(panel) {
    value <- panels[[panel]][[1]]
    spread <- panels[[panel]][[2]]
    data.frame(k = path$k, value, low = value - spread, high = value + spread,
               panel = factor(panel, names(panels)))
  }))
  shown <- shown[is.finite(shown$value), ]
  shown$chosen <- shown$k == k
  ggplot2::ggplot(shown, ggplot2::aes(.data$k, .data$value)) +
    ggplot2::geom_vline(xintercept = k, colour = "grey60",
                        linetype = "dashed") +
    ggplot2::geom_linerange(ggplot2::aes(ymin = .data$low, ymax = .data$high),
                            colour = "grey60") +
    ggplot2::geom_line(colour = "grey30") +
    ggplot2::geom_point(ggplot2::aes(colour = .data$chosen), size = 2.2) +
    ggplot2::facet_wrap(ggplot2::vars(.data$panel), ncol = 1L,
                        scales = "free_y") +
    ggplot2::scale_colour_manual(
      values = c("FALSE" = "grey30", "TRUE" = "#D55E00"), guide = "none"
    ) +
    ggplot2::labs(title = "Choice of the number of clusters",
                  x = "Number of clusters (k)", y = NULL,
                  subtitle = paste("Dashed line: the k of the fit. Bars:",
                                   "standard deviation over halvings")) +
    plot_theme()
}
