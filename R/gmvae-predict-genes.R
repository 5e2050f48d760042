# Which rows of new counts are the genes of a fit, and what stands in for genes
# that are missing.

# Without names, only rows known to be those of the training data will do.
check_unnamed <- function(counts, object, call, arg = "newdata") {
  generated <- object$feature_table$gene
  if (identical(rownames(counts), generated)) return(invisible())
  gmvae_abort(c(
    "{.arg {arg}} must have gene names as row names.",
    x = "It has no row names.",
    i = "Set them with {.code rownames({arg}) <- ...}; those of the fit are
         {first_few(generated)}."
  ), "input", call = call)
}

# Rows of `counts` that hold the genes of the fit, in its order; NA where
# there is none, after a warning.
match_genes <- function(counts, object, call) {
  features <- object$features
  index <- match(features, rownames(counts))
  if (!anyNA(index)) return(index)
  check_orientation(features, counts, "newdata", call)
  absent <- features[is.na(index)]
  if (length(absent) == length(features)) {
    gmvae_abort(c(
      "{.arg newdata} must have genes that the fit uses.",
      x = "It has none of them: its first gene is {.val {rownames(counts)[1]}},
           that of the fit {.val {features[1]}}.",
      i = "Use the same names in both: symbols or identifiers, upper or lower
           case."
    ), "input", call = call)
  }
  share <- sum(encoder_information(object)[!is.na(index)])
  if (share < least_information) abort_little_information(absent, share, object,
                                                          call)
  dense <- likelihood_traits(object$likelihood)$dense
  gmvae_warn(c(
    "{.arg newdata} lacks {length(absent)} of the {length(features)} genes that
     the fit uses.",
    x = "Missing: {first_few(absent)}.",
    i = "{.fn predict} takes {cli::qty(length(absent))}{?it/them} as
         {if (dense) 'the mean in the fit' else 'zero'}. The others have
         {whole_percent(share)} of the information of the encoder."
  ), "input", call = call)
  index
}

# Each gene's share in what the encoder sees: the variance over the cells that
# its input gives to the first layer, summed over the units of that layer, of
# all genes' such sums.
encoder_information <- function(object) {
  first <- object$layout[1, ]
  weights <- matrix(object$parameters[first$offset + seq_len(first$rows *
                                                               first$cols)],
                    first$rows)
  table <- object$feature_table
  variance <- table$variance[match(object$features, table$gene)]
  information <- colSums(weights^2) * object$input$scale^2 * variance
  information / sum(information)
}

# With random genes of pbmc_sorted and zeisel1464, between 91% and 97% of new
# cells are in the cluster that all genes give if a fifth or a quarter of the
# information is left, and between 43% and 92% with a tenth.
least_information <- 0.2

abort_little_information <- function(absent, share, object, call,
                                     arg = "newdata") {
  n <- length(object$features)
  gmvae_abort(c(
    "{.arg {arg}} must have genes with at least
     {whole_percent(least_information)} of the information that the encoder
     uses.",
    x = "It has {n - length(absent)} of {n} genes, with {whole_percent(share)}
         of the information; {first_few(absent)} are missing.",
    i = "Fit again on the genes that both data have: {.code gmvae(x, features =
         intersect(rownames(x), rownames({arg})))}."
  ), "input", call = call)
}

whole_percent <- function(share) sprintf("%.0f%%", 100 * share)

# The matched rows, with stand-ins for the absent ones.
take_genes <- function(counts, index, object) {
  if (identical(index, seq_len(nrow(counts)))) return(counts)
  if (!anyNA(index)) return(counts[index, , drop = FALSE])
  absent <- object$features[is.na(index)]
  values <- if (likelihood_traits(object$likelihood)$dense) {
    object$feature_table$mean[match(absent, object$feature_table$gene)]
  } else {
    rep(0, length(absent))
  }
  if (is_cell_file(counts)) {
    return(file_of_genes(counts, index, replace(
      rep(0, length(index)), is.na(index), values
    ), object$features))
  }
  filled <- Matrix::sparseMatrix(
    i = rep(which(values != 0), ncol(counts)),
    j = rep(seq_len(ncol(counts)), each = sum(values != 0)),
    x = rep(values[values != 0], ncol(counts)),
    dims = c(length(absent), ncol(counts)),
    dimnames = list(absent, colnames(counts))
  )
  present <- counts[index[!is.na(index)], , drop = FALSE]
  rbind(present, filled)[object$features, , drop = FALSE]
}

# More of the wanted genes among the columns than among the rows?
check_orientation <- function(genes, counts, arg, call) {
  in_rows <- sum(genes %in% rownames(counts))
  in_columns <- sum(genes %in% colnames(counts))
  if (in_columns <= in_rows) return(invisible())
  gmvae_abort(c(
    "{.arg {arg}} must have genes in rows and cells in columns.",
    x = "Of {length(genes)} gene{?s}, {in_columns} {?is/are} among its column
         names and {in_rows} among its row names.",
    i = "Transpose it with {.code Matrix::t({arg})}."
  ), "input", call = call)
}

# Positions of `features` among those of the fit; all where there are none.
wanted_rows <- function(features, object, call) {
  all_rows <- seq_along(object$features)
  if (is.null(features)) return(all_rows)
  rows <- if (is.character(features)) {
    match(features, object$features)
  } else if (is.numeric(features)) {
    match(features, all_rows)
  }
  if (length(rows) > 0L && !anyNA(rows)) return(rows)
  unknown <- if (!is.null(rows)) as.character(features)[is.na(rows)]
  gmvae_abort(c(
    "{.arg features} must be genes that the fit uses, by name or by position in
     {.code object$features}.",
    x = if (length(unknown) > 0L) "The fit does not use {first_few(unknown)}."
    else "You supplied {describe(features)}."
  ), "option", call = call)
}
