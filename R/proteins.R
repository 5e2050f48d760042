# Proteins beside RNA (CITE-seq): the second modality of a fit. The networks see
# centred log ratios, or measurements as they are, with a Gaussian likelihood.
#
# The core reads the cells from one matrix: the rows of the genes used, and
# below them those of the proteins. with_proteins() makes it right before the
# core is called; everywhere else `counts` are those of genes alone.

protein_likelihood <- "gaussian"

# Proteins (P x n) as a user gives them, or NULL: a dgCMatrix with the columns
# of `counts`. A name is that of an alternative experiment or of an assay of the
# container `x`, and stays in the attribute `modality`.
as_proteins <- function(proteins, counts, x = NULL, call) {
  if (is.null(proteins)) return(NULL)
  name <- if (rlang::is_string(proteins)) proteins else
    attr(proteins, "modality")
  given <- if (rlang::is_string(proteins)) {
    named_modality(x, proteins, call)
  } else {
    given_counts(proteins, NULL, "proteins", call)
  }
  check_protein_names(rownames(given), call)
  given <- in_order_of_cells(given, counts, call)
  check_finite_proteins(given, call)
  structure(drop0(given), modality = name)
}

# The counts of an alternative experiment of a SingleCellExperiment, or of
# another assay of a Seurat object.
named_modality <- function(x, name, call) {
  available <- modalities_of(x)
  if (!name %in% available) {
    gmvae_abort(c(
      "{.arg proteins} must be counts, with proteins in rows and cells in
       columns, or the name of {if (is_s4(x, 'Seurat')) 'an assay' else
       'an alternative experiment'} that holds them.",
      x = if (is.null(available)) {
        "You supplied the name {.val {name}}, but the RNA is in
         {if (is.null(x)) 'a matrix' else describe(x)}, which holds no
         proteins."
      } else {
        "You supplied {.val {name}}."
      },
      i = if (length(available) > 0L) "{.arg x} has {.val {available}}."
    ), "option", call = call)
  }
  if (is_s4(x, "Seurat")) {
    return(seurat_counts(x, name, "counts", "x", call))
  }
  given_counts(SingleCellExperiment::altExp(x, name), "counts",
               structure("proteins", name = sprintf("altExp(x, \"%s\")", name)),
               call)
}

# Names of what may hold proteins; NULL for data that hold RNA alone.
modalities_of <- function(x) {
  if (is_s4(x, "SingleCellExperiment")) {
    return(SingleCellExperiment::altExpNames(x))
  }
  if (is_s4(x, "Seurat")) SeuratObject::Assays(x)
}

check_protein_names <- function(names, call) {
  bad <- is.null(names) || anyNA(names) || !all(nzchar(names)) ||
    anyDuplicated(names) > 0L
  if (!bad && length(names) >= 2L) return(invisible())
  gmvae_abort(c(
    "{.arg proteins} must have at least two proteins (rows), with different
     names.",
    x = if (is.null(names)) "It has no row names." else if (!bad)
      "It has {length(names)}." else if (anyDuplicated(names) > 0L)
      "{.val {names[anyDuplicated(names)]}} occurs more than once." else
      "Some have no name."
  ), "input", call = call)
}

# The cells by their names, or all in the same order.
in_order_of_cells <- function(given, counts, call) {
  cells <- colnames(counts)
  named <- colnames(given)
  if (is.null(named) || identical(named, cells)) {
    if (ncol(given) == ncol(counts)) {
      colnames(given) <- cells
      return(given)
    }
    gmvae_abort(c(
      "{.arg proteins} must have the cells of the RNA in its columns.",
      x = "It has {ncol(given)} column{?s}, and the RNA {ncol(counts)}
           cell{?s}."
    ), "input", call = call)
  }
  at <- match(cells, named)
  if (!anyNA(at) && !anyDuplicated(named)) return(given[, at, drop = FALSE])
  gmvae_abort(c(
    "{.arg proteins} must have the cells of the RNA in its columns.",
    x = if (anyNA(at)) "It lacks {sum(is.na(at))} of {length(cells)} cells:
      {first_few(cells[is.na(at)])}." else
      "Some of its column names occur more than once.",
    i = "Keep the cells that were measured in both, or remove the column names
         if the order is the same."
  ), "input", call = call)
}

check_finite_proteins <- function(values, call) {
  bad <- find_values(values, function(v) !is.finite(v))
  if (is.null(bad)) return(invisible())
  gmvae_abort(c(
    "{.arg proteins} must not have missing or infinite values.",
    x = "It has {bad$n}; the first is {bad$value}, for {of_protein(bad)}.",
    i = "Remove those proteins or cells."
  ), "data", call = call)
}

