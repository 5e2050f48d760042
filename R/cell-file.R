# Counts in a flat file that the core reads: an external pointer of class
# `cell_file` that takes the place of a dgCMatrix. It has dim() and dimnames();
# x[genes, ] is another file, x[, cells] a view of the same one.
#
# attributes  file      its path
#             genes, cells   their names
#             chosen    numbers of the cells of the file that it has, or NULL
#             ones      whether all values are 1
#             owner     an environment whose end removes the file

# Writes the counts of a source, once they are values that the likelihood can
# describe. Workers write files of some cells each, which become one.
write_cells <- function(x, likelihood, arg, call, BPPARAM = NULL) {
  path <- new_cell_file(call)
  written <- if (is.null(BPPARAM)) {
    write_run(list(cells = c(1, ncol(x)), path = path), x, likelihood, arg,
              call)
  } else {
    write_runs(path, x, likelihood, arg, call, BPPARAM)
  }
  owner <- file_owner(path)
  if (!likelihood_traits(likelihood)$dense && length(written$empty) > 0L) {
    unlink(path)
    abort_empty_cells(colnames(x)[written$empty], dim(x), arg, call)
  }
  open_cells(path, rownames(x), colnames(x), NULL, written$ones, owner)
}

# A file of the cells from run$cells[1] to run$cells[2], which of them are
# empty, and whether all values are 1.
write_run <- function(run, x, likelihood, arg, call) {
  on.exit(unlink(paste0(run$path, ".part")))  # if it is not finished
  writer <- cpp_cell_file_create(run$path, nrow(x),
                                 likelihood_traits(likelihood)$whole)
  empty <- integer()
  ones <- TRUE
  for_blocks(x, function(counts, from, to) {
    counts <- checked_values(counts, likelihood, arg, call, empty = TRUE)
    none <- which(n_non_zeros(counts) == 0L)
    empty <<- c(empty, from - 1L + none)
    ones <<- ones && all(values_of(counts) == 1)
    cpp_cell_file_add(writer, counts)
  }, arg, call, run$cells)
  cpp_cell_file_finish(writer)
  list(empty = empty, ones = ones)
}

write_runs <- function(path, x, likelihood, arg, call, BPPARAM) {
  pool <- open_workers(BPPARAM, call)
  on.exit(pool$close())
  n_runs <- max(pool$n, ceiling(ncol(x) / cells_per_run))
  runs <- lapply(runs_of(ncol(x), n_runs), function(cells) {
    list(cells = range(cells), path = sprintf("%s-%d", path, cells[1]))
  })
  files <- vapply(runs, `[[`, "", "path")
  on.exit(unlink(c(files, paste0(c(files, path), ".part"))), add = TRUE)
  written <- map_tasks(runs, write_run, pool, call, x, likelihood, arg, call,
                       each = "block of cells")
  check_files_arrived(files, call)
  writer <- cpp_cell_file_create(path, nrow(x),
                                 likelihood_traits(likelihood)$whole)
  for (file in files) {
    cpp_cell_file_add(writer, cpp_cell_file_open(file, NULL, FALSE))
    unlink(file)
  }
  cpp_cell_file_finish(writer)
  list(empty = unlist(lapply(written, `[[`, "empty")),
       ones = all(vapply(written, `[[`, NA, "ones")))
}

# A worker that dies costs so many cells at most.
cells_per_run <- 25000

check_files_arrived <- function(files, call) {
  if (all(file.exists(files))) return(invisible())
  folder <- dirname(files[1])
  gmvae_abort(c(
    "The folder for temporary files must be one that this session shares with
     the workers of {.arg BPPARAM}.",
    x = "The workers wrote their cells to {.path {folder}}, and this session
         does not find them there.",
    i = "Set {.code options(gmvae.cache)} to a folder that all machines see."
  ), "file", call = call)
}

new_cell_file <- function(call) tempfile("gmvae-cells-", cache_folder(call))

# Where temporary files of cells and rows lie.
cache_folder <- function(call) {
  folder <- getOption("gmvae.cache", tempdir())
  if (!rlang::is_string(folder) || !dir.exists(folder)) {
    gmvae_abort(c(
      "{.code options(gmvae.cache)} must be the path of a folder.",
      x = if (rlang::is_string(folder)) "{.path {folder}} does not exist."
      else "It is {describe(folder)}."
    ), "option", call = call)
  }
  folder
}

