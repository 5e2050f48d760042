small <- function() {
  data("pbmc_sorted", package = "gmvae", envir = environment())
  x <- pbmc_sorted$counts[1:400, seq(1, 1000, by = 4)]
  x[, Matrix::colSums(x) > 0]
}
source_of <- function(x) {
  cell_source(function(from, to) x[, from:to, drop = FALSE], dim(x),
              dimnames(x))
}
fit_small <- function(x, ..., epochs = 12) {
  set.seed(1)
  suppressWarnings(suppressMessages(gmvae(
    x, 3, features = 200, ...,
    control = gmvae_control(epochs = epochs, verbose = FALSE, n_threads = 2)
  )))
}
# What users see, without how they called.
result <- function(fit) {
  fit[c("call", "history", "checksum")] <- NULL
  fit
}
new_folder <- function() {
  folder <- tempfile("cells")
  dir.create(folder)
  folder
}
no_files <- function(folder) length(list.files(folder)) == 0L

test_that("a fit from a source is that from memory, and no file is left", {
  x <- small()
  folder <- new_folder()
  rlang::local_options(gmvae.cache = folder)
  fit <- fit_small(x)
  from_source <- fit_small(source_of(x))
  expect_identical(result(from_source), result(fit))
  expect_equal(from_source$checksum, fit$checksum, tolerance = 1e-14)
  expect_true(no_files(folder))

  batch <- rep(c("a", "b"), length.out = ncol(x))
  expect_identical(result(fit_small(source_of(x), batch = batch)),
                   result(fit_small(x, batch = batch)))
  types <- c("posterior", "outlier", "all")
  for (type in types) {
    expect_identical(predict(fit, source_of(x), type), predict(fit, x, type))
  }
  # Other genes, in another order, with one that is missing.
  other <- x[rev(setdiff(rownames(x), fit$features[3])), ]
  expect_warning(found <- predict(fit, source_of(other), "latent"), "lacks 1")
  expect_warning(expected <- predict(fit, other, "latent"), "lacks 1")
  expect_identical(found, expected)
  again <- suppressWarnings(update(fit, 2, x = source_of(x)))
  expect_identical(again$latent, suppressWarnings(update(fit, 2, x = x))$latent)
  expect_true(no_files(folder))
})

test_that("measurements and shares are read from a source, too", {
  set.seed(2)
  x <- matrix(rnorm(40 * 60), 40) + rep(c(0, 3), each = 40 * 30)
  dimnames(x) <- list(paste0("g", 1:40), paste0("c", 1:60))
  for (likelihood in c("gaussian", "bernoulli")) {
    values <- if (likelihood == "gaussian") x else stats::plogis(x)
    expect_identical(
      result(fit_small(source_of(values), likelihood = likelihood)),
      result(fit_small(values, likelihood = likelihood))
    )
  }
})

test_that("a DelayedMatrix with many cells is a source, in containers, too", {
  skip_if_not_installed("DelayedArray")
  skip_if_not_installed("SingleCellExperiment")
  x <- small()
  folder <- new_folder()
  rlang::local_options(gmvae.cache = folder, gmvae.cells_in_memory = 100)
  delayed <- DelayedArray::DelayedArray(x)[, seq_len(ncol(x))]
  fit <- fit_small(x)
  expect_identical(result(fit_small(delayed)), result(fit))
  sce <- SingleCellExperiment::SingleCellExperiment(list(counts = delayed))
  expect_identical(result(fit_small(sce)), result(fit))
  expect_identical(predict(fit, sce), predict(fit, x))
  expect_true(no_files(folder))
})

test_that("an interrupted or failed fit leaves no file", {
  x <- small()
  folder <- new_folder()
  rlang::local_options(gmvae.cache = folder)
  broken <- cell_source(function(from, to) {
    replace(as.matrix(x[, from:to]), 3, -1)
  }, dim(x), dimnames(x))
  expect_error(fit_small(broken), class = "gmvae_error_data")
  expect_true(no_files(folder))
})

