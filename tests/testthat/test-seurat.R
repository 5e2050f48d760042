skip_if_not_installed("SeuratObject")

make_seurat <- function() {
  set.seed(1)
  x <- simulate_counts(n = 60, genes = 20)$counts
  # SeuratObject 4 takes the counts as they are, without a word.
  seurat <- suppressWarnings(SeuratObject::CreateSeuratObject(x))
  seurat$donor <- rep(c("a", "b"), 30)
  seurat
}

# In SeuratObject 5: the same counts in two layers, cells in another order.
split_layers <- function(seurat) {
  skip_if_not_installed("SeuratObject", "5.0.0")
  counts <- of_seurat_5("LayerData")(seurat[["RNA"]], "counts")
  assay <- of_seurat_5("CreateAssay5Object")(counts = list(
    even = counts[, 2 * 1:30], odd = counts[, 2 * 1:30 - 1]
  ))
  seurat[["split"]] <- assay
  seurat
}

counts_of <- function(seurat) {
  as_counts(seurat, assay = "RNA")
}

run <- function(...) without_cautions(runGMVAE(...))

test_that("gmvae() of a Seurat object is that of its counts", {
  seurat <- make_seurat()
  set.seed(3)
  fit <- quick_fit(counts_of(seurat), 3)
  set.seed(3)
  expect_identical(comparable(quick_fit(seurat, 3)), comparable(fit))
  expect_identical(dim(counts_of(seurat)), c(20L, 60L))
  expect_equal(predict(fit, seurat), fit$cluster)
})

test_that("runGMVAE() stores its results in a Seurat object", {
  seurat <- make_seurat()
  set.seed(5)
  fit <- quick_fit(counts_of(seurat), 3)
  set.seed(5)
  out <- run(seurat, 3, control = quick_control(), set_labels = TRUE)
  expect_equal(unname(SeuratObject::Embeddings(out, "GMVAE")),
               unname(fit$latent))
  expect_identical(SeuratObject::Key(out[["GMVAE"]]), "GMVAE_")
  expect_identical(unname(out$GMVAE_cluster), unname(fit$cluster))
  expect_equal(unname(out$GMVAE_confidence), confidence(fit, fit$posterior))
  expect_identical(as.character(SeuratObject::Idents(out)),
                   as.character(fit$cluster))
  expect_identical(comparable(gmvae_fit(out)), comparable(fit))
  expect_identical(SeuratObject::Idents(run(seurat, 2,
                                            control = quick_control())),
                   SeuratObject::Idents(seurat))
})

test_that("the stored fit is updated from the object", {
  seurat <- run(make_seurat(), 3, control = quick_control())
  fit <- gmvae_fit(seurat)
  expect_identical(without_cautions(update(fit, k = 2, x = seurat))$k, 2L)
})

test_that("batches are columns of the meta data", {
  seurat <- make_seurat()
  set.seed(2)
  by_name <- quick_fit(seurat, 2, batch = "donor")
  set.seed(2)
  by_value <- quick_fit(counts_of(seurat), 2, batch = seurat$donor)
  expect_identical(comparable(by_name), comparable(by_value))
  expect_identical(predict(by_name, seurat, "mean", batch = "donor"),
                   predict(by_name, seurat, "mean", batch = seurat$donor))
})

test_that("layers are joined, and are batches when asked", {
  seurat <- split_layers(make_seurat())
  expect_identical(as_counts(seurat, assay = "split"), counts_of(seurat))
  fit <- quick_fit(seurat, 2, assay = "split", batch = "layer")
  expect_identical(levels(fit$batch), c("counts.even", "counts.odd"))
  expect_identical(as.vector(table(fit$batch, seurat$donor)),
                   c(0L, 30L, 30L, 0L))
})

test_that("Seurat objects without counts are refused in words", {
  seurat <- make_seurat()
  expect_snapshot({
    refusal <- function(code) {
      cat(conditionMessage(tryCatch(code, gmvae_error = identity)), "\n")
    }
    refusal(gmvae(seurat, 3, assay = "ADT"))
    refusal(gmvae(seurat, 3, layer = "scaled"))
    refusal(gmvae(seurat, 3, layer = 1))
    refusal(gmvae(seurat, 3, batch = "donors"))
    refusal(runGMVAE(seurat, 3, name = "RNA"))
    refusal(runGMVAE(seurat, 3, set_labels = NA))
    refusal(gmvae_fit(seurat))
  })
})

test_that("Seurat's functions run unchanged after runGMVAE()", {
  skip_if_not_installed("Seurat")
  seurat <- run(make_seurat(), 3, control = quick_control(), set_labels = TRUE)
  of_seurat <- function(name) getExportedValue("Seurat", name)
  expect_s3_class(of_seurat("DimPlot")(seurat, reduction = "GMVAE"), "ggplot")
  seurat <- of_seurat("NormalizeData")(seurat, verbose = FALSE)
  markers <- of_seurat("FindMarkers")(seurat, ident.1 = "1", verbose = FALSE)
  expect_s3_class(markers, "data.frame")
})
