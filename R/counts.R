# From what users have to what the core reads: a dgCMatrix of genes x cells
# with unique gene names and cell names. One column = one cell, here as there.
# Nothing below builds a dense genes x cells matrix; checks of values look at
# the non-zero ones only.

# What messages call the data: the argument `arg`; in code, by the name that the
# user has for them (`expression`, if it is a name), and for the values in a
# container by the code that gets them out of it.
named_argument <- function(arg, expression, assay = NULL) {
  name <- if (is.symbol(expression)) as.character(expression) else arg
  values <- if (rlang::is_string(assay)) {
    sprintf("SummarizedExperiment::assay(%s, \"%s\")", name, assay)
  }
  structure(arg, name = name, values = values)
}

code_of <- function(arg) {
  name <- attr(arg, "name")
  if (is.null(name)) as.vector(arg) else name
}

code_of_values <- function(arg) {
  values <- attr(arg, "values")
  if (is.null(values)) code_of(arg) else values
}

check_data_given <- function(x, absent, call) {
  if (absent) {
    gmvae_abort(c(
      "{.arg x} must be given: it holds the counts.",
      i = "For instance {.code gmvae(counts, k = 4)}, with genes in rows and
           cells in columns."
    ), "input", call = call)
  }
  with_core_errors(force(x), call)
  invisible()
}

# Coerces `x` and completes its names. Without the import, coercion to
# Matrix's classes fails until something else loads that package.
#' @importFrom Matrix drop0
as_counts <- function(x, assay = NULL, arg = "x", call = rlang::caller_env(),
                      layer = "counts", on_disk = FALSE) {
  with_all_names(given_counts(x, assay, arg, call, layer, on_disk), arg, call)
}

# The counts with the names that `x` has. No other code may look at `x`, its
# names or its size before: only here its slots are checked. `on_disk`: counts
# that are too many for memory may stay a cell_source(), for checked_values()
# to write to a file.
given_counts <- function(x, assay, arg, call, layer = "counts",
                         on_disk = FALSE) {
  if (is_s4(x, "SummarizedExperiment")) {
    assay <- if (is.null(assay)) "counts" else assay
    return(named_assay(x, assay, arg, call, on_disk))
  }
  if (is_s4(x, "Seurat")) {
    return(seurat_counts(x, assay, layer, arg, call))
  }
  source_or_sparse(x, arg, call, on_disk)
}

source_or_sparse <- function(x, arg, call, on_disk) {
  if (inherits(x, "cell_source")) {
    check_source(x, arg, call)
    return(if (on_disk) x else read_source(x, arg, call))
  }
  if (on_disk && is_s4(x, "DelayedMatrix") &&
        ncol(x) > getOption("gmvae.cells_in_memory", 50000)) {
    require_package("DelayedArray", "read {.arg {arg}}", call, arg = arg)
    return(delayed_source(x))
  }
  as_sparse(x, arg, call)
}

with_all_names <- function(counts, arg, call) {
  if (any(dim(counts) == 0L)) {
    gmvae_abort(c(
      "{.arg {arg}} must have at least one gene (row) and one cell (column).",
      x = "It has {nrow(counts)} row{?s} and {ncol(counts)} column{?s}."
    ), "input", call = call)
  }
  if (is.null(rownames(counts))) {
    rownames(counts) <- paste0("gene", seq_len(nrow(counts)))
  }
  if (is.null(colnames(counts))) {
    colnames(counts) <- paste0("cell", seq_len(ncol(counts)))
  }
  check_gene_names(rownames(counts), arg, call)
  missing <- which(is.na(colnames(counts)))
  if (length(missing) > 0L) {
    gmvae_abort(c(
      "Either all cells of {.arg {arg}} must have names, or none.",
      x = "{length(missing)} of {ncol(counts)} cells {cli::qty(length(missing))}
           {?has/have} no name, the first in column {missing[1]}.",
      i = "Set {.code colnames({arg})}."
    ), "input", call = call)
  }
  counts
}