of_protein <- function(bad) sub("^gene", "protein", bad$where)

# The first value that is no count; NULL where all are.
not_counted <- function(values) {
  find_values(values, function(v) {
    v < 0 | abs(v - round(v)) > 1e-6 * pmax(1, abs(v))
  })
}

# Centred log ratios (Aitchison 1982; for proteins of cells Stoeckius et al.
# 2017): the logarithm of 1 + count, less its mean over the proteins of the
# cell. So the depth of the cell, and with it most of the background, drops out.
centred_log_ratios <- function(counts) {
  values <- log1p(as.matrix(counts))
  values <- values - rep(colMeans(values), each = nrow(values))
  methods::as(values, "CsparseMatrix")
}

# What a fit keeps of its proteins, and their values (P x n) in `values`.
protein_values <- function(proteins) {
  if (is.null(proteins)) return(NULL)
  bad <- not_counted(proteins)
  if (!is.null(bad)) {
    cli::cli_inform(c(
      "{.fn gmvae} uses the values of {.arg proteins} as they are, because they
       are not raw counts.",
      x = "{bad$n} {?is/are} negative or no whole number{?s}; the first is
           {bad$value}, for {of_protein(bad)}.",
      i = "From raw counts {.fn gmvae} computes centred log ratios itself."
    ), class = "gmvae_message")
  }
  list(name = attr(proteins, "modality"), features = rownames(proteins),
       transform = if (is.null(bad)) "clr" else "none",
       values = if (is.null(bad)) centred_log_ratios(proteins) else proteins)
}

# For the core --------------------------------------------------------------

# The rows of genes and below them those of proteins, if there are any.
with_proteins <- function(counts, values) {
  if (is.null(values)) return(counts)
  rownames(values) <- paste("protein", rownames(values))
  rbind(counts, values)
}

# Some columns of the values of proteins, which may be NULL.
cells_of <- function(values, cells) {
  if (!is.null(values)) values[, cells, drop = FALSE]
}

# Sizes of the cells in each modality, one modality after the other.
core_sizes <- function(size, proteins) {
  if (is.null(proteins)) size else c(size, rep(1, length(size)))
}

# What the core needs to know of the modalities beside RNA.
modalities_beside <- function(proteins, control) {
  if (is.null(proteins)) return(NULL)
  list(list(likelihood = protein_likelihood,
            n_genes = length(proteins$features), dispersion = "gene",
            zero_inflation = "gene-cell", size_reference = 1,
            weight = control$protein_weight, mask = 0))
}

# The weight of proteins in the ELBO. Some hundred genes tell a cell from
# others (`informative`), and their likelihoods add up to far more than those of
# a few proteins: unweighted, the latent space is that of RNA, and proteins that
# would tell all kinds of cells have little say (ARI 0.81 to 0.87 where proteins
# alone have 1.00). As much say for both, informative / P, lets proteins that
# are nothing but noise take over (0.48 to 0.64 where RNA alone has 0.91). The
# square root of it, times 2.5, is between the two; noise has nearly the weight
# 1. tests/bench/proteins.R measures it.
usual_protein_weight <- function(informative, proteins) {
  if (is.null(proteins) || !is.finite(informative)) return(1)
  most <- max(1, 2.5 * sqrt(informative / length(proteins$features)))
  1 + (most - 1) * min(1, 4 * protein_signal(proteins$values))
}

# The share of the variance of standardised proteins that lies in directions
# with more of it than chance gives independent ones (the upper edge of
# Marchenko and Pastur 1967): about 0.1 for noise, 0.25 to 0.75 for proteins
# that tell kinds of cells.
protein_signal <- function(values) {
  values <- as.matrix(values[, spread_out(seq_len(ncol(values)))])
  values <- values[apply(values, 1, stats::sd) > 0, , drop = FALSE]
  if (nrow(values) < 2L) return(0)
  variances <- eigen(stats::cor(t(values)), TRUE, only.values = TRUE)$values
  edge <- (1 + sqrt(nrow(values) / ncol(values)))^2
  sum(variances[variances > edge]) / nrow(values)
}

# The scaling of the encoder's input, from that of all rows: `input` of the
# genes, and that of the `proteins` among what is kept of these.
split_input <- function(input, proteins, n_genes) {
  genes <- seq_len(n_genes)
  if (!is.null(proteins)) proteins$input <- lapply(input, `[`, -genes)
  list(input = lapply(input, `[`, genes), proteins = proteins)
}