# What removes the file once nothing refers to it, unless this is a fork.
file_owner <- function(path) {
  owner <- new.env(parent = emptyenv())
  process <- Sys.getpid()
  reg.finalizer(owner, function(e) {
    if (Sys.getpid() == process) unlink(path)
  }, onexit = TRUE)
  owner
}

open_cells <- function(file, genes, cells, chosen, ones, owner) {
  x <- cpp_cell_file_open(file, chosen, FALSE)
  attr(x, "file") <- file
  attr(x, "genes") <- genes
  attr(x, "cells") <- cells
  attr(x, "chosen") <- chosen
  attr(x, "ones") <- ones
  attr(x, "owner") <- owner
  attr(x, "process") <- Sys.getpid()
  class(x) <- "cell_file"
  x
}

is_cell_file <- function(x) inherits(x, "cell_file")

# Workers open the file for themselves: a fork would move the place at which
# others read, and a pointer does not survive a socket.
opened_here <- function(counts) {
  if (!is_cell_file(counts) || attr(counts, "process") == Sys.getpid()) {
    return(counts)
  }
  open_cells(attr(counts, "file"), attr(counts, "genes"), attr(counts, "cells"),
             attr(counts, "chosen"), attr(counts, "ones"), NULL)
}

#' @export
dim.cell_file <- function(x) {
  c(length(attr(x, "genes")), length(attr(x, "cells")))
}

#' @export
dimnames.cell_file <- function(x) list(attr(x, "genes"), attr(x, "cells"))

#' @export
`[.cell_file` <- function(x, i, j, ..., drop = FALSE) {
  if (!missing(i)) x <- file_of_genes(x, i)
  if (!missing(j)) x <- view_of_cells(x, j)
  x
}

file_of_genes <- function(x, genes, fill = rep(0, length(genes)),
                          names = rownames(x)[genes]) {
  if (is.character(genes)) {
    names <- genes
    genes <- match(genes, rownames(x))
  }
  if (is.logical(genes)) genes <- which(genes)
  path <- tempfile("gmvae-cells-", dirname(attr(x, "file")))
  cpp_cell_file_genes(x, as.integer(genes), as.double(fill), path)
  open_cells(path, names, colnames(x), NULL, attr(x, "ones"), file_owner(path))
}

view_of_cells <- function(x, cells) {
  if (is.logical(cells)) cells <- which(cells)
  chosen <- attr(x, "chosen")
  open_cells(attr(x, "file"), rownames(x), colnames(x)[cells],
             if (is.null(chosen)) as.integer(cells) else chosen[cells],
             attr(x, "ones"), attr(x, "owner"))
}

# A dgCMatrix of few cells; other counts as they are.
in_memory <- function(counts) {
  if (!is_cell_file(counts)) return(counts)
  slots <- cpp_cells_in_memory(counts)
  Matrix::sparseMatrix(i = slots$i, p = slots$p, x = slots$x, index1 = FALSE,
                       dims = dim(counts), dimnames = dimnames(counts))
}

# fn(counts, cells) for blocks of the cells in turn, of a file or in memory: a
# dgCMatrix, and the numbers of its cells.
for_cell_blocks <- function(x, fn) {
  if (ncol(x) == 0L) return(invisible())
  size <- cells_per_block(dim(x))
  for (from in block_starts(dim(x))) {
    block <- from:min(from + size - 1, ncol(x))
    fn(in_memory(x[, block, drop = FALSE]), block)
  }
}

# Removes the file of counts that are no longer needed, at once.
discard_cells <- function(counts) {
  if (is_cell_file(counts) && !is.null(attr(counts, "owner"))) {
    unlink(attr(counts, "file"))
  }
  invisible()
}

# The same unless `kept` is in that file, too.
discard_others <- function(counts, kept) {
  if (!identical(attr(counts, "file"), attr(kept, "file"))) {
    discard_cells(counts)
  }
}

# Sums over genes, and others that the core takes from a file.
cell_totals <- function(counts) {
  if (is_cell_file(counts)) return(cpp_cell_sums(counts, rep(1, nrow(counts))))
  unname(Matrix::colSums(counts))
}

has_only_ones <- function(counts) {
  if (is_cell_file(counts)) attr(counts, "ones") else
    all(values_of(counts) == 1)
}