named_assay <- function(x, assay, arg, call, on_disk = FALSE) {
  require_package("SummarizedExperiment", "read {.arg {arg}}", call, arg = arg)
  available <- SummarizedExperiment::assayNames(x)
  if (rlang::is_string(assay) && assay %in% available) {
    # The object's names; an assay may have its own where the object has none.
    values <- SummarizedExperiment::assay(x, assay, withDimnames = FALSE)
    values <- source_or_sparse(values, arg, call, on_disk)
    genes <- if (is.null(rownames(x))) rownames(values) else rownames(x)
    cells <- if (is.null(colnames(x))) colnames(values) else colnames(x)
    return(with_names(values, genes, cells))
  }
  gmvae_abort(c(
    "{.arg assay} must be the name of an assay of {.arg {arg}}.",
    x = "You supplied {describe(assay)}.",
    i = if (length(available) > 0L) "Its assays are {.val {available}}." else
      "Its assays have no names: set {.code assayNames({arg})}."
  ), "option", call = call)
}

check_gene_names <- function(genes, arg, call) {
  nameless <- which(is.na(genes) | !nzchar(genes))
  if (length(nameless) > 0L) {
    gmvae_abort(c(
      "Every gene (row) of {.arg {arg}} must have a name.",
      x = "{length(nameless)} of {length(genes)}
           {cli::qty(length(nameless))}ha{?s/ve} none, the first in row
           {nameless[1]}."
    ), "input", call = call)
  }
  repeated <- unique(genes[duplicated(genes)])
  if (length(repeated) == 0L) return(invisible())
  name <- code_of(arg)
  gmvae_abort(c(
    "Gene names (row names) of {.arg {arg}} must be unique.",
    x = "{length(repeated)} name{?s} occur{?s/} more than once:
         {first_few(repeated)}.",
    i = "Make them unique:
         {.code rownames({name}) <- make.unique(rownames({name}))}."
  ), "input", call = call)
}

# Cells in rows, by their names: a gene has the name of a gene, and a cell that
# of a barcode. Wrong for hardly any real data, as half of the names must look
# like it, and none or few of those of the other side.
warn_orientation <- function(counts, arg, call) {
  rows <- name_shares(rownames(counts))
  columns <- name_shares(colnames(counts))
  genes <- columns[["genes"]] >= 0.5 && rows[["genes"]] < 0.05
  cells <- rows[["cells"]] >= 0.5 && columns[["cells"]] < 0.05
  if (!genes && !cells) return(invisible())
  name <- code_of_values(arg)
  example <- if (genes) colnames(counts)[1] else rownames(counts)[1]
  gmvae_warn(c(
    "{.arg {arg}} should have genes in rows and cells in columns.",
    x = if (genes) "Its columns have names of genes, such as {.val {example}}."
    else "Its rows have names of cells, such as {.val {example}}.",
    i = "If cells are in its rows, transpose it: {.code Matrix::t({name})}."
  ), "input", call = call)
}

# Shares of a sample of names that are identifiers of genes (Ensembl's, or
# families of symbols that every panel of RNA has) and of cells (barcodes).
name_shares <- function(names, n = 2000L) {
  names <- utils::head(names, n)
  ensembl <- grepl("^ENS[A-Z]*G[0-9]{6,}", names)
  families <- paste0("^(MT-|RP[LS][0-9]|HLA-|IL[0-9]|TMEM[0-9]|ZNF[0-9]",
                     "|SLC[0-9]|KRT[0-9]|COL[0-9]|LINC[0-9])")
  symbols <- grepl(families, names, ignore.case = TRUE)
  # Symbols of these families are about a tenth of all.
  genes <- max(mean(ensembl), min(1, 8 * mean(symbols)))
  barcodes <- grepl("(^|[^A-Za-z])[ACGT]{10,}([^A-Za-z]|$)", names)
  c(genes = genes, cells = mean(barcodes))
}

# The non-zeros of a dgCMatrix, cell by cell: the only place that knows its
# slots. Values, the genes (rows) they are of, how many each cell has.
values_of <- function(counts) counts@x
genes_of <- function(counts) counts@i + 1L
n_non_zeros <- function(counts) diff(counts@p)

# The matrix with `fn(values, cells)` in place of its values; `cells` are the
# columns they are of.
map_values <- function(counts, fn) {
  cells <- rep(seq_len(ncol(counts)), n_non_zeros(counts))
  counts@x <- fn(counts@x, cells)
  counts
}