# Cells that a fit reads, its own or new ones ---------------------------------

# Values (P x n) of the proteins of the fit for the cells of `counts`, which are
# from `x`; NULL if the fit has none. `proteins` as users give them: without,
# those that a container has under the name in the fit.
known_proteins <- function(object, proteins, counts, x, call,
                           arg = "newdata") {
  fitted <- object$proteins
  if (is.null(fitted)) {
    if (is.null(proteins)) return(NULL)
    gmvae_abort(c(
      "{.arg proteins} can be given only if the fit has proteins.",
      i = "Fit again with {.arg proteins} in {.fn gmvae}."
    ), "option", call = call)
  }
  if (is.null(proteins)) {
    if (!isTRUE(fitted$name %in% modalities_of(x))) {
      abort_no_proteins(fitted, arg, call)
    }
    proteins <- fitted$name
  }
  given <- as_proteins(proteins, counts, x, call)
  absent <- setdiff(fitted$features, rownames(given))
  if (length(absent) > 0L) {
    gmvae_abort(c(
      "{.arg proteins} must have all proteins that the fit uses.",
      x = "It lacks {length(absent)} of {length(fitted$features)}:
           {first_few(absent)}.",
      i = "A centred log ratio needs the whole panel. Fit again on the proteins
           that both data have, or without {.arg proteins}."
    ), "input", call = call)
  }
  given <- given[fitted$features, , drop = FALSE]
  if (fitted$transform == "none") return(given)
  bad <- not_counted(given)
  if (is.null(bad)) return(centred_log_ratios(given))
  gmvae_abort(c(
    "{.arg proteins} must hold raw counts, as those of the fit.",
    x = "{bad$n} value{?s} {?is/are} negative or no whole number{?s}; the first
         is {bad$value}, for {of_protein(bad)}."
  ), "data", call = call)
}

abort_no_proteins <- function(fitted, arg, call) {
  gmvae_abort(c(
    "{.arg proteins} must be given.",
    x = "The fit was made from RNA and {length(fitted$features)} proteins,
         {first_few(fitted$features)}, and {.arg {arg}} holds RNA alone.",
    i = if (!is.null(fitted$name)) {
      "Give their raw counts, or a container that holds them under
       {.val {fitted$name}}."
    } else {
      "Give their raw counts. For data with RNA alone, fit again without
       {.arg proteins}."
    }
  ), "input", call = call)
}

# The values of the proteins of the fit's own cells.
fitted_proteins <- function(object, proteins, counts, x, call, arg = "x") {
  values <- known_proteins(object, proteins, counts, x, call, arg)
  if (is.null(values) || has_checksum(values, object$proteins$checksum)) {
    return(values)
  }
  gmvae_abort(c(
    "{.arg proteins} must be the data of the fit.",
    x = "Its proteins and cells have the names of those of the fit, but other
         values.",
    i = "Give the {.arg proteins} that {.fn gmvae} was called with."
  ), "input", call = call)
}

# The values that networks need which are trained anew for p-values.
proteins_for_split <- function(fit, proteins, counts, x, p_values, call) {
  if (!is.null(proteins) && is.null(fit$proteins)) {
    known_proteins(fit, proteins, counts, x, call)  # says why not
  }
  if (p_values != "split") return(NULL)
  fitted_proteins(fit, proteins, counts, x, call)
}

check_markers_of_proteins <- function(fit, p_values, call) {
  if (is.null(fit$proteins)) {
    gmvae_abort(c(
      "{.arg of} can be {.val proteins} only for a fit of RNA and proteins.",
      i = "Fit again with {.arg proteins} in {.fn gmvae}."
    ), "option", call = call)
  }
  if (is.null(p_values) || identical(p_values, "none")) return(invisible())
  gmvae_abort(c(
    "{.arg p_values} must be {.val none} for proteins.",
    x = "You supplied {describe(p_values)}.",
    i = "Centred log ratios of one cell can't be divided into independent
         parts: use the posterior probabilities."
  ), "option", call = call)
}

# What a function can't do with two modalities.
refuse_proteins <- function(object, what, instead, call) {
  if (is.null(object$proteins)) return(invisible())
  gmvae_abort(c(
    "{.arg {what}} must be of RNA alone.",
    x = "The fit was made from RNA and proteins.",
    i = instead
  ), "input", call = call)
}
