# Expected values of cells that are too many for memory: block by block, to a
# function of the user's or into an HDF5 file.

# A function, the path of a file that does not exist yet, or NULL.
check_sink <- function(sink, call) {
  if (is.null(sink) || is.function(sink)) return(sink)
  fault <- if (!rlang::is_string(sink) || !nzchar(sink)) {
    "You supplied {describe(sink)}."
  } else if (file.exists(sink)) {
    "{.path {sink}} exists."
  } else if (!dir.exists(dirname(sink))) {
    "The folder {.path {dirname(sink)}} does not exist."
  }
  if (is.null(fault)) {
    require_package("HDF5Array", "write an HDF5 file", call)
    return(file.path(normalizePath(dirname(sink), "/"), basename(sink)))
  }
  gmvae_abort(c(
    "{.arg sink} must be a function of {.arg values} and {.arg cells}, or the
     path of a file that does not exist, in a folder that does.",
    x = fault
  ), "option", call = call)
}

# decode(cells) is a matrix of genes x these cells.
decode_to <- function(sink, decode, genes, cells, call) {
  n <- length(cells)
  if (is.null(sink)) return(decode(seq_len(n)))
  # Whole blocks of the core, so that the values are those of all cells at once.
  size <- 256 * max(1, floor(cells_per_block(c(length(genes), n)) / 256))
  starts <- seq(1, n, by = size)
  for_each <- function(write) {
    for (from in starts) {
      block <- from:min(from + size - 1, n)
      write(decode(block), block)
    }
  }
  if (is.function(sink)) {
    for_each(sink)
    return(invisible(NULL))
  }
  write_hdf5(sink, for_each, genes, cells, call)
}

# The dataset "values", in a file that has its name once it is complete.
write_hdf5 <- function(path, for_each, genes, cells, call) {
  partial <- paste0(path, ".part")
  unlink(partial)
  on.exit(unlink(partial))
  dim <- c(length(genes), length(cells))
  check_space(path, prod(dim) * 8, call)
  writing <- function(code) {
    rlang::try_fetch(code, error = function(cnd) {
      if (inherits(cnd, "gmvae_error")) return(rlang::zap())
      gmvae_abort("The file {.path {path}} can't be written.", "file",
                  parent = cnd, call = call)
    })
  }
  file <- writing(HDF5Array::HDF5RealizationSink(
    dim, list(genes, cells), "double", filepath = partial, name = "values",
    chunkdim = as.integer(c(dim[1], min(dim[2], ceiling(1e5 / dim[1])))),
    level = 0L
  ))
  grid <- NULL
  for_each(function(values, block) {
    if (is.null(grid)) {
      grid <<- DelayedArray::RegularArrayGrid(dim, dim(values))
    }
    number <- as.integer((block[1] - 1) %/% dim(grid[[1L]])[2] + 1)
    file <<- writing(DelayedArray::write_block(file, grid[[number]],
                                               unname(values)))
  })
  # Without compression the size is known; HDF5 does not tell of a full disk.
  complete <- file.size(partial) >= prod(dim) * 8
  if (!complete || !file.rename(partial, path)) {
    gmvae_abort("The file {.path {path}} can't be written.", "file",
                call = call)
  }
  HDF5Array::HDF5Array(path, "values")
}

# HDF5 can end the session where a disk is full: better not to begin.
check_space <- function(path, bytes, call) {
  free <- cpp_free_bytes(dirname(path))
  needed <- bytes * 1.01 + 1e6  # names and tables of chunks
  if (is.na(free) || free >= needed) return(invisible())
  gmvae_abort(c(
    "The disk must have {ceiling(needed / 1e6)} MB for {.path {path}}.",
    x = "It has {floor(free / 1e6)} MB left.",
    i = "Give fewer {.arg features}, another disk, or a function as
         {.arg sink}."
  ), "file", call = call)
}
