# Batches: labels of the cells (donor, chip, protocol). The decoder explains
# the differences between them, so that clusters need not. Without batches the
# labels are NULL or all the same, and the core has no parameters for them.

# Labels as a factor of the levels that occur; named labels in the order of the
# names of the `cells`. `batch` of a container may be names of columns of its
# cells' data. Several columns, also those of a data frame, give a batch for
# each combination of their labels.
as_batch <- function(batch, n, x = NULL, call, cells = NULL) {
  if (is.null(batch)) return(NULL)
  columns <- cell_columns(x)
  if (is.character(batch) && length(batch) > 0L && all(batch %in% columns)) {
    batch <- as.list(cell_data(x, cells)[batch])
    return(combined_batch(batch, n, columns, call))
  }
  if (is.data.frame(batch) || methods::is(batch, "DataFrame")) {
    return(combined_batch(label_lists(batch), n, columns, call, cells))
  }
  if (is.raw(batch)) batch <- as.character(batch)  # factor() can't sort it
  batch <- without_missing_level(batch)
  if (!is.atomic(batch) || NROW(batch) != n || NCOL(batch) != 1L) {
    abort_not_batch(batch, n, columns, call)
  }
  batch <- match_by_name(batch, cells, call = call)
  missing <- which(is.na(batch))
  if (length(missing) > 0L) {
    gmvae_abort(c(
      "{.arg batch} must not have missing labels.",
      x = "{length(missing)} of {n} labels {cli::qty(length(missing))}{?is/are}
           missing, the first that of cell {missing[1]}.",
      i = "Remove those cells, or give them a label of their own."
    ), "option", call = call)
  }
  if (is.double(batch) && !is.object(batch) && any(batch != round(batch))) {
    abort_measured_batch(batch, call)
  }
  factor(batch)
}

# Columns of a data frame, with its row names if it has any but numbers, as are
# left of some rows of another data frame.
label_lists <- function(batch) {
  named <- !is.data.frame(batch) || is.character(attr(batch, "row.names"))
  cells <- if (named) rownames(batch)
  lapply(as.list(batch), function(labels) stats::setNames(labels, cells))
}

combined_batch <- function(parts, n, columns, call, cells = NULL) {
  if (length(parts) == 0L) abort_not_batch(parts, n, columns, call)
  parts <- lapply(unname(parts), as_batch, n, call = call, cells = cells)
  if (length(parts) == 1L) return(parts[[1]])
  interaction(parts, drop = TRUE, sep = ", ", lex.order = TRUE)
}

abort_measured_batch <- function(batch, call) {
  first <- which(batch != round(batch))[1]
  gmvae_abort(c(
    "{.arg batch} must have labels, not measurements.",
    x = "Its numbers are not whole; the first of these is
         {format(batch[first])}, for cell {first}.",
    i = "Cells of one batch share a label, such as a donor or a chip. Turn
         numbers into a few classes with {.fn cut}."
  ), "option", call = call)
}

abort_not_batch <- function(batch, n, columns, call) {
  gmvae_abort(c(
    "{.arg batch} must have one label per cell, {n} here{if (!is.null(columns))
     ', or name columns of its cell data'}.",
    x = "You supplied {describe(batch)}.",
    i = if (length(columns) > 0L) "The columns are {.val {columns}}."
  ), "option", call = call)
}

# What a container knows about its cells, one row each; NULL for a matrix. An
# assay of a Seurat object may have only some of its `cells`.
cell_data <- function(x, cells = NULL) {
  if (is_s4(x, "SummarizedExperiment")) {
    SummarizedExperiment::colData(x)
  } else if (is_s4(x, "Seurat")) {
    if (is.null(cells)) x[[]] else x[[]][cells, , drop = FALSE]
  }
}

cell_columns <- function(x) colnames(cell_data(x))

# In a batch of few cells, what these cells have in common passes for an effect
# of the batch; where every cell is a batch, everything does.
check_batch_sizes <- function(batch, call, few = 10L) {
  sizes <- table(batch)
  if (length(sizes) > 1L && all(sizes == 1L)) {
    gmvae_abort(c(
      "{.arg batch} must have fewer labels than there are cells.",
      x = "Each of the {length(sizes)} cells has a label of its own.",
      i = "Cells of one batch share a label, such as a donor or a chip."
    ), "option", call = call)
  }
  small <- names(sizes)[sizes < few]
  if (n_batches(batch) == 0L || length(small) == 0L) return(invisible())
  gmvae_warn(c(
    "Batches should have at least {few} cells.",
    x = "{length(small)} of {length(sizes)} {cli::qty(length(small))}{?has/have}
         fewer: {first_few(small)}.",
    i = "Whatever the cells of a small batch have in common passes for an effect
         of the batch: merge it with a similar batch."
  ), "data", call = call)
}

