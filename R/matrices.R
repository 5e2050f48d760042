# Matrices of package Matrix, checked slot by slot before anything converts
# them: the package's own conversions trust the slots, and a wrong index is a
# read outside of memory there. Everything that is a matrix of some kind becomes
# a dgCMatrix here.

# Is `x` an S4 object of this class? A list may claim any class in S3's way.
is_s4 <- function(x, class) isS4(x) && methods::is(x, class)

# A dgCMatrix of any kind of matrix of numbers, or NULL.
as_sparse <- function(x, arg, call) {
  if (is_s4(x, "Matrix")) return(sparse_of_matrix(x, arg, call))
  if (is_s4(x, "DelayedMatrix")) return(read_delayed(x, arg, call))
  if (is.matrix(x) && (is.numeric(x) || is.logical(x))) {
    # Contingency tables and AsIs are ordinary matrices besides their class.
    attributes(x) <- attributes(x)[c("dim", "dimnames")]
    storage.mode(x) <- "double"
    # A symmetric or triangular matrix would keep one triangle only.
    return(methods::as(methods::as(x, "CsparseMatrix"), "generalMatrix"))
  }
  if (isS4(x)) {
    sparse <- tryCatch(methods::as(x, "CsparseMatrix"), error = function(e) x)
    if (is_s4(sparse, "CsparseMatrix")) {
      return(sparse_of_matrix(sparse, arg, call))
    }
  }
  abort_not_matrix(x, arg, call)
}

sparse_of_matrix <- function(x, arg, call) {
  fault <- matrix_fault(x)
  if (identical(fault, unsorted_rows)) {
    x <- with_sorted_rows(x)
    fault <- matrix_fault(x)
  }
  if (!is.null(fault)) abort_matrix(x, fault, arg, call)
  if (inherits(x, "dgCMatrix")) return(x)
  x <- methods::as(methods::as(x, "dMatrix"), "generalMatrix")
  methods::as(x, "CsparseMatrix")
}

# What is wrong with a matrix of package Matrix, in words, or NULL.
matrix_fault <- function(x) {
  fault <- slot_fault(x)
  if (!is.null(fault)) return(fault)
  valid <- methods::validObject(x, test = TRUE)
  if (!isTRUE(valid)) valid[1]
}

abort_matrix <- function(x, fault, arg, call) {
  gmvae_abort(c(
    "{.arg {arg}} must be a valid matrix of class {.cls {class(x)}}.",
    x = "{fault}.",
    i = "Its slots were changed by hand, or by a program other than R: create
         it again, for instance with {.fn Matrix::sparseMatrix}."
  ), "input", call = call)
}

# Raises a classed error if one of the `arguments` in the `frame` of a function
# that stopped unexpectedly is a matrix with invalid slots. Arguments that the
# function did not use stay unevaluated.
check_matrix_arguments <- function(arguments, frame, call) {
  lazy <- rlang::env_binding_are_lazy(frame, arguments)
  for (name in arguments[!lazy]) {
    x <- frame[[name]]
    fault <- if (!rlang::is_missing(x) && is_s4(x, "Matrix")) matrix_fault(x)
    if (!is.null(fault)) abort_matrix(x, fault, name, call)
  }
}

# Other programs write the rows of a column in any order, which is no fault of
# the user's. The core says so in these words.
unsorted_rows <- "Slot `i` must ascend within each column"

# The same matrix, which has no other fault, in R's order.
with_sorted_rows <- function(x) {
  p <- attr(x, "p")
  sorted <- order(rep(seq_len(length(p) - 1L), diff(p)), attr(x, "i"))
  for (name in c("i", "x")) {
    if (length(attr(x, name)) == length(sorted)) {
      attr(x, name) <- attr(x, name)[sorted]
    }
  }
  x
}

