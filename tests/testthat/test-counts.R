test_that("as_counts() gives the same for every kind of matrix", {
  x <- tiny_counts()
  sparse <- methods::as(x, "CsparseMatrix")
  expect_s4_class(as_counts(x), "dgCMatrix")
  expect_identical(as_counts(sparse), sparse)
  integers <- x
  storage.mode(integers) <- "integer"
  expect_identical(as_counts(integers), sparse)
  for (class in c("TsparseMatrix", "RsparseMatrix")) {
    expect_equal(as_counts(methods::as(sparse, class)), sparse)
  }
  dense <- methods::as(methods::as(x, "dMatrix"), "unpackedMatrix")
  expect_identical(as_counts(dense), sparse)
  logical <- x > 2
  expect_equal(as.matrix(as_counts(logical)), logical * 1)
  expect_equal(as_counts(methods::as(logical, "CsparseMatrix")),
               as_counts(logical))
  pattern <- methods::as(methods::as(logical, "CsparseMatrix"), "nMatrix")
  expect_equal(as_counts(pattern), as_counts(logical))
})

test_that("as_counts() reads DelayedMatrix", {
  skip_if_not_installed("DelayedArray")
  x <- tiny_counts()
  expect_identical(as_counts(DelayedArray::DelayedArray(x)), as_counts(x))
  sparse <- methods::as(x, "CsparseMatrix")
  expect_identical(as_counts(DelayedArray::DelayedArray(sparse)), sparse)
  DelayedArray::setAutoBlockSize(200)
  on.exit(DelayedArray::setAutoBlockSize())
  expect_identical(as_counts(DelayedArray::DelayedArray(sparse) + 0), sparse)
})

test_that("as_counts() reads assays with the names of their object", {
  skip_if_not_installed("SummarizedExperiment")
  x <- tiny_counts()
  bare <- unname(x)
  se <- SummarizedExperiment::SummarizedExperiment(list(raw = bare))
  dimnames(se) <- dimnames(x)
  expect_identical(as_counts(se, "raw"), as_counts(x))
})

test_that("as_counts() completes names, checked_values() drops stored zeros", {
  counts <- as_counts(unname(tiny_counts()))
  expect_identical(rownames(counts), paste0("gene", 1:8))
  expect_identical(colnames(counts), paste0("cell", 1:12))
  stored <- methods::as(tiny_counts(), "CsparseMatrix")
  stored@x[1] <- 0
  values <- values_of(checked_values(as_counts(stored), "nb"))
  expect_identical(sum(values == 0), 0L)
})

test_that("find_values() locates the first of many, past empty columns", {
  x <- Matrix::sparseMatrix(i = c(2, 3, 1), j = c(2, 5, 5), x = c(1, -1, -2),
                            dims = c(3, 6),
                            dimnames = list(letters[1:3], LETTERS[1:6]))
  expect_null(find_values(x, function(v) v > 5))
  bad <- find_values(x, function(v) v < 0)
  expect_identical(bad$n, 2L)
  expect_match(bad$where, "gene \"a\" in cell \"E\"", fixed = TRUE)
})

test_that("names with braces appear in messages as they are", {
  x <- tiny_counts()
  rownames(x)[2] <- "{stop()}"
  x[2, 1] <- -1
  expect_error(gmvae(x, 3), "{stop()}", fixed = TRUE)
})

test_that("checked_values() takes what each likelihood can describe", {
  x <- as_counts(tiny_counts())
  for (likelihood in c("nb", "zinb", "poisson", "gaussian")) {
    expect_silent(checked_values(x, likelihood))
  }
  expect_silent(checked_values(as_counts(tiny_counts() > 2), "bernoulli"))
  expect_silent(checked_values(as_counts(tiny_counts() / 100), "bernoulli"))
  expect_silent(checked_values(as_counts(tiny_counts() - 2.5), "gaussian"))
  empty_cell <- tiny_counts()
  empty_cell[, 2] <- 0
  expect_silent(checked_values(as_counts(empty_cell), "gaussian"))
})

test_that("counts with rounding errors are taken for whole numbers", {
  x <- as_counts(tiny_counts())
  near <- x
  near@x <- near@x * (1 + 1e-12)
  expect_identical(checked_values(near, "nb"), checked_values(x, "nb"))
  near@x <- expm1(log1p(x@x))
  expect_identical(checked_values(near, "nb"), checked_values(x, "nb"))
  near@x[5] <- near@x[5] + 1e-7  # rounded, and then not a value at all
  expect_identical(checked_values(near, "poisson"), checked_values(x, "nb"))
  far <- x
  far@x <- far@x * (1 + 3e-6)
  expect_error(checked_values(far, "nb"), "2.000006",
               class = "gmvae_error_data")
  tiny <- x
  tiny@x[1] <- 1e-9
  expect_length(values_of(checked_values(tiny, "nb")),
                length(values_of(checked_values(x, "nb"))) - (x@x[1] > 0))
})

test_that("advice is code for the container and the name that the user has", {
  skip_if_not_installed("SingleCellExperiment")
  counts <- tiny_counts()
  counts[, 4] <- 0
  cells <- SingleCellExperiment::SingleCellExperiment(list(counts = counts))
  error <- expect_error(gmvae(cells, 2), class = "gmvae_error_data")
  advice <- grep("cells <- ", unlist(strsplit(gsub(
    "\n *", " ", cli::ansi_strip(rlang::cnd_message(error))
  ), "`")), value = TRUE)
  eval(parse(text = advice))
  expect_identical(ncol(cells), 11L)
  expect_error(gmvae(counts, 2), "counts <- counts[,", fixed = TRUE)
  expect_error(gmvae(counts + 0, 2), "x <- x[,", fixed = TRUE)
})

test_that("cells in rows are told by their names", {
  barcodes <- replicate(40, paste(sample(c("A", "C", "G", "T"), 16, TRUE),
                                  collapse = ""))
  x <- matrix(rpois(40 * 30, 3), 30, dimnames = list(
    sprintf("ENSG%011d", 1:30), paste0(barcodes, "-1")
  ))
  expect_silent(warn_orientation(as_counts(x), "x", NULL))
  expect_warning(warn_orientation(as_counts(t(x)), "x", NULL), "Matrix::t",
                 class = "gmvae_warning_input")
  rownames(x) <- paste0("peak", 1:30)
  expect_warning(warn_orientation(as_counts(t(x)), "x", NULL),
                 class = "gmvae_warning_input")
  expect_silent(warn_orientation(as_counts(unname(x)), "x", NULL))
  data("pbmc_sorted", package = "gmvae", envir = environment())
  expect_silent(warn_orientation(pbmc_sorted$counts, "x", NULL))
  expect_warning(warn_orientation(Matrix::t(pbmc_sorted$counts), "x", NULL),
                 class = "gmvae_warning_input")
})

test_that("cells have names or none of them has", {
  x <- simulate_counts(n = 20)$counts
  colnames(x)[3] <- NA
  expect_error(gmvae(x, 2), "first in column 3", class = "gmvae_error_input")
})