test_that("values of a source are checked, with the names of its cells", {
  x <- small()
  empty <- x
  empty[, 7] <- 0
  expect_error(fit_small(source_of(empty)), colnames(x)[7],
               class = "gmvae_error_data")
  half <- x
  half[1, 9] <- 0.5
  expect_error(fit_small(source_of(half)), colnames(x)[9],
               class = "gmvae_error_data")
})

test_that("what a source returns must be the cells asked for", {
  x <- small()
  wrong <- list(
    function(from, to) x[, 1:3],
    function(from, to) t(as.matrix(x[, from:to])),
    function(from, to) "counts",
    function(from, to) NULL
  )
  for (read in wrong) {
    expect_error(fit_small(cell_source(read, dim(x), dimnames(x))),
                 class = "gmvae_error_input")
  }
  expect_error(fit_small(cell_source(function(from, to) stop("gone"), dim(x))),
               class = "gmvae_error")
})

test_that("cell_source() checks its arguments and prints sizes", {
  read <- function(from, to) NULL
  expect_error(cell_source("file", c(2, 3)), class = "gmvae_error_option")
  for (dim in list(5, c(1, NA), c(0, 2), c(1.5, 2), c(1, 3e9), "2")) {
    expect_error(cell_source(read, dim), class = "gmvae_error_option")
  }
  expect_error(cell_source(read, c(2, 3), list("a", NULL)),
               class = "gmvae_error_option")
  expect_output(print(cell_source(read, c(20000, 1e6))),
                "20,000 genes x 1,000,000 cells")
})

test_that("several networks train from a file in other processes", {
  skip_if_not_installed("BiocParallel")
  x <- small()
  fit <- function(x, BPPARAM = NULL) {
    set.seed(1)
    suppressWarnings(suppressMessages(gmvae(
      x, 3, features = 200, BPPARAM = BPPARAM,
      control = gmvae_control(epochs = 5, n_networks = 2, verbose = FALSE)
    )))
  }
  skip_on_os("windows")
  expect_identical(result(fit(source_of(x), BiocParallel::MulticoreParam(2))),
                   result(fit(x)))
})

test_that("workers read a source in parts, to the same end", {
  skip_if_not_installed("BiocParallel")
  skip_on_cran()
  skip_on_os("windows")
  x <- small()
  folder <- new_folder()
  rlang::local_options(gmvae.cache = folder)
  local_internal("cells_per_run", 60)
  fit <- fit_small(x)
  source <- source_of(x)
  for (workers in list(BiocParallel::SerialParam(),
                       BiocParallel::MulticoreParam(2),
                       BiocParallel::SnowParam(2))) {
    shared <- fit_small(source, BPPARAM = workers)
    expect_identical(result(shared), result(fit))
    expect_identical(predict(fit, source, "all", BPPARAM = workers),
                     predict(fit, x, "all"))
    expect_true(no_files(folder))
  }
  workers <- BiocParallel::MulticoreParam(2)
  again <- suppressWarnings(update(fit, 2, x = source, BPPARAM = workers))
  expect_identical(again$latent, suppressWarnings(update(fit, 2, x = x))$latent)

  # Values are named by their place in all cells.
  x[7, 150] <- -2
  expect_error(fit_small(source_of(x), BPPARAM = workers),
               paste0("-2.*", colnames(x)[150]), class = "gmvae_error_data")
  x[, c(30, 200)] <- 0
  x[7, 150] <- 0
  expect_error(fit_small(source_of(x), BPPARAM = workers),
               paste0("2 of 250.*", colnames(x)[30], ".*", colnames(x)[200]),
               class = "gmvae_error_data")
  expect_true(no_files(folder))
  expect_error(predict(fit, source, BPPARAM = 2), "BPPARAM",
               class = "gmvae_error_option")
})