# Values ----------------------------------------------------------------------

# `counts` without stored zeros, once its values are ones that the likelihood
# can describe and every cell has some.
# `empty`: cells without a count are allowed. The counts of a cell_source()
# become a file, which the workers of `BPPARAM` read and write in parts.
checked_values <- function(counts, likelihood, arg = "x",
                           call = rlang::caller_env(), empty = FALSE,
                           BPPARAM = NULL) {
  if (inherits(counts, "cell_source")) {
    return(write_cells(counts, likelihood, arg, call, BPPARAM))
  }
  # One look tells whether all is well; only what is wrong is searched for.
  seen <- cpp_value_traits(counts)
  traits <- likelihood_traits(likelihood)
  if (!seen$finite) abort_not_finite(counts, arg, call)
  if (seen$least < traits$least && traits$whole) {
    abort_negative(counts, arg, call)
  }
  if (traits$least == 0 && traits$largest == 1 &&
        (seen$least < 0 || seen$largest > 1)) {
    abort_not_share(counts, arg, call)
  }
  if (traits$whole && !seen$whole) {
    counts <- rounded_counts(counts, likelihood, arg, call)
  }
  if (seen$least < traits$least || seen$largest > traits$largest) {
    abort_too_large(counts, traits$largest, arg, call)
  }
  if (seen$has_zero) counts <- drop0(counts)
  none <- if (!traits$dense && !empty) which(n_non_zeros(counts) == 0L)
  if (length(none) > 0L) {
    abort_empty_cells(colnames(counts)[none], dim(counts), arg, call)
  }
  counts
}

abort_not_finite <- function(counts, arg, call) {
  bad <- find_values(counts, function(v) !is.finite(v))
  gmvae_abort(c(
    "{.arg {arg}} must not have missing or infinite values.",
    x = "It has {bad$n}; the first is {bad$value}, for {bad$where}.",
    i = "Remove those genes or cells, or write 0 where nothing was counted."
  ), "data", call = call)
}

