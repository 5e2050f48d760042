# Counts that are too many for memory: where they come from, block by block.

#' Cells from a file or a database of your own
#'
#' A source of counts that [gmvae()], [predict()][predict.gmvae] and
#' [update()][update.gmvae] read block by block, so that the counts need never
#' be in memory at once: from package BPCells or TileDB, from a Seurat object
#' with layers on disk, or from files of your own.
#'
#' `gmvae()` reads a `cell_source()`, and a DelayedMatrix with more than 50,000
#' cells, once from its first cell to its last, checks the values and writes
#' them to a temporary file of 4 bytes for each count that is not zero (12 bytes
#' for measurements and probabilities), and another one with the genes that the
#' networks see. It trains from that file and removes both at the end. The fit
#' is the same, bit for bit, as from the same counts in memory.
#'
#' A fit needs memory for the block that is being read, at most 200 MB, for
#' about `8 * cells * (4 * n_latent + 2 * k)` bytes of results, and for a tenth
#' of that besides: 0.7 GB and a block for 1,000,000 cells in 20 clusters with
#' 10 latent dimensions. The number of genes does not matter. [markers()],
#' [differential_expression()], [pseudobulk()], [check_fit()] and
#' [map_to_reference()] read such counts block by block, too, and `predict()`
#' writes expected values block by block where you give a `sink`. The plots of a
#' fit draw a sample of the cells. See `vignette("large-data")`.
#'
#' `gmvae()` shuffles up to 200,000 training cells one by one. If there are
#' more, it shuffles blocks of 64 neighbouring cells, collects 256 blocks in a
#' pool, and shuffles the cells of the pool. So it reads the disk in few places
#' at a time, and sorted cells train as well as shuffled ones. The order depends
#' on the seed, the epoch and the number of cells alone, on disk and in memory.
#'
#' @param read A function of two numbers, `from` and `to`: the counts of these
#'   cells (from 1), a sparse matrix of class `dgCMatrix`, or another kind of
#'   matrix, with all genes in rows and `to - from + 1` cells in columns. The
#'   same numbers must return the same counts each time.
#' @param dim Two whole numbers of at least 1: how many genes and how many cells
#'   there are.
#' @param dimnames A list of two: the names of the genes and those of the
#'   cells, each of them a character vector without repetitions, or `NULL` for
#'   `"gene1"`, `"gene2"`, ... and `"cell1"`, `"cell2"`, ...
#' @return An object of class `cell_source`, which takes the place of the
#'   matrix of counts. `dim()` and `dimnames()` work for it.
#' @section Options:
#'   * `options(gmvae.cells_in_memory = 50000)`: the number of cells up to which
#'     a DelayedMatrix is read into memory, a number of at least 0.
#'   * `options(gmvae.cache = tempdir())`: the folder for the temporary files,
#'     a string.
#' @section Errors: `gmvae_error_option` if an argument is not as above;
#'   `gmvae_error_input` if `read` returns something else than the counts of the
#'   cells asked for; `gmvae_error_file` if a temporary file can't be written,
#'   for instance as the disk is full: the message says how much space the cells
#'   that were read need.
#' @seealso [gmvae()]
#' @examples
#' data(pbmc_sorted)
#' counts <- pbmc_sorted$counts[, seq(1, 1000, by = 5)]
#' cells <- cell_source(function(from, to) counts[, from:to, drop = FALSE],
#'                      dim(counts), dimnames(counts))
#' set.seed(1)
#' fit <- gmvae(cells, k = 5, features = 500)
#' fit
#' @export
cell_source <- function(read, dim, dimnames = list(NULL, NULL)) {
  new_source(read, dim, dimnames, c("genes", "cells"), "cell_source",
             quote(cell_source()))
}