# What is wrong with the slots of a matrix of package Matrix, in words, or NULL.
slot_fault <- function(x) {
  dim <- attr(x, "Dim")
  if (!is.integer(dim) || length(dim) != 2L || anyNA(dim) || any(dim < 0L)) {
    return("Slot `Dim` must hold two whole numbers of at least 0")
  }
  fault <- dimnames_fault(attr(x, "Dimnames"), dim)
  if (!is.null(fault)) return(fault)
  square <- methods::is(x, "symmetricMatrix") ||
    methods::is(x, "triangularMatrix") || methods::is(x, "diagonalMatrix")
  if (square && dim[1] != dim[2]) {
    return("Slot `Dim` must hold two equal numbers in a square class")
  }
  for (name in c("uplo", "diag")) {
    values <- list(uplo = c("U", "L"), diag = c("U", "N"))[[name]]
    if (name %in% methods::slotNames(x) &&
          !isTRUE(attr(x, name) %in% values)) {
      return(sprintf("Slot `%s` must be \"%s\" or \"%s\"", name, values[1],
                     values[2]))
    }
  }
  if (methods::is(x, "CsparseMatrix")) {
    n <- length(attr(x, "i"))
    fault <- compressed_fault(x, "i", dim[1], dim[2])
  } else if (methods::is(x, "RsparseMatrix")) {
    n <- length(attr(x, "j"))
    fault <- compressed_fault(x, "j", dim[2], dim[1])
  } else if (methods::is(x, "TsparseMatrix")) {
    n <- length(attr(x, "i"))
    fault <- triplet_fault(x, dim)
  } else if (methods::is(x, "indMatrix")) {
    n <- 0
    fault <- permutation_fault(x, dim)
  } else {
    n <- n_stored(x, dim)
  }
  if (!is.null(fault)) return(fault)
  values_fault(x, n)
}

dimnames_fault <- function(names, dim) {
  if (!is.list(names) || length(names) != 2L) {
    return("Slot `Dimnames` must be a list of two")
  }
  fits <- vapply(1:2, function(side) {
    is.null(names[[side]]) ||
      (is.character(names[[side]]) && length(names[[side]]) == dim[side])
  }, NA)
  if (any(vapply(names, is.object, NA))) {
    return("The names in slot `Dimnames` must have no class")
  }
  if (all(fits)) return(NULL)
  sprintf("Slot `Dimnames` must have %d %s names", dim[!fits][1],
          c("row", "column")[!fits][1])
}

# Columns (or rows) one after the other: `p` says where each begins, and slot
# `index` in which of `n` rows each value is.
compressed_fault <- function(x, index, n, n_columns) {
  p <- attr(x, "p")
  i <- attr(x, index)
  if (!is.integer(p) || !is.integer(i)) {
    return(sprintf("Slots `p` and `%s` must hold whole numbers", index))
  }
  if (length(p) != n_columns + 1) {
    return(sprintf("Slot `p` must have %.0f numbers, and it has %.0f",
                   n_columns + 1, length(p)))
  }
  fault <- cpp_compressed_fault(p, i, n)
  if (!nzchar(fault)) return(NULL)
  gsub("`i`", paste0("`", index, "`"), fault, fixed = TRUE)
}

triplet_fault <- function(x, dim) {
  i <- attr(x, "i")
  j <- attr(x, "j")
  if (!is.integer(i) || !is.integer(j) || length(i) != length(j)) {
    return("Slots `i` and `j` must hold as many whole numbers, each")
  }
  fault <- index_fault(i, "i", dim[1])
  if (is.null(fault)) index_fault(j, "j", dim[2]) else fault
}

index_fault <- function(i, slot, n) {
  bad <- which(is.na(i) | i < 0L | i >= n)
  if (length(bad) == 0L) return(NULL)
  sprintf("Slot `%s` must hold numbers from 0 to %.0f, and number %d is %s",
          slot, n - 1, bad[1], format(i[bad[1]]))
}

permutation_fault <- function(x, dim) {
  perm <- attr(x, "perm")
  by_column <- identical(attr(x, "margin"), 2L)
  own <- if (by_column) dim[2] else dim[1]
  other <- if (by_column) dim[1] else dim[2]
  if (is.integer(perm) && length(perm) == own && !anyNA(perm) &&
        all(perm >= 1L & perm <= other)) {
    return(NULL)
  }
  sprintf("Slot `perm` must have %.0f numbers from 1 to %.0f", own, other)
}