# Batches that the counts show, as a factor, or NULL. Not for fewer than three
# clusters: two batches of three kinds of cells could as well be three batches
# of two kinds.
find_batches <- function(counts, sample, likelihood, ks, control) {
  look <- control$find_batches && max(ks) >= 3L &&
    likelihood_traits(likelihood)$size_factors
  if (!look) return(NULL)
  totals <- cell_totals(sample)
  genes <- top_features(feature_score(sample, totals, likelihood),
                        Matrix::rowSums(sample) > 0, n = 2000L)
  some <- take_rows(counts, genes)
  second <- cpp_find_batches(some, cell_sizes(some, likelihood)$factors,
                             control$n_threads)
  discard_others(some, counts)
  if (!any(second)) return(NULL)
  factor(ifelse(second, "found2", "found1"))
}

# Where the batches of a fit are from.
batch_source <- function(batch, found) {
  if (n_batches(batch) == 0L) return("none")
  if (is.null(found)) "user" else "found"
}

n_batches <- function(batch) if (nlevels(batch) < 2L) 0L else nlevels(batch)

# Mean over the levels of a factor, weighted by their cells, of `fn(cells)`: the
# smallest for several `factors`; of all cells at once where there are none.
within_factors <- function(factors, n, fn) {
  if (length(factors) == 0L) return(fn(seq_len(n)))
  means <- lapply(factors, function(labels) {
    Reduce(`+`, lapply(split(seq_len(n), labels), function(cells) {
      length(cells) / n * fn(cells)
    }))
  })
  do.call(pmin, unname(means))
}

# Clusters with at least 95% of their cells in one batch, if chance (binomial)
# gives as many in less than one of a thousand.
single_batch_clusters <- function(cluster, batch) {
  if (n_batches(batch) == 0L) return(character())
  cells <- table(cluster, batch)
  size <- rowSums(cells)
  largest <- max.col(cells, ties.method = "first")
  others <- size - cells[cbind(seq_along(size), largest)]
  share <- as.vector(table(batch) / length(batch))[largest]
  rare <- stats::pbinom(others, size, 1 - share) < 1e-3
  rownames(cells)[size > 0 & others <= 0.05 * size & rare]
}

# Cells that a fit decodes, its own or new ones --------------------------------

# `batch` as given for them, one label for each cell or one for all, as a
# factor with the levels of the fit. `unseen`: others become NA, with a message,
# and are no error.
known_batch <- function(object, batch, n, newdata, call, cells = NULL,
                        unseen = FALSE) {
  if (is.null(batch)) return(NULL)
  if (is.null(object$batch)) {
    gmvae_abort(c(
      "{.arg batch} can be given only if the fit has batches.",
      i = "Fit again with {.arg batch} in {.fn gmvae}."
    ), "option", call = call)
  }
  in_column <- rlang::is_string(batch) && batch %in% cell_columns(newdata)
  if (rlang::is_scalar_atomic(batch) && !in_column) batch <- rep(batch, n)
  batch <- as_batch(batch, n, newdata, call, cells)
  unknown <- setdiff(levels(batch), levels(object$batch))
  if (length(unknown) > 0L && unseen) {
    cli::cli_inform(c(
      "The fit has no cells of batch {first_few(unknown)}.",
      i = "Each cell of {cli::qty(unknown)}{?this batch/these batches} is taken
           to be of the batch of the fit in which its ELBO is higher."
    ), class = "gmvae_message")
  } else if (length(unknown) > 0L) {
    gmvae_abort(c(
      "{.arg batch} must have batches of the fit:
       {first_few(levels(object$batch))}.",
      x = "The fit has no cells of {first_few(unknown)}.",
      i = "Types {.val cluster}, {.val posterior}, {.val latent} and
           {.val normalized} need no {.arg batch}, and {.val elbo} and
           {.val outlier} take cells of other batches."
    ), "option", call = call)
  }
  factor(batch, levels(object$batch))
}

# Types that a batch must be given for. The encoder does not see the batch, and
# normalized values are averages over all batches unless one is given.
types_of_batch <- c("mean", "elbo", "outlier")

# Types for cells of batches that the fit has not seen, where cells of unseen
# kinds are looked for.
types_of_unseen <- c("elbo", "outlier")

needs_batch <- function(object, type) {
  n_batches(object$batch) > 0L && type %in% types_of_batch
}

check_batch_given <- function(object, batch, type, asked, call) {
  found <- identical(object$batch_source, "found")
  if (!is.null(batch) || found || !needs_batch(object, type)) {
    return(invisible())
  }
  gmvae_abort(c(
    "{.arg batch} must be given for {.code {asked}}.",
    x = "The fit has batches: {first_few(levels(object$batch))}.",
    i = "Give the batch of each cell of {.arg newdata}, or one for all
         cells{if (type %in% types_of_unseen) ', also a new one'}."
  ), "option", call = call)
}