# `what`: what stands in rows and in columns.
new_source <- function(read, dim, dimnames, what, class, call) {
  if (!is.function(read)) {
    gmvae_abort(c(
      "{.arg read} must be a function of {.arg from} and {.arg to}.",
      x = "You supplied {describe(read)}."
    ), "option", call = call)
  }
  largest <- .Machine$integer.max
  sizes <- is.numeric(dim) && length(dim) == 2L && all(is.finite(dim)) &&
    all(dim >= 1) && all(dim == round(dim)) &&
    all(dim <= largest)
  if (!sizes) {
    gmvae_abort(c(
      "{.arg dim} must be two whole numbers from 1 to {largest}:
       the numbers of {what[1]} and of {what[2]}.",
      x = "You supplied {describe(dim)}."
    ), "option", call = call)
  }
  fault <- dimnames_fault(dimnames, as.integer(dim))
  if (!is.null(fault)) {
    gmvae_abort(c(
      "{.arg dimnames} must be a list of {dim[1]} names of {what[1]} and
       {dim[2]} names of {what[2]}, or {.code NULL} in place of either.",
      x = "You supplied {describe(dimnames)}.",
      i = if (is.list(dimnames) && any(vapply(dimnames, is.object, NA))) {
        "Names must have no class: use {.fn as.character}."
      }
    ), "option", call = call)
  }
  structure(list(read = read, dim = as.integer(dim),
                 dimnames = unname(dimnames)),
            class = class)
}

# Stops unless `x` is a source as cell_source() returned it.
check_source <- function(x, arg, call) {
  parts <- unclass(x)
  whole <- is.list(parts) && is.function(parts[["read"]]) &&
    is.integer(parts[["dim"]]) && length(parts[["dim"]]) == 2L &&
    isTRUE(all(parts[["dim"]] >= 1L)) &&
    is.null(dimnames_fault(parts[["dimnames"]], parts[["dim"]]))
  if (whole) return(x)
  gmvae_abort(c(
    "{.arg {arg}} must be a source as {.fn cell_source} returned it.",
    x = "Its parts {.field read}, {.field dim} and {.field dimnames} do not
         belong together.",
    i = "Something changed the source: make it again."
  ), "input", call = call)
}

#' @export
dim.cell_source <- function(x) unclass(x)$dim

#' @export
dimnames.cell_source <- function(x) unclass(x)$dimnames

#' @export
`dimnames<-.cell_source` <- function(x, value) {
  parts <- unclass(x)
  parts["dimnames"] <- list(value)
  structure(parts, class = "cell_source")
}

#' @export
print.cell_source <- function(x, ...) {
  cat(sprintf("A source of %s genes x %s cells\n", big_number(nrow(x)),
              big_number(ncol(x))))
  invisible(x)
}

big_number <- function(n) {
  format(n, big.mark = ",", scientific = FALSE, trim = TRUE)
}

# fn(counts, from, to) for the blocks of a source in turn, each a dgCMatrix with
# the names of the source. `cells`: the first and the last.
for_blocks <- function(x, fn, arg, call, cells = c(1, ncol(x))) {
  least <- size <- cells_per_block(dim(x))
  to <- cells[1] - 1
  while (to < cells[2]) {
    from <- to + 1
    to <- min(from + size - 1, cells[2])
    counts <- read_cells(x, from, to, arg, call)
    fn(counts, from, to)
    # Where most values are zero, longer blocks take 60 MB, and half of the
    # time: reading a few cells of an HDF5 file costs as much as many.
    bytes <- 12 * max(length(values_of(counts)), 1) / ncol(counts)
    size <- min(max(least, floor(6e7 / bytes)), 8 * least)
  }
}

# Blocks that take at most 200 MB where no value is zero.
cells_per_block <- function(dim) max(1, floor(2e8 / (8 * dim[1])))

block_starts <- function(dim) seq(1, dim[2], by = cells_per_block(dim))

read_cells <- function(x, from, to, arg, call) {
  counts <- as_sparse(unclass(x)$read(from, to), arg, call)
  if (!identical(dim(counts), as.integer(c(nrow(x), to - from + 1)))) {
    gmvae_abort(c(
      "{.arg read} of {.arg {arg}} must return {nrow(x)} genes (rows) for each
       of the cells (columns) from {from} to {to}.",
      x = "It returned {nrow(counts)} row{?s} and {ncol(counts)} column{?s}."
    ), "input", call = call)
  }
  with_names(counts, rownames(x), colnames(x)[from:to])
}

# All of it in memory.
read_source <- function(x, arg, call) {
  n <- 0
  blocks <- list()
  for_blocks(x, function(counts, from, to) {
    n <<- n + length(values_of(counts))
    check_n_values(n, arg, call)
    blocks[[length(blocks) + 1L]] <<- counts
  }, arg, call)
  do.call(cbind, blocks)
}
