skip_if_not_installed("bluster")

flowers <- as.matrix(iris[, 1:4])

test_that("clusterRows() returns the clusters of gmm_fit()", {
  set.seed(1)
  fit <- gmm_fit(flowers, 3, "VEV")
  set.seed(1)
  clusters <- bluster::clusterRows(flowers, GmmParam(3, "VEV"))
  expect_identical(as.integer(clusters), as.integer(fit$cluster))
  set.seed(1)
  full <- bluster::clusterRows(flowers, GmmParam(3, "VEV"), full = TRUE)
  expect_identical(full$clusters, clusters)
  expect_identical(full$objects$gmm$loglik, fit$loglik)
})

test_that("rows of the noise component are a level of their own", {
  clusters <- bluster::clusterRows(rbind(flowers, 50),
                                   GmmParam(2, "VVV", noise = 0.05))
  expect_identical(levels(clusters)[1], "noise")
  expect_identical(as.character(clusters[151]), "noise")
})

test_that("clusterSweep() and bootstrapStability() take it", {
  sweep <- bluster::clusterSweep(flowers, GmmParam(), k = 2:3,
                                 model = c("EEE", "VVV"))
  expect_identical(dim(sweep$clusters), c(150L, 4L))
  expect_identical(nlevels(sweep$clusters[["k.3_model.VVV"]]), 3L)
  set.seed(1)
  ratios <- bluster::bootstrapStability(flowers, iterations = 3,
                                        BLUSPARAM = GmmParam(2, "VVV"))
  expect_identical(dim(ratios), c(2L, 2L))
})

test_that("scran's clusterCells() takes it", {
  skip_if_not_installed("scran")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = t(flowers)), reducedDims = list(PCA = flowers)
  )
  set.seed(1)
  cluster_cells <- getExportedValue("scran", "clusterCells")
  clusters <- cluster_cells(sce, use.dimred = "PCA",
                            BLUSPARAM = GmmParam(2, "VVV"))
  expect_identical(as.vector(table(clusters)), c(100L, 50L))
})

test_that("GmmParam() shows itself and refuses other arguments", {
  expect_output(print(GmmParam(2, "VVV")), "class: GmmParam.*k: 2.*model: VVV")
  expect_error(GmmParam(2, weights = 1), class = "gmvae_error_option")
  expect_error(GmmParam(2, "VVV", 1, TRUE), class = "gmvae_error_option")
})

test_that("GmmParam() refuses what its slots can't hold", {
  skip_if_not_installed("bluster")
  for (k in list(mean, "a", table(1:3), matrix(1:2), NULL)) {
    expect_error(GmmParam(k = k), class = "gmvae_error_option")
  }
  expect_error(GmmParam(criterion = sum), class = "gmvae_error_option")
})
