skip_if_not_installed("SingleCellExperiment")

make_sce <- function() {
  set.seed(1)
  x <- simulate_counts(n = 50, genes = 20)$counts
  SingleCellExperiment::SingleCellExperiment(
    list(counts = x, other = x + 1), colData = data.frame(batch = 1:50),
    reducedDims = list(PCA = matrix(0, 50, 2))
  )
}

test_that("runGMVAE() writes its three results and nothing else", {
  sce <- make_sce()
  set.seed(5)
  fit <- quick_fit(sce, 3)
  set.seed(5)
  out <- runGMVAE(sce, 3, control = quick_control())
  expect_identical(SingleCellExperiment::reducedDim(out, "GMVAE"), fit$latent)
  cells <- SummarizedExperiment::colData(out)
  expect_identical(cells$gmvae_cluster, unname(fit$cluster))
  expect_equal(cells$gmvae_confidence, unname(apply(fit$posterior, 1, max)))

  SingleCellExperiment::reducedDim(out, "GMVAE") <- NULL # nolint
  cells$gmvae_cluster <- NULL
  cells$gmvae_confidence <- NULL
  SummarizedExperiment::colData(out) <- cells
  expect_equal(out, sce)
})

test_that("runGMVAE() writes batches that were found", {
  set.seed(2)
  data <- simulate_batches(n = 400, genes = 100, depth = 60)
  sce <- SingleCellExperiment::SingleCellExperiment(list(counts = data$counts))
  out <- suppressMessages(runGMVAE(sce, 3, control = quick_control(2)))
  expect_identical(out$gmvae_batch,
                   factor(ifelse(data$batch == "a", "found1", "found2")))
})

test_that("runGMVAE() reads another assay and writes another name", {
  sce <- make_sce()
  out <- runGMVAE(sce, 2, "poisson", assay = "other", name = "latent",
                  control = quick_control())
  expect_identical(SingleCellExperiment::reducedDimNames(out),
                   c("PCA", "latent"))
})

test_that("gmvae() and predict() take a SummarizedExperiment", {
  sce <- make_sce()
  se <- SummarizedExperiment::SummarizedExperiment(
    SummarizedExperiment::assays(sce)
  )
  set.seed(5)
  fit <- quick_fit(se, 3)
  expect_equal(predict(fit, sce, "latent"), fit$latent)
  expect_false(isTRUE(all.equal(
    predict(fit, se, "latent", assay = "other"), fit$latent
  )))
})

test_that("runGMVAE() takes cells without names, without a word", {
  skip_if_not_installed("SingleCellExperiment")
  set.seed(1)
  counts <- unname(simulate_counts(n = 60, genes = 40)$counts)
  rownames(counts) <- paste0("g", seq_len(nrow(counts)))
  sce <- SingleCellExperiment::SingleCellExperiment(list(counts = counts))
  expect_no_warning(sce <- runGMVAE(sce, k = 2, control = quick_control(2)))
  expect_null(rownames(SingleCellExperiment::reducedDim(sce, "GMVAE")))
})
