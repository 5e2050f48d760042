#' Plot a Gaussian mixture with ggplot2
#'
#' Draws a fit of [gmm_fit()] as a ggplot object, to which layers, scales and
#' themes can be added. [plot()][plot.gmm_fit] draws more types with base
#' graphics.
#'
#' @param object A fit of [gmm_fit()].
#' @param type What to draw:
#'   * `"classification"`: two columns of the rows, coloured by component, with
#'     ellipses that hold 90% of each component; or with one column a histogram
#'     with the density of the mixture and of its components;
#'   * `"uncertainty"`: the same two columns, with larger points for rows whose
#'     component is less certain;
#'   * `"density"`: contours of the high-density regions ([hdr()]) that hold
#'     25%, 50%, 75% and 95% of two columns, or the density of one column;
#'   * `"BIC"`, `"ICL"`: the criterion of each model against the number of
#'     components; smaller is better.
#' @param data The data that were fitted. `NULL`: as for
#'   [plot()][plot.gmm_fit].
#' @param columns Names of one or two columns. `NULL`: the first two.
#' @param ... Not used.
#' @returns A ggplot object.
#' @section Errors: `gmvae_error_option` for an unknown `type`, unknown or more
#'   than two `columns`; `gmvae_error_input` if `data` are not found or are not
#'   the data of the fit.
#' @seealso [plot.gmm_fit()]
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE)
#' fit <- gmm_fit(faithful, k = 1:4)
#' ggplot2::autoplot(fit)
#' ggplot2::autoplot(fit, "density")
#' ggplot2::autoplot(fit, "BIC")
#' @exportS3Method ggplot2::autoplot
autoplot.gmm_fit <- function(object, # nolint: object_name.
                             type = c("classification", "uncertainty",
                                      "density", "BIC", "ICL"), ...,
                             data = NULL, columns = NULL) {
  caller <- parent.frame()
  call <- quote(autoplot())
  check_no_dots(..., call = call)
  validate_fit(object, call = call)
  types <- eval(formals(autoplot.gmm_fit)$type)
  type <- if (missing(type)) types[1] else check_choice(type, types,
                                                        call = call)
  if (type %in% c("BIC", "ICL")) return(autoplot_criterion(object, type))
  if (is.null(columns)) columns <- utils::head(object$columns, 2L)
  columns <- check_columns(columns, object$columns, call)
  if (length(columns) > 2L) {
    gmvae_abort(c(
      "{.arg columns} must name one or two columns.",
      x = "You supplied {length(columns)}: {.val {columns}}.",
      i = "{.fn plot} draws all pairs."
    ), "option", call = call)
  }
  x <- fitted_data(object, data, "data", caller, call)
  rows <- data.frame(x[, match(columns, object$columns), drop = FALSE])
  names(rows) <- c("x", if (length(columns) == 2L) "y")
  rows$component <- cluster_factor(object)
  rows$uncertainty <- object$uncertainty
  rows <- rows[stats::complete.cases(rows), ]
  if (length(columns) == 1L) {
    return(autoplot_line(object, rows, columns, type == "density"))
  }
  if (type == "density") return(autoplot_contours(object, rows, columns))
  autoplot_plane(object, rows, columns, type == "uncertainty")
}

component_palette <- function(object) {
  c(group_colours(names(object$weights)),
    if (!is.null(object$noise)) c(noise = "grey50"))
}

autoplot_line <- function(object, rows, column, whole) {
  mixture <- keep_columns(object, column)
  ends <- column_limits(mixture, 1L, cbind(rows$x))
  value <- seq(ends[1], ends[2], length.out = 512)
  total <- data.frame(value, density = line_density(mixture, value))
  parts <- column_densities(mixture, column, value)
  names <- posterior_names(names(object$weights), !is.null(object$noise))
  parts <- data.frame(value, density = c(parts),
                      component = factor(rep(names, each = 512), names))
  bins <- min(200, max(20, grDevices::nclass.FD(rows$x)))
  picture <- ggplot2::ggplot(total, ggplot2::aes(.data$value, .data$density)) +
    ggplot2::geom_histogram(
      ggplot2::aes(.data$x, ggplot2::after_stat(.data$density)), rows,
      inherit.aes = FALSE, bins = bins, fill = "grey90", colour = "white"
    ) +
    ggplot2::geom_line(linewidth = 0.8, colour = "grey25") +
    ggplot2::labs(title = model_title(object), x = column, y = "Density") +
    plot_theme()
  if (whole) return(picture)
  picture +
    ggplot2::geom_line(ggplot2::aes(colour = .data$component), parts,
                       linewidth = 0.8) +
    ggplot2::scale_colour_manual("Component",
                                 values = component_palette(object))
}

