skip_if_not_installed("SingleCellExperiment")

make_sce <- function() {
  set.seed(1)
  x <- simulate_counts(n = 50, genes = 20)$counts
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = x, other = x + 1), colData = data.frame(batch = 1:50),
    reducedDims = list(PCA = matrix(0, 50, 2))
  )
  S4Vectors::metadata(sce)$project <- "blood"
  sce
}

run <- function(...) without_cautions(runGMVAE(...))

# `out` without what runGMVAE() writes under `name`.
without_results <- function(out, name) {
  SingleCellExperiment::reducedDim(out, name) <- NULL # nolint
  cells <- SummarizedExperiment::colData(out)
  written <- paste0(name, "_", c("cluster", "confidence", "batch"))
  SummarizedExperiment::colData(out) <- cells[setdiff(names(cells), written)]
  S4Vectors::metadata(out)[[name]] <- NULL
  out
}

test_that("runGMVAE() writes its results and nothing else", {
  sce <- make_sce()
  set.seed(5)
  fit <- quick_fit(sce, 3)
  set.seed(5)
  out <- run(sce, 3, control = quick_control())
  expect_identical(SingleCellExperiment::reducedDim(out, "GMVAE"), fit$latent)
  expect_identical(out$GMVAE_cluster, unname(fit$cluster))
  expect_equal(out$GMVAE_confidence, confidence(fit, fit$posterior))
  expect_identical(comparable(gmvae_fit(out)), comparable(fit))
  expect_equal(without_results(out, "GMVAE"), sce)
})

test_that("the fit that is kept is one to predict, plot, summarise, update", {
  sce <- without_cautions(
    runGMVAE(make_sce(), 3, control = quick_control())
  )
  fit <- gmvae_fit(sce)
  expect_equal(predict(fit, sce), fit$cluster)
  expect_s3_class(summary(fit), "summary_gmvae")
  expect_identical(fit$call, quote(gmvae(x = make_sce(), k = 3,
                                         control = quick_control())))
  expect_identical(without_cautions(update(fit, k = 2))$k, 2L)
  named <- without_cautions(
    runGMVAE(sce, k = 2, control = quick_control(), name = "b")
  )
  expect_identical(gmvae_fit(named, "b")$call,
                   quote(gmvae(x = sce, k = 2, control = quick_control())))
  skip_if_not_installed("ggplot2")
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_s3_class(plot(fit, "sizes"), "ggplot")
})

test_that("runs of two names stand side by side", {
  sce <- make_sce()
  one <- run(sce, 3, control = quick_control())
  both <- run(one, 2, "poisson", assay = "other", name = "fine",
              control = quick_control())
  expect_identical(SingleCellExperiment::reducedDimNames(both),
                   c("PCA", "GMVAE", "fine"))
  expect_identical(nlevels(both$GMVAE_cluster), 3L)
  expect_identical(nlevels(both$fine_cluster), 2L)
  expect_identical(gmvae_fit(both), gmvae_fit(one))
  expect_identical(gmvae_fit(both, "fine")$k, 2L)
  expect_equal(without_results(both, "fine"), one)
})

test_that("a run of the same name replaces the results, all of them", {
  set.seed(2)
  data <- simulate_batches(n = 400, genes = 100, depth = 60)
  sce <- SingleCellExperiment::SingleCellExperiment(list(counts = data$counts))
  first <- run(sce, 3, control = quick_control(2))
  expect_identical(first$GMVAE_batch,
                   factor(ifelse(data$batch == "a", "found1", "found2")))
  set.seed(3)
  again <- run(first, 2, control = quick_control(2, find_batches = FALSE))
  set.seed(3)
  once <- run(sce, 2, control = quick_control(2, find_batches = FALSE))
  expect_equal(SummarizedExperiment::colData(again),
               SummarizedExperiment::colData(once))
  expect_identical(comparable(gmvae_fit(again)), comparable(gmvae_fit(once)))
  expect_length(S4Vectors::metadata(again), 1)
})

test_that("columns and metadata of the user are not overwritten", {
  sce <- make_sce()
  sce$GMVAE_batch <- rep("mine", 50)
  out <- run(sce, 2, control = quick_control(2))
  expect_identical(out$GMVAE_batch, sce$GMVAE_batch)
  expect_error(runGMVAE(sce, 2, name = "project"),
               class = "gmvae_error_option", "something else")
})

test_that("gmvae_fit() names the fits that there are", {
  sce <- run(make_sce(), 2, control = quick_control(2), name = "coarse")
  expect_snapshot(error = TRUE, {
    gmvae_fit(sce)
    gmvae_fit(sce, "project")
    gmvae_fit(make_sce())
    gmvae_fit(sce, 1)
  })
  for (name in list("GMVAE", "project")) {
    expect_error(gmvae_fit(sce, name), class = "gmvae_error_option")
  }
})

test_that("runGMVAE() warns once, in the name of gmvae()", {
  heard <- list()
  withCallingHandlers(
    runGMVAE(make_sce(), 2, control = quick_control(2)),
    gmvae_warning_not_converged = function(cnd) {
      heard <<- c(heard, list(cnd))
    },
    gmvae_warning = function(cnd) rlang::cnd_muffle(cnd)
  )
  expect_length(heard, 1)
  expect_identical(heard[[1]]$call, quote(gmvae()))
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
  set.seed(1)
  counts <- unname(simulate_counts(n = 60, genes = 40)$counts)
  rownames(counts) <- paste0("g", seq_len(nrow(counts)))
  sce <- SingleCellExperiment::SingleCellExperiment(list(counts = counts))
  expect_no_warning(sce <- run(sce, k = 2, control = quick_control(2)))
  expect_null(rownames(SingleCellExperiment::reducedDim(sce, "GMVAE")))
})

test_that("a SummarizedExperiment keeps its class", {
  sce <- make_sce()
  se <- SummarizedExperiment::SummarizedExperiment(
    SummarizedExperiment::assays(sce)
  )
  set.seed(5)
  fit <- quick_fit(sce, 3)
  set.seed(5)
  out <- run(se, 3, control = quick_control())
  expect_identical(class(out), class(se))
  expect_identical(out$GMVAE_cluster, unname(fit$cluster))
  expect_identical(comparable(gmvae_fit(out)), comparable(fit))
  expect_error(runGMVAE(se, 3, set_labels = TRUE),
               class = "gmvae_error_option")
})

test_that("clusters become the labels that scran and scater read", {
  sce <- run(make_sce(), 3, control = quick_control(), set_labels = TRUE)
  expect_identical(SingleCellExperiment::colLabels(sce), sce$GMVAE_cluster)
  expect_null(SingleCellExperiment::colLabels(
    run(make_sce(), 3, control = quick_control())
  ))
  skip_if_not_installed("scran")
  SummarizedExperiment::assay(sce, "logcounts") <- # nolint: object_name
    log1p(SummarizedExperiment::assay(sce, "counts"))
  expect_named(getExportedValue("scran", "scoreMarkers")(sce),
               levels(droplevels(sce$GMVAE_cluster)))
  skip_if_not_installed("scater")
  plot_map <- getExportedValue("scater", "plotReducedDim")
  expect_s3_class(plot_map(sce, "GMVAE", colour_by = "GMVAE_cluster"), "ggplot")
})
