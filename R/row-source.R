# Rows that are too many for memory: where they come from, block by block.

#' Rows from a file or a database of your own
#'
#' A source of rows that [gmm_fit()] and [predict()][predict.gmm_fit] read block
#' by block, so that the data need never be in memory at once: from a database,
#' from package arrow, or from files of your own. A DelayedMatrix, for instance
#' one of package HDF5Array with observations in rows, needs no `row_source()`.
#'
#' `gmm_fit()` reads a `row_source()`, and a DelayedMatrix with more than
#' 1,000,000 rows, once from its first row to its last and writes the values to
#' a temporary file of 8 bytes for each, from which EM then reads them in each
#' iteration, with all threads. The file is removed with the last object that
#' needs it. The fit is the same, bit for bit, as from the same rows in memory,
#' because EM adds up the same sums in the same order.
#'
#' `gmm_fit()` needs memory for the block that it reads (32 MB and what `read`
#' itself takes), for at most 64 MB of the file at a time, and for arguments
#' with a value for each row: 8 bytes a row for `weights` and 4 for `labels`. If
#' some rows have missing values or weight 0, it needs 8 bytes for every row
#' besides. The sums of EM take at most 32 x 8 k d^2 bytes for k components and
#' d columns. On Windows `gmm_fit()` reads the whole file into memory.
#'
#' @param read A function of two numbers, `from` and `to`: these rows (from 1),
#'   a numeric matrix or data frame with `to - from + 1` rows and all columns.
#'   The same numbers must return the same rows each time.
#' @param dim Two whole numbers of at least 1: how many rows and how many
#'   columns there are.
#' @param dimnames A list of two: the names of the rows and those of the
#'   columns, each of them a character vector without repetitions, or `NULL`.
#' @return An object of class `row_source`, which takes the place of the matrix
#'   of data. `dim()` and `dimnames()` work for it.
#' @section Options:
#'   * `options(gmvae.rows_in_memory = 1e6)`: the number of rows up to which a
#'     DelayedMatrix is read into memory, a number of at least 0.
#'   * `options(gmvae.cache = tempdir())`: the folder for the temporary files,
#'     a string. If workers on several machines share a fit, it must be a folder
#'     that all of them see.
#' @section Errors: `gmvae_error_option` if an argument is not as above;
#'   `gmvae_error_input` if `read` returns something else than the rows asked
#'   for; `gmvae_error_file` if a temporary file can't be written, for instance
#'   as the disk is full: the message says how much space the rows need.
#' @seealso [gmm_fit()]; [cell_source()] for counts, with cells in columns.
#' @examples
#' x <- as.matrix(faithful)
#' rows <- row_source(function(from, to) x[from:to, , drop = FALSE], dim(x),
#'                    dimnames(x))
#' set.seed(1)
#' fit <- gmm_fit(rows, k = 2, model = "VVV")
#' fit
#' table(predict(fit, rows))
#' @export
row_source <- function(read, dim, dimnames = list(NULL, NULL)) {
  new_source(read, dim, dimnames, c("rows", "columns"), "row_source",
             quote(row_source()))
}

#' @export
dim.row_source <- function(x) unclass(x)$dim

#' @export
dimnames.row_source <- function(x) unclass(x)$dimnames

#' @export
print.row_source <- function(x, ...) {
  cat(sprintf("A source of %s rows x %s columns\n", big_number(nrow(x)),
              big_number(ncol(x))))
  invisible(x)
}

# A source for data that are to be read block by block; NULL for others.
row_source_of <- function(x, arg, call) {
  if (inherits(x, "row_source")) return(x)
  if (!is_s4(x, "DelayedMatrix")) return(NULL)
  limit <- getOption("gmvae.rows_in_memory", 1e6)
  if (!is.numeric(limit) || length(limit) != 1L || !isTRUE(limit >= 0)) {
    gmvae_abort(c(
      "{.code options(gmvae.rows_in_memory)} must be a number of at least 0.",
      x = "It is {describe(limit)}."
    ), "option", call = call)
  }
  if (nrow(x) <= limit) return(NULL)
  matrix_source(x)
}

# Rows of a matrix of some kind.
matrix_source <- function(x) {
  row_source(function(from, to) as.matrix(x[from:to, , drop = FALSE]), dim(x),
             list(rownames(x), colnames(x)))
}

# fn(rows, from, to) for blocks of the rows in turn: matrices of doubles, with
# the names of the source.
for_row_blocks <- function(x, fn, arg, call) {
  size <- rows_per_block(ncol(x))
  for (from in seq(1, nrow(x), by = size)) {
    to <- min(from + size - 1, nrow(x))
    fn(read_rows(x, from, to, arg, call), from, to)
  }
}

# 32 MB of them.
rows_per_block <- function(d) max(1, floor(32e6 / (8 * d)))

read_rows <- function(x, from, to, arg, call) {
  if (is_row_file(x)) return(cpp_row_file_read(x, from:to))
  if (!inherits(x, "row_source")) return(x[from:to, , drop = FALSE])
  rows <- unclass(x)$read(from, to)
  if (is.data.frame(rows)) rows <- as.matrix(rows)
  right <- is.matrix(rows) && (is.numeric(rows) || is.logical(rows)) &&
    identical(dim(rows), as.integer(c(to - from + 1, ncol(x))))
  if (!right) {
    gmvae_abort(c(
      "{.arg read} of {.arg {arg}} must return a numeric matrix with {ncol(x)}
       column{?s} and the rows from {from} to {to}.",
      x = "It returned {describe(rows)}."
    ), "input", call = call)
  }
  dimnames(rows) <- list(rownames(x)[from:to], colnames(x))
  storage.mode(rows) <- "double"
  rows
}
