# A file in the layout of 10x Genomics with the slots of a dgCMatrix.
write_slots <- function(i, p, x, dim) {
  file <- tempfile(fileext = ".h5")
  rhdf5::h5createFile(file)
  rhdf5::h5createGroup(file, "matrix")
  put <- function(value, name) rhdf5::h5write(value, file, name)
  put(i, "matrix/indices")
  put(as.integer(p), "matrix/indptr")
  put(x, "matrix/data")
  put(dim, "matrix/shape")
  put(sprintf("gene%d", seq_len(dim[1])), "matrix/genes")
  put(sprintf("cell%d", seq_len(dim[2])), "matrix/barcodes")
  rhdf5::h5closeAll()
  # HDF5Array 1.26 opens one such file a session unless rhdf5 raises errors.
  rhdf5::h5errorHandling("normal")
  HDF5Array::TENxMatrix(file, "matrix")
}
counts_of_cells <- function() {
  set.seed(1)
  x <- Matrix::rsparsematrix(50, 30, 0.3, rand.x = function(n) rpois(n, 3) + 1)
  x[, 4:6] <- 0
  dimnames(x) <- list(sprintf("gene%d", 1:50), sprintf("cell%d", 1:30))
  x
}
skip_unless_hdf5 <- function() {
  skip_if_not_installed("HDF5Array")
  skip_if_not_installed("rhdf5")
}
unnamed <- function(x) {
  x@Dimnames <- list(NULL, NULL)
  x
}

test_that("files of 10x Genomics are read as they are", {
  skip_unless_hdf5()
  x <- counts_of_cells()
  on_disk <- write_slots(x@i, x@p, as.integer(x@x), dim(x))
  expect_true(is_compressed_file(on_disk))
  direct <- compressed_reader(on_disk)
  blocks <- block_reader(on_disk)
  for (run in list(c(1, 30), c(3, 12), c(4, 6), c(30, 30))) {
    expected <- unnamed(x[, run[1]:run[2], drop = FALSE])
    expect_identical(unnamed(direct(run[1], run[2])), expected)
    expect_identical(unnamed(blocks(run[1], run[2])), expected)
  }
  source <- delayed_source(on_disk)
  expect_identical(dimnames(source), dimnames(x))
})

test_that("genes that do not ascend are sorted", {
  skip_unless_hdf5()
  x <- counts_of_cells()
  backwards <- unlist(lapply(seq_len(ncol(x)), function(j) {
    rev(seq_len(diff(x@p)[j])) + x@p[j]
  }))
  on_disk <- write_slots(x@i[backwards], x@p, as.integer(x@x)[backwards],
                         dim(x))
  expect_identical(unnamed(compressed_reader(on_disk)(2, 20)),
                   unnamed(x[, 2:20]))
})

test_that("other matrices are read by blocks", {
  skip_unless_hdf5()
  x <- counts_of_cells()
  on_disk <- write_slots(x@i, x@p, as.integer(x@x), dim(x))
  chosen <- on_disk[c(7, 3, 9), ]
  expect_null(compressed_reader(chosen))
  expect_identical(unnamed(block_reader(chosen)(2, 9)),
                   unnamed(x[c(7, 3, 9), 2:9]))
  joined <- DelayedArray::cbind(on_disk[, 1:5], on_disk)
  expect_identical(unnamed(block_reader(joined)(3, 9)),
                   unnamed(cbind(x[, 3:5], x[, 1:4])))
  dense <- DelayedArray::DelayedArray(as.matrix(x))
  expect_null(compressed_reader(dense))
  expect_identical(unnamed(block_reader(dense)(2, 9)), unnamed(x[, 2:9]))
  expect_setequal(packages_of(on_disk), "HDF5Array")
  expect_setequal(packages_of(joined), c("DelayedArray", "HDF5Array"))
})
