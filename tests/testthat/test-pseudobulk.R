skip_if_not_installed("SummarizedExperiment")

bulk_example <- function() {
  set.seed(1)
  x <- matrix(rnbinom(8 * 60, mu = 3, size = 2), 8)
  x[8, ] <- x[8, ] + 1
  dimnames(x) <- list(paste0("g", 1:8), paste0("c", 1:60))
  donor <- rep(c("d1", "d2", "d3"), each = 20)
  list(fit = made_up_fit(), x = x, donor = donor,
       data = data.frame(treated = donor == "d1", cell = 1:60))
}

test_that("counts of all genes are added up by cluster and sample", {
  given <- bulk_example()
  sums <- pseudobulk(given$fit, given$x, given$donor, data = given$data,
                     min_cells = 1)
  expect_s4_class(sums, "SummarizedExperiment")
  counts <- SummarizedExperiment::assay(sums, "counts")
  expect_identical(dim(counts), c(8L, 9L))
  for (i in seq_len(ncol(counts))) {
    cells <- given$fit$cluster == sums$cluster[i] &
      given$donor == sums$sample[i]
    expect_equal(counts[, i], rowSums(given$x[, cells]))
    expect_equal(sums$n_cells[i], sum(cells))
  }
  expect_identical(colnames(sums), paste(sums$cluster, sums$sample, sep = "."))
  expect_equal(sums$treated, sums$sample == "d1")
  expect_false("cell" %in% names(SummarizedExperiment::colData(sums)))
})

test_that("sums of few cells are left out, with a message", {
  given <- bulk_example()
  donor <- given$donor
  donor[c(1, 4)] <- "d4"
  expect_message(sums <- pseudobulk(given$fit, given$x, donor, min_cells = 5),
                 class = "gmvae_message", "Left out 1 of 12")
  expect_false("d4" %in% as.character(sums$sample))
})

test_that("columns of a container name the samples", {
  skip_if_not_installed("SingleCellExperiment")
  given <- bulk_example()
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = given$x), colData = data.frame(given$data,
                                                 donor = given$donor)
  )
  expect_equal(
    SummarizedExperiment::assay(pseudobulk(given$fit, sce, "donor",
                                           min_cells = 1)),
    SummarizedExperiment::assay(pseudobulk(given$fit, given$x, given$donor,
                                           min_cells = 1))
  )
  expect_true("treated" %in% names(SummarizedExperiment::colData(
    pseudobulk(given$fit, sce, "donor", min_cells = 1)
  )))
})

test_that("edgeR takes the sums as they are", {
  skip_if_not_installed("edgeR")
  given <- bulk_example()
  sums <- pseudobulk(given$fit, given$x, given$donor, data = given$data,
                     min_cells = 1)
  y <- edgeR::SE2DGEList(sums[, sums$cluster == "1"])
  expect_identical(dim(y), c(8L, 3L))
  expect_true("treated" %in% names(y$samples))
})

test_that("what can't be added up is an error", {
  given <- bulk_example()
  expect_snapshot(error = TRUE, {
    pseudobulk(given$fit, given$x, given$donor[1:10])
    pseudobulk(given$fit, given$x, rep(NA, 60))
    pseudobulk(given$fit, given$x, given$donor, data = 1:3)
    pseudobulk(given$fit, given$x, given$donor, min_cells = 100)
    pseudobulk(made_up_fit(likelihood = "gaussian"), given$x, given$donor)
  })
})
