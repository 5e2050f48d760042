# Which genes of a query are those of a fit: names, and tables of names.

# Rows of the query under the names of the fit's genes, in their order
# (`counts`), and which of these it has (`present`). Rows of one gene add up.
match_query_genes <- function(counts, query, genes, fit, call) {
  names <- rownames(counts)
  if (is.null(names)) {
    gmvae_abort(c(
      "{.arg query} must have gene names as row names.",
      x = "It has no row names.",
      i = "Those of the fit are {first_few(fit$features)}."
    ), "input", call = call)
  }
  translated <- translated_names(names, query, genes, fit$features, call)
  row <- match(translated, fit$features)
  if (all(is.na(row))) {
    check_orientation(fit$features, counts, "query", call)
    gmvae_abort(c(
      "{.arg query} must have genes that the fit uses.",
      x = "It has none of them: its first gene is {.val {names[1]}}, that of the
           fit {.val {fit$features[1]}}.",
      i = "If it names genes in another way, give a table of both names:
           {.code genes = data.frame(query = , fit = )}."
    ), "input", call = call)
  }
  present <- seq_along(fit$features) %in% row
  used <- which(!is.na(row))
  gather <- Matrix::sparseMatrix(
    i = match(row[used], which(present)), j = seq_along(used), x = 1,
    dims = c(sum(present), length(used)),
    dimnames = list(fit$features[present], NULL)
  )
  if (likelihood_traits(fit$likelihood)$dense) {  # no counts, which add up
    gather <- gather / Matrix::rowSums(gather)
  }
  gathered <- function(counts) {
    methods::as(gather %*% counts[used, , drop = FALSE], "CsparseMatrix")
  }
  counts <- if (inherits(counts, "cell_source")) {
    source <- counts
    cell_source(function(from, to) {
      gathered(read_cells(source, from, to, "query", call))
    }, c(sum(present), ncol(source)),
    list(fit$features[present], colnames(source)))
  } else {
    gathered(counts)
  }
  information <- encoder_information(fit)
  say_missing(fit, present, sum(information[present]), call)
  list(counts = counts, present = present,
       information = sum(information[present]))
}

translated_names <- function(names, query, genes, features, call) {
  if (is.null(genes)) return(without_versions(names, features))
  table <- name_table(names, query, genes, call)
  # The pair of columns that has most names of both.
  overlap <- function(column, known) {
    sum(unique(without_versions(column, known)) %in% known)
  }
  of_query <- vapply(table, overlap, 0, names)
  of_fit <- vapply(table, overlap, 0, features)
  both <- outer(of_query, of_fit, pmin)
  if (length(table) > 1L) diag(both) <- -1
  if (max(both) < 1) {
    gmvae_abort(c(
      "{.arg genes} must have a column with names of genes of {.arg query} and
       another with names of the fit.",
      x = if (max(of_query) < 1) "No column has names of {.arg query}, such as
        {first_few(names)}." else "No other column has names of the fit, such as
        {first_few(features)}.",
      i = "Its columns begin with {first_few(vapply(table, `[`, '', 1L))}."
    ), "option", call = call)
  }
  best <- arrayInd(which.max(both), dim(both))
  from <- without_versions(table[[best[1]]], names)
  to <- without_versions(table[[best[2]]], features)
  # A name may have several: that which the fit uses counts.
  first <- order(!to %in% features)
  to[first][match(names, from[first])]
}

# `genes` as a list of columns of names.
name_table <- function(names, query, genes, call) {
  in_rows <- if (is_s4(query, "SummarizedExperiment")) {
    colnames(SummarizedExperiment::rowData(query))
  }
  if (rlang::is_string(genes) && is.null(names(genes))) {
    if (genes %in% in_rows) {
      return(list(names, as.character(
        SummarizedExperiment::rowData(query)[[genes]]
      )))
    }
    gmvae_abort(c(
      "{.arg genes} must be a table of names, or the name of a column of
       {.code rowData(query)}.",
      x = "You supplied {describe(genes)}.",
      i = if (length(in_rows) > 0L) "The columns are {.val {in_rows}}."
    ), "option", call = call)
  }
  if (is.character(genes) && !is.null(names(genes))) {
    return(list(names(genes), unname(genes)))
  }
  if (is.matrix(genes) || methods::is(genes, "DataFrame")) {
    genes <- as.data.frame(genes)
  }
  columns <- if (is.data.frame(genes)) {
    c(list(rownames(genes)), unname(as.list(genes)))
  }
  columns <- Filter(function(column) is.character(column) || is.factor(column),
                    columns)
  if (length(columns) > 1L) return(lapply(columns, as.character))
  gmvae_abort(c(
    "{.arg genes} must be a data frame with a column of the query's names of
     genes and one of the fit's, or a character vector with names.",
    x = "You supplied {describe(genes)}."
  ), "option", call = call)
}

# Names, without the version of an Ensembl identifier where only so it is known.
without_versions <- function(names, known) {
  bare <- sub("^(ENS[A-Z]*[0-9]{11})[.][0-9]+$", "\\1", names)
  bare_known <- sub("^(ENS[A-Z]*[0-9]{11})[.][0-9]+$", "\\1", known)
  at <- match(bare, bare_known)
  ifelse(names %in% known | is.na(at), names, known[at])
}

say_missing <- function(fit, present, information, call) {
  if (all(present)) return(invisible())
  absent <- fit$features[!present]
  if (information < least_information) {
    abort_little_information(absent, information, fit, call, "query")
  }
  gmvae_warn(c(
    "{.arg query} lacks {length(absent)} of the {length(present)} genes that the
     fit uses.",
    x = "Missing: {first_few(absent)}.",
    i = "They are hidden from the encoder. The others have
         {whole_percent(information)} of its information."
  ), "input", call = call)
}
