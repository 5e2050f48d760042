# A DelayedMatrix of package DelayedArray as a source of cells. Here is the only
# place that knows how its values lie on disk.

delayed_source <- function(x) {
  read <- compressed_reader(x)
  if (is.null(read)) read <- block_reader(x)
  cell_source(read, dim(x), list(rownames(x), colnames(x)))
}

# Any DelayedMatrix: the values of some cells by the methods of its class.
block_reader <- function(x) {
  packages <- packages_of(x)
  function(from, to) {
    lapply(packages, loadNamespace)  # a worker has none of them yet
    some <- x[, from:to, drop = FALSE]
    DelayedArray::blockApply(
      some, methods::as, "CsparseMatrix", as.sparse = NA, BPPARAM = NULL,
      grid = DelayedArray::colAutoGrid(some, ncol = ncol(some))
    )[[1]]
  }
}

# The packages that the classes of a DelayedMatrix and of its seeds are from.
packages_of <- function(x) {
  of_class <- function(x) attr(class(x), "package")
  seeds <- DelayedArray::seedApply(x, of_class)
  setdiff(unique(c(of_class(x), unlist(seeds))), ".GlobalEnv")
}

# A file of 10x Genomics, or of AnnData, has the slots of a dgCMatrix as
# datasets. Where nothing has been done to such a matrix since it was opened,
# they are read as they are, three times faster than by the methods of its
# class, which serve only cells whose genes do not ascend. NULL for another
# matrix.
compressed_reader <- function(x) {
  if (!is_compressed_file(x)) return(NULL)
  file <- DelayedArray::path(x)
  group <- methods::slot(DelayedArray::seed(x), "group")
  read <- function(name, from = NULL, n = NULL) {
    as.vector(rhdf5::h5read(file, paste0(group, "/", name), start = from,
                            count = n))
  }
  start <- as.numeric(read("indptr"))
  n_genes <- nrow(x)
  by_blocks <- block_reader(x)
  function(from, to) {
    first <- start[from]
    n <- start[to + 1] - first
    p <- as.integer(start[from:(to + 1)] - first)
    if (n == 0) return(by_blocks(from, to))
    i <- read("indices", first + 1, n)
    if (!is.integer(i) || nzchar(cpp_compressed_fault(p, i, n_genes))) {
      return(by_blocks(from, to))
    }
    methods::new("dgCMatrix", p = p, i = i,
                 x = as.double(read("data", first + 1, n)),
                 Dim = c(n_genes, length(p) - 1L))
  }
}

is_compressed_file <- function(x) {
  if (!rlang::is_installed("rhdf5")) return(FALSE)
  if (!DelayedArray::isPristine(x, ignore.dimnames = TRUE)) return(FALSE)
  seed <- DelayedArray::seed(x)
  whole <- !"subdata" %in% methods::slotNames(seed) ||
    is.null(methods::slot(seed, "subdata"))
  whole && methods::is(seed, "CSC_H5SparseMatrixSeed")
}
