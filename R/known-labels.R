# Known labels: the kinds of some cells, which a fit takes into account.

# Labels as a factor of the classes that occur, NA where a cell has none, or
# NULL. A container may name a column of its cells' data. A vector named by some
# of the cells is about these.
as_labels <- function(labels, n, x = NULL, call, cells = NULL) {
  if (is.null(labels)) return(NULL)
  columns <- cell_columns(x)
  if (rlang::is_string(labels) && labels %in% columns) {
    labels <- cell_data(x, cells)[[labels]]
  }
  kind <- is.factor(labels) || is.character(labels) || is.logical(labels) ||
    (is.numeric(labels) && !is.object(labels) &&
       all(labels == round(labels), na.rm = TRUE))
  if (!kind || NCOL(labels) != 1L) {
    abort_not_labels(labels, n, columns, call)
  }
  if (length(labels) != n) labels <- labels_of_some(labels, cells)
  if (length(labels) != n) abort_not_labels(labels, n, columns, call)
  labels <- match_by_name(labels, cells, call = call)
  labels <- droplevels(factor(unname(labels)))
  levels(labels)[!nzchar(levels(labels))] <- NA
  if (nlevels(labels) == 0L) {
    gmvae_abort(c(
      "{.arg labels} must have a label for at least one cell.",
      x = "All {n} labels are missing."
    ), "option", call = call)
  }
  taken <- intersect(levels(labels), c("unassigned", "unknown"))
  if (length(taken) > 0L) {
    gmvae_abort(c(
      "{.arg labels} must be kinds of cells.",
      x = "Some cells have the label {.val {taken[1]}}.",
      i = "Make the labels of cells of unknown kind {.code NA}."
    ), "option", call = call)
  }
  labels
}

labels_of_some <- function(labels, cells) {
  named <- length(labels) > 0L && length(labels) < length(cells) &&
    !anyDuplicated(names(labels)) && !anyDuplicated(cells) &&
    all(rlang::names2(labels) %in% cells)
  if (!named) return(labels)
  stats::setNames(as.character(labels)[match(cells, names(labels))], cells)
}

abort_not_labels <- function(labels, n, columns, call) {
  gmvae_abort(c(
    "{.arg labels} must have one label per cell, {n} here, {.code NA} where
     the kind of a cell is not known{if (!is.null(columns))
     ', or name a column of the cell data'}.",
    x = "You supplied {describe(labels)}.",
    i = if (length(columns) > 0L) "The columns are {.val {columns}}.",
    i = "Labels of some cells only may be a vector named by these cells."
  ), "option", call = call)
}

# Classes from 0 as the core reads them, -1 where there is none.
class_numbers <- function(labels) {
  if (is.null(labels)) return(NULL)
  numbers <- as.integer(labels) - 1L
  numbers[is.na(numbers)] <- -1L
  numbers
}

# Names of the components: the classes, then free ones.
names_of_components <- function(k, labels) {
  if (is.null(labels)) return(as.character(seq_len(k)))
  free <- k - nlevels(labels)
  names <- c(levels(labels), if (free > 0L) paste0("new", seq_len(free)))
  make.unique(names, sep = "_")
}

# The share of labels that the fit takes for wrong: of those drawn at random
# from the classes, one in so many classes is right.
wrong_share <- function(object) {
  if (is.null(object$labels)) return(NA_real_)
  object$label_noise * (1 - 1 / nlevels(object$labels))
}
