# Rows in a flat file that the core reads: an external pointer of class
# `row_file` that takes the place of a matrix of doubles. It has dim(); rows and
# columns of it, x[i, j], are a matrix in memory.
#
# attributes  file    its path
#             size    numbers of rows and of columns
#             owner   an environment whose end removes the file

# Writes the rows of a source: a list of `x`, the file; `scan`, as of
# cpp_gmm_scan(), of all rows; and `kept`, the numbers of the complete rows, if
# only these are wanted and there are others.
write_rows <- function(source, arg, call, complete = FALSE) {
  path <- tempfile("gmvae-rows-", cache_folder(call))
  on.exit(unlink(paste0(path, ".part")))  # if it is not finished
  writer <- cpp_row_file_create(path, nrow(source), ncol(source))
  scan <- NULL
  kept <- list()
  for_row_blocks(source, function(rows, from, to) {
    scan <<- add_scan(scan, cpp_gmm_scan(rows), from)
    if (complete) {
      whole <- stats::complete.cases(rows)
      kept[[length(kept) + 1L]] <<- from - 1L + which(whole)
      if (!all(whole)) rows <- rows[whole, , drop = FALSE]
    }
    if (nrow(rows) > 0L) cpp_row_file_add(writer, rows)
  }, arg, call)
  kept <- unlist(kept)
  if (complete && length(kept) == 0L) return(list(scan = scan, kept = kept))
  cpp_row_file_finish(writer)
  if (length(kept) == nrow(source)) kept <- NULL
  n <- if (is.null(kept)) nrow(source) else length(kept)
  list(x = open_rows(path, c(n, ncol(source)), file_owner(path)), scan = scan,
       kept = kept)
}

# The scan of the rows so far and that of more, which begin with row `from`.
add_scan <- function(scan, more, from) {
  for (name in c("first_missing", "first_infinite")) {
    more[[name]][, 1] <- more[[name]][, 1] + as.integer(from) - 1L
  }
  if (is.null(scan)) return(more)
  for (name in c("n_missing", "n_infinite", "n_incomplete")) {
    more[[name]] <- scan[[name]] + more[[name]]
  }
  for (name in c("first_missing", "first_infinite")) {
    more[[name]] <- utils::head(rbind(scan[[name]], more[[name]]), 3L)
  }
  more$min <- pmin(scan$min, more$min, na.rm = TRUE)
  more$max <- pmax(scan$max, more$max, na.rm = TRUE)
  more
}

open_rows <- function(path, size, owner) {
  x <- cpp_row_file_open(path)
  attr(x, "file") <- path
  attr(x, "size") <- as.integer(size)
  attr(x, "owner") <- owner
  class(x) <- "row_file"
  x
}

is_row_file <- function(x) inherits(x, "row_file")

#' @export
dim.row_file <- function(x) attr(x, "size")

#' @export
`[.row_file` <- function(x, i, j, ..., drop = TRUE) {
  rows <- if (missing(i)) seq_len(nrow(x)) else numbers_of(i, nrow(x))
  columns <- if (missing(j)) seq_len(ncol(x)) else numbers_of(j, ncol(x))
  out <- matrix(0, length(rows), length(columns))
  # A block at a time: others are read for few columns.
  size <- rows_per_block(ncol(x))
  for (from in seq(1, by = size, length.out = ceiling(length(rows) / size))) {
    here <- from:min(from + size - 1, length(rows))
    out[here, ] <- cpp_row_file_read(x, rows[here])[, columns]
  }
  if (drop) drop(out) else out
}

# seq_len(n)[i], which would fill memory with all n numbers.
numbers_of <- function(i, n) {
  if (is.logical(i)) return(which(rep_len(i, n)))
  if (any(i < 0)) seq_len(n)[i] else i
}

# How a value for single rows is found from those of all blocks, in their order.
by_blocks <- function(x, fn) {
  found <- list()
  for_row_blocks(x, function(rows, from, to) {
    found[[length(found) + 1L]] <<- fn(rows, from, to)
  })
  found
}

complete_rows <- function(x) {
  if (!is_row_file(x)) return(stats::complete.cases(x))
  unlist(by_blocks(x, function(rows, from, to) stats::complete.cases(rows)))
}

has_missing <- function(x) {
  if (is_row_file(x)) return(any(cpp_gmm_scan(x)$n_missing > 0))
  anyNA(x)
}