autoplot_plane <- function(object, rows, columns, uncertain) {
  ellipses <- lapply(seq_len(object$k), function(k) {
    points <- component_ellipse(object, columns, k)
    data.frame(x = points[, 1], y = points[, 2],
               component = names(object$weights)[k])
  })
  points <- if (uncertain) {
    ggplot2::geom_point(ggplot2::aes(size = .data$uncertainty), alpha = 0.6)
  } else {
    ggplot2::geom_point(size = point_size(nrow(rows)), alpha = 0.6)
  }
  ggplot2::ggplot(rows, ggplot2::aes(.data$x, .data$y,
                                     colour = .data$component)) +
    points +
    ggplot2::geom_path(data = do.call(rbind, ellipses), linewidth = 0.8) +
    ggplot2::scale_colour_manual("Component", drop = FALSE,
                                 values = component_palette(object)) +
    (if (uncertain) {
      ggplot2::scale_size("Uncertainty", range = c(0.5, 5), limits = c(0, NA))
    }) +
    ggplot2::labs(title = model_title(object), x = columns[1],
                  y = columns[2]) +
    plot_theme()
}

autoplot_contours <- function(object, rows, columns) {
  mixture <- keep_columns(object, columns)
  grid <- density_grid(mixture, as.matrix(rows[c("x", "y")]), 151L)
  levels <- hdr.gmm_fit(mixture, contour_levels)$density
  frame <- data.frame(x = grid$rows[, 1], y = grid$rows[, 2], z = c(grid$z))
  filled <- which(!duplicated(levels))
  ggplot2::ggplot(frame, ggplot2::aes(.data$x, .data$y)) +
    ggplot2::geom_contour_filled(
      ggplot2::aes(z = .data$z),
      breaks = c(levels[filled], max(grid$z, levels) * 1.01)
    ) +
    ggplot2::scale_fill_manual("Region that holds",
                               values = shades(length(levels))[filled],
                               labels = share_names(contour_levels)[filled]) +
    ggplot2::geom_point(data = rows, size = point_size(nrow(rows)) / 2,
                        colour = "grey20", alpha = 0.6) +
    ggplot2::labs(title = model_title(object), x = columns[1],
                  y = columns[2]) +
    plot_theme()
}

autoplot_criterion <- function(object, criterion) {
  search <- object$search
  search$value <- search[[tolower(criterion)]]
  search$model <- factor(search$model, unique(search$model))
  style <- model_styles(levels(search$model))
  limits <- criterion_limits(search)
  chosen <- data.frame(k = object$k, value = object[[tolower(criterion)]])
  search <- search[!is.na(search$value), ]
  ggplot2::ggplot(search, ggplot2::aes(.data$k, .data$value)) +
    ggplot2::geom_line(ggplot2::aes(colour = .data$model,
                                    linetype = .data$model)) +
    ggplot2::geom_point(ggplot2::aes(colour = .data$model,
                                     shape = .data$model), size = 2) +
    ggplot2::geom_point(data = chosen, shape = 1, size = 5) +
    ggplot2::scale_colour_manual("Model", values = style$colour) +
    ggplot2::scale_shape_manual("Model", values = style$shape) +
    ggplot2::scale_linetype_manual(
      "Model", values = c("solid", "dashed")[style$line]
    ) +
    ggplot2::scale_x_continuous(breaks = unique(search$k)) +
    ggplot2::coord_cartesian(ylim = limits) +
    ggplot2::labs(title = paste0(criterion, ", smaller is better"),
                  x = "Components", y = criterion) +
    plot_theme()
}
