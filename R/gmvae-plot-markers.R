# What plot() shows of genes: markers of the clusters, and expression on the map
# of the cells. Both are what the decoder expects, so that a fit without its
# counts is enough.

# Genes by cluster: colour for the level among the clusters, size for the share
# of cells with a count, where `genes` is a result of markers() that has it, or
# else for the expected value.
plot_markers <- function(x, genes, call) {
  group <- droplevels(unname(x$cluster))
  check_groups(group, call)
  core <- contrast(x, group, 1, NULL, 100, call)
  shown <- marker_genes(x, core, genes, call)
  level <- core$level[shown, , drop = FALSE]
  lowest <- apply(level, 1, min)
  range <- pmax(apply(level, 1, max) - lowest, 1e-6)
  dots <- data.frame(
    gene = factor(rep(shown, ncol(level)), shown),
    cluster = factor(rep(colnames(level), each = length(shown)),
                     rev(colnames(level))),
    level = as.vector((level - lowest) / range)
  )
  dense <- likelihood_traits(x$likelihood)$dense
  detected <- if (inherits(genes, "gmvae_markers")) {
    genes$detected[match(paste(dots$gene, dots$cluster, sep = "\r"),
                         paste(genes$gene, genes$cluster, sep = "\r"))]
  }
  known <- !is.null(detected) && !anyNA(detected)
  dots$size <- if (known) {
    100 * detected
  } else if (dense) {
    dots$level
  } else {
    pmax(0, as.vector(2^level) - usual_pseudocount(x))
  }
  size <- if (known) "Cells with\na count (%)" else "Expected\nvalue"
  ggplot2::ggplot(dots, ggplot2::aes(.data$gene, .data$cluster)) +
    ggplot2::geom_point(ggplot2::aes(colour = .data$level, size = .data$size)) +
    ggplot2::scale_colour_viridis_c(
      name = "Level among\nthe clusters", limits = c(0, 1), breaks = c(0, 1),
      labels = c("lowest", "highest"), direction = -1, option = "mako",
      begin = 0.15, end = 0.95
    ) +
    ggplot2::scale_size_area(
      name = size, max_size = 5.5, guide = if (known || !dense) "legend" else
        "none"
    ) +
    ggplot2::labs(
      title = "Markers of the clusters", x = NULL, y = "Cluster",
      subtitle = "Expected by the decoder in a cell of median size, log scale"
    ) +
    plot_theme() +
    ggplot2::theme(
      axis.text.x = ggplot2::element_text(angle = 90, hjust = 1, vjust = 0.5)
    )
}

# Names of the genes to draw: as given, or the first five of each cluster.
marker_genes <- function(x, core, genes, call, n = 5L) {
  if (inherits(genes, "gmvae_markers")) {
    genes <- unlist(lapply(split(genes, genes$cluster), function(table) {
      utils::head(table$gene[order(table$rank)], n)
    }))
    genes <- unique(unname(genes))
  }
  if (is.null(genes)) {
    change <- core$change$median
    genes <- unique(as.vector(apply(change, 2L, function(lfc) {
      utils::head(x$features[order(lfc, decreasing = TRUE)], n)
    })))
  }
  unique(x$features[check_genes(genes, x, call)])
}

# A map of the cells for each gene.
plot_expression <- function(x, genes, method, max_cells, call, most = 16L) {
  if (is.null(genes)) {
    gmvae_abort(c(
      "{.arg genes} must be given for {.code type = \"expression\"}.",
      i = "Name up to {most} genes that the fit uses."
    ), "option", call = call)
  }
  if (inherits(genes, "gmvae_markers")) {
    genes <- utils::head(unique(genes$gene[order(genes$rank)]), most)
  }
  rows <- unique(check_genes(genes, x, call))
  if (length(rows) > most) {
    gmvae_abort(c(
      "{.arg genes} must be at most {most} genes for
       {.code type = \"expression\"}.",
      x = "You supplied {length(rows)}."
    ), "option", call = call)
  }
  shown <- sample_cells(x$cluster, max_cells)
  map <- latent_map(x, shown, method, call)
  values <- decode_normalized(x, x$latent[shown, , drop = FALSE], rows, NULL,
                              NULL, call)
  low <- if (likelihood_traits(x$likelihood)$dense) apply(values, 1, min) else 0
  high <- apply(values, 1, max)
  relative <- (values - low) / pmax(high - low, .Machine$double.xmin)
  name <- sprintf("%s (%s)", x$features[rows], signif(high, 2))
  cells <- data.frame(
    one = rep(map$points$one, each = length(rows)),
    two = rep(map$points$two, each = length(rows)),
    value = as.vector(relative), gene = factor(rep(name, length(shown)), name)
  )
  note <- "Expected in a cell of median size; in brackets, what 1 stands for"
  latent_points(cells[order(cells$value), ], map, "value") +
    ggplot2::facet_wrap(ggplot2::vars(.data$gene)) +
    ggplot2::scale_colour_viridis_c(name = "Relative to\nthe largest",
                                    limits = c(0, 1), direction = -1,
                                    option = "mako", end = 0.95) +
    ggplot2::labs(
      title = "Expression", x = map$axes[1], y = map$axes[2],
      subtitle = paste(c(note, sample_note(shown, nrow(x$latent))),
                       collapse = ". ")
    ) +
    plot_theme()
}

# Positions of genes among those of the fit.
check_genes <- function(genes, fit, call) {
  rows <- if (is.character(genes)) match(genes, fit$features)
  if (length(rows) > 0L && !anyNA(rows)) return(rows)
  unknown <- if (!is.null(rows)) genes[is.na(rows)]
  gmvae_abort(c(
    "{.arg genes} must be names of genes that the fit uses, or a result of
     {.fn markers}.",
    x = if (length(unknown) > 0L) "The fit does not use {first_few(unknown)}."
    else "You supplied {describe(genes)}.",
    i = "{.code fit$features} has their names."
  ), "option", call = call)
}