# How many values a class that is not sparse holds.
n_stored <- function(x, dim) {
  size <- as.double(dim)
  if (methods::is(x, "diagonalMatrix")) {
    return(if (identical(attr(x, "diag"), "U")) 0 else size[1])
  }
  packed <- methods::is(x, "packedMatrix") || methods::is(x, "dppMatrix")
  if (packed) size[1] * (size[1] + 1) / 2 else prod(size)
}

values_fault <- function(x, n) {
  if (!"x" %in% methods::slotNames(x)) return(NULL)
  values <- attr(x, "x")
  type <- if (methods::is(x, "dMatrix")) "double" else "logical"
  if (typeof(values) != type) {
    return(sprintf("Slot `x` must be of type %s, and it is of type %s", type,
                   typeof(values)))
  }
  if (length(values) == n) return(NULL)
  sprintf("Slot `x` must have %.0f values, and it has %.0f", n, length(values))
}

# Matrices on disk come in block by block of cells, each made sparse at once.
read_delayed <- function(x, arg, call) {
  require_package("DelayedArray", "read {.arg {arg}}", call, arg = arg)
  n <- 0
  sparse_block <- function(block) {
    block <- as_sparse(methods::as(block, "CsparseMatrix"), arg, call)
    n <<- n + length(values_of(block))
    check_n_values(n, arg, call)
    block
  }
  blocks <- DelayedArray::blockApply(
    x, sparse_block, grid = DelayedArray::colAutoGrid(x), as.sparse = NA,
    BPPARAM = NULL
  )
  with_names(do.call(cbind, blocks), rownames(x), colnames(x))
}

# Slot `p` of a dgCMatrix holds 32-bit numbers.
check_n_values <- function(n, arg, call) {
  limit <- .Machine$integer.max
  if (n <= limit) return(invisible())
  gmvae_abort(c(
    "{.arg {arg}} must have at most {limit} non-zero values: a sparse matrix of
     R can't hold more.",
    x = "It has at least {n}.",
    i = "Use fewer cells, or leave out genes that few cells have."
  ), "input", call = call)
}

with_names <- function(values, genes, cells) {
  dimnames(values) <- list(genes, cells)
  values
}

abort_not_matrix <- function(x, arg, call) {
  name <- code_of(arg)
  gmvae_abort(c(
    "{.arg {arg}} must be a numeric matrix, sparse or not, or a
     SingleCellExperiment, with genes in rows and cells in columns.",
    x = "You supplied {describe(x)}.",
    i = matrix_inside(x)
  ), "input", call = call)
}

# The line that gets counts out of something else, with {name} for what the user
# calls it.
matrix_inside <- function(x) {
  if (is.data.frame(x)) {
    return("Convert the columns that hold counts: {.code as.matrix({name})}.")
  }
  if (is_s4(x, "DataFrame") || is_s4(x, "DFrame")) {
    return("Convert the columns that hold counts:
            {.code as.matrix(as.data.frame({name}))}.")
  }
  if (is.matrix(x)) {
    return(paste0("Its entries are of type {.cls ", typeof(x), "}."))
  }
  if (inherits(x, "Seurat")) {
    return("Give its counts: {.code Seurat::GetAssayData({name}, layer =
            \"counts\")}, or {.code slot = \"counts\"} before version 5 of
            Seurat.")
  }
  matrices <- if (is.list(x) && !is.object(x)) {
    which(vapply(x, function(part) length(dim(part)) == 2L, NA))
  }
  if (length(matrices) > 0L) {
    one <- matrices[[1]]
    part <- if (is.null(names(x)) || !nzchar(names(x)[one])) one else
      dQuote(names(x)[one], FALSE)
    return(paste0("Give one of its matrices: {.code {name}[[", part, "]]}."))
  }
  "See {.code ?gmvae} for the classes that it accepts."
}
