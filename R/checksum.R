# Are data those that were fitted? Fits hold no data, but a number for each
# feature that changes with its values and with their order.

# Sums of the values of each feature, weighted by positive weights of the
# observations, which are in rows or, of counts, in columns. Missing values
# count as zeros.
data_checksum <- function(x) {
  if (is_cell_file(x)) return(cpp_gene_sums(x, checksum_weights(ncol(x))))
  if (methods::is(x, "sparseMatrix")) {
    return(as.vector(x %*% checksum_weights(ncol(x))))
  }
  if (is_row_file(x)) {
    return(Reduce(`+`, by_blocks(x, function(rows, from, to) {
      sums_of_rows(rows, from)
    })))
  }
  sums_of_rows(x, 1)
}

# Of rows that begin with number `from`.
sums_of_rows <- function(x, from) {
  if (anyNA(x)) x[is.na(x)] <- 0
  as.vector(crossprod(x, checksum_weights(nrow(x), from)))
}

checksum_weights <- function(n, from = 1) {
  2 + sin(seq(from, length.out = n))
}

# The same up to rounding, of sums and of values that were written to a file. A
# fit of an older version has no checksum: nothing speaks against its data.
has_checksum <- function(x, checksum) {
  if (is.null(checksum)) return(TRUE)
  found <- data_checksum(x)
  length(found) == length(checksum) &&
    all(abs(found - checksum) <= 1e-10 * abs(checksum))
}