test_that("workers read a DelayedMatrix, and one that dies is replaced", {
  skip_if_not_installed("HDF5Array")
  skip_if_not_installed("BiocParallel")
  skip_on_cran()
  skip_on_os("windows")
  x <- small()
  folder <- new_folder()
  rlang::local_options(gmvae.cache = folder, gmvae.cells_in_memory = 0)
  local_internal("cells_per_run", 60)
  fit <- fit_small(x)
  file <- tempfile(fileext = ".h5")
  on_disk <- HDF5Array::writeHDF5Array(as.matrix(x), file, "counts",
                                       with.dimnames = TRUE)
  on_disk <- DelayedArray::cbind(on_disk[, 1:100], on_disk[, 101:250])
  shared <- fit_small(on_disk, BPPARAM = BiocParallel::SnowParam(2))
  expect_identical(result(shared), result(fit))

  mark <- tempfile("killed")
  dies_once <- cell_source(function(from, to) {
    if (from > 100 && !file.exists(mark)) {
      cat("", file = mark)
      tools::pskill(Sys.getpid(), tools::SIGKILL)
      Sys.sleep(10)
    }
    x[, from:to, drop = FALSE]
  }, dim(x), dimnames(x))
  shared <- fit_small(dies_once, BPPARAM = BiocParallel::MulticoreParam(2))
  expect_true(file.exists(mark))
  expect_identical(result(shared), result(fit))
  expect_true(no_files(folder))
})

test_that("files that workers write must be where this session sees them", {
  expect_error(check_files_arrived(file.path(tempdir(), "nowhere-1"), NULL),
               "gmvae.cache", class = "gmvae_error_file")
  expect_null(check_files_arrived(character(), NULL))
})

test_that("the folder for files must exist", {
  rlang::local_options(gmvae.cache = "no such folder")
  expect_error(fit_small(source_of(small())), "no such folder",
               class = "gmvae_error_option")
})

test_that("what follows a fit reads a source in blocks, to the same end", {
  x <- small()
  folder <- new_folder()
  rlang::local_options(gmvae.cache = folder)
  fit <- fit_small(x)
  same <- function(fn, exact = TRUE) {
    set.seed(2)
    expected <- suppressWarnings(suppressMessages(fn(x)))
    set.seed(2)
    found <- suppressWarnings(suppressMessages(fn(source_of(x))))
    if (exact) expect_identical(found, expected) else
      expect_equal(found, expected)
    expect_true(no_files(folder))
  }
  same(function(x) markers(fit, x))
  same(function(x) markers(fit, x, p_values = "direct"))
  same(function(x) check_fit(fit, x))
  labels <- rep(c("a", "b"), length.out = ncol(x))
  same(function(x) map_to_reference(fit, x, labels = labels))
  lacking <- setdiff(rownames(x), fit$features[3])
  same(function(x) {
    query <- if (inherits(x, "cell_source")) {
      y <- small()[lacking, ]
      source_of(y)
    } else {
      x[lacking, ]
    }
    map_to_reference(fit, query, labels = labels, reference = x)
  })
  same(function(x) map_to_reference(fit, x, batch = "new"))
  skip_if_not_installed("SummarizedExperiment")
  same(function(x) {
    SummarizedExperiment::assay(pseudobulk(fit, x, labels, min_cells = 1))
  })
})

test_that("so it does with several blocks", {
  x <- small()
  fit <- fit_small(x)
  original <- gmvae:::cells_per_block
  on.exit(utils::assignInNamespace("cells_per_block", original, "gmvae"))
  utils::assignInNamespace("cells_per_block", function(dim) 100, "gmvae")
  expect_equal(markers(fit, source_of(x), p_values = "direct"),
               markers(fit, x, p_values = "direct"))
  set.seed(1)
  split <- markers(fit, source_of(x))
  expect_false(anyNA(split$lfc))
  expect_true(all(split$p_value >= 0 & split$p_value <= 1, na.rm = TRUE))
})

test_that("names of cells and genes that have a class are refused", {
  read <- function(from, to) NULL
  expect_error(cell_source(read, c(2, 9), list(noquote(c("a", "b")), NULL)),
               "must have no class", class = "gmvae_error_option")
})