abort_negative <- function(counts, arg, call) {
  bad <- find_values(counts, function(v) v < 0)
  gmvae_abort(c(
    "Counts must not be negative.",
    x = "{bad$n} value{?s} {?is/are} negative; the first is {bad$value}, for
         {bad$where}.",
    i = "Give raw counts. For scaled or centred values use
         {.code likelihood = \"gaussian\"}."
  ), "data", call = call)
}

# Counts regained by exp() or by a division differ a little from whole numbers:
# they are rounded, unless some differ by more than 1e-6 of themselves.
rounded_counts <- function(counts, likelihood, arg, call) {
  far <- function(v) abs(v - round(v)) > 1e-6 * pmax(1, abs(v))
  bad <- find_values(counts, far)
  if (!is.null(bad)) abort_not_whole(counts, bad, likelihood, arg, call)
  counts <- map_values(counts, function(values, cells) round(values))
  drop0(counts)
}

abort_not_whole <- function(counts, bad, likelihood, arg, call) {
  gmvae_abort(c(
    "Counts must be whole numbers for {.code likelihood =
     \"{likelihood}\"}.",
    x = "{bad$n} of {length(values_of(counts))} non-zero values
         {cli::qty(bad$n)}{?is/are} not; the
         first is {bad$value}, for {bad$where}.",
    i = "Give raw counts, not normalised or log-transformed values. {.fn round}
         counts that were estimated; for values other than counts use
         {.code likelihood = \"gaussian\"}."
  ), "data", call = call)
}

abort_not_share <- function(counts, arg, call) {
  bad <- find_values(counts, function(v) v < 0 | v > 1)
  values <- code_of_values(arg)
  gmvae_abort(c(
    "Values must be from 0 to 1 for {.code likelihood = \"bernoulli\"}.",
    x = "{bad$n} of {length(values_of(counts))} non-zero values
         {cli::qty(bad$n)}{?is/are} not; the
         first is {bad$value}, for {bad$where}.",
    i = "Binarise counts with {.code {values} > 0}, or keep them and use
         {.code likelihood = \"poisson\"}. For measurements use
         {.code likelihood = \"gaussian\"}."
  ), "data", call = call)
}

abort_too_large <- function(counts, limit, arg, call) {
  bad <- find_values(counts, function(v) abs(v) > limit)
  gmvae_abort(c(
    "Values of {.arg {arg}} must not exceed {format(limit)}.",
    x = "{bad$n} value{?s} {?is/are} larger in absolute value; the first is
         {bad$value}, for {bad$where}.",
    i = "Check whether the value is a count; divide measurements by a constant."
  ), "data", call = call)
}

# Of data of dimension `dim`, these cells have no count.
abort_empty_cells <- function(empty, dim, arg, call) {
  name <- code_of(arg)
  values <- code_of_values(arg)
  gmvae_abort(c(
    "Every cell must have at least one count.",
    x = "{length(empty)} of {dim[2]} cells
         {cli::qty(length(empty))}{?has/have} none: {first_few(empty)}.",
    i = "Remove such cells:
         {.code {name} <- {name}[, Matrix::colSums({values}) > 0]}.",
    i = if (dim[1] < dim[2]) {
      "If cells are in the rows of {.arg {arg}}, transpose it:
       {.code Matrix::t({values})}."
    }
  ), "data", call = call)
}

# Clusters need cells that differ: at least k of them, in the genes used. Equal
# columns have equal weighted sums; different columns hardly ever do.
check_distinct_cells <- function(counts, k, call) {
  weights <- sin(seq_len(nrow(counts)))
  sums <- if (is_cell_file(counts)) {
    cpp_cell_sums(counts, weights)
  } else {
    Matrix::crossprod(counts, weights)
  }
  distinct <- length(unique(as.vector(sums)))
  if (distinct >= k) return(invisible())
  gmvae_abort(c(
    "{.arg x} must have at least {.arg k} different cells.",
    x = "In the genes used, its {ncol(counts)} cells have {distinct} different
         profile{?s}; {.arg k} is {k}.",
    i = "Use a smaller {.arg k}, or more {.arg features}."
  ), "data", call = call)
}

# How many non-zero values `is_bad`, and the first of them with its place;
# NULL if none. In blocks, so that the memory for it stays small.
find_values <- function(counts, is_bad) {
  values <- values_of(counts)
  n <- 0L
  first <- NULL
  starts <- seq(1, by = 2^20, length.out = ceiling(length(values) / 2^20))
  for (start in starts) {
    block <- values[start:min(start + 2^20 - 1, length(values))]
    bad <- is_bad(block)
    if (!any(bad, na.rm = TRUE)) next
    n <- n + sum(bad, na.rm = TRUE)
    if (is.null(first)) first <- start - 1 + which(bad)[1]
  }
  if (n == 0L) return(NULL)
  gene <- rownames(counts)[genes_of(counts)[first]]
  cell <- colnames(counts)[findInterval(first - 1, c(0, cumsum(
    n_non_zeros(counts)
  )))]
  list(n = n, value = exact(values[first]),
       where = paste0("gene \"", gene, "\" in cell \"", cell, "\""))
}

# A number for a message, with enough digits to tell it from a whole number.
exact <- function(x) {
  in_digits <- function(digits) format(x, digits = digits, decimal.mark = ".")
  short <- in_digits(7)
  fraction <- is.finite(x) && x != round(x)
  if (fraction && as.numeric(short) == round(x)) in_digits(15) else short
}

# Names for a message: quoted, at most three, then how many more.
first_few <- function(names, n = 3L) {
  shown <- paste0("\"", utils::head(names, n), "\"", collapse = ", ")
  rest <- length(names) - n
  if (rest > 0L) paste0(shown, " and ", rest, " more") else shown
}

# Packages in Suggests --------------------------------------------------------

require_package <- function(package, purpose, call, arg = NULL) {
  if (requireNamespace(package, quietly = TRUE)) return(invisible())
  gmvae_abort(c(
    paste0("Package {.pkg {package}} must be installed to ", purpose, "."),
    i = "Install it, for instance with
         {.code BiocManager::install(\"{package}\")}."
  ), "package", call = call)
}
