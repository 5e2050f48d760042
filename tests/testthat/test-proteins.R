# Genes tell three groups; of the first two, proteins tell halves.
set.seed(1)
data <- simulate_counts(n = 240, genes = 60, k = 3)
x <- data$counts
half <- rep(c("a", "b"), each = 3, length.out = 240)
kind <- paste0(data$cluster, ifelse(data$cluster == 3, "", half))
adt <- simulate_proteins(kind)
set.seed(2)
fit <- quick_fit(x, 5, proteins = adt, epochs = 60)
cells <- 1:40

unname_cells <- function(counts) {
  colnames(counts) <- NULL
  counts
}

test_that("clusters are of both kinds of measurements", {
  set.seed(2)
  genes <- quick_fit(x, 5, epochs = 60)
  expect_lt(adjusted_rand_index(genes$cluster, kind), 0.8)
  expect_gt(adjusted_rand_index(fit$cluster, kind), 0.95)
  expect_identical(validate_fit(fit), fit)
})

test_that("centred log ratios are those of the formula", {
  counts <- cbind(c(3, 0, 8), c(0, 0, 0))
  expect_equal(as.matrix(centred_log_ratios(counts)), cbind(
    log(c(4, 1, 9)) - log(36) / 3, 0
  ))
})

test_that("proteins have weight if they tell something", {
  noise <- simulate_proteins(rep(1, 240))
  weight <- function(proteins, informative = 200) {
    counts <- methods::as(proteins, "CsparseMatrix")
    usual_protein_weight(informative, protein_values(counts))
  }
  expect_equal(weight(adt), 2.5 * sqrt(200 / 8))
  expect_lt(weight(noise), 0.6 * weight(adt))
  expect_identical(weight(adt, 1), 1)
  expect_identical(weight(adt, Inf), 1)
  expect_identical(protein_signal(0 * centred_log_ratios(adt)), 0)
  expect_gt(fit$control$protein_weight, 1)
  # What is given is used.
  given <- function(weight) {
    set.seed(3)
    without_cautions(gmvae(x, 3, proteins = adt, control = quick_control(
      2, protein_weight = weight
    )))
  }
  expect_identical(given(7)$control$protein_weight, 7)
  expect_false(identical(given(7)$latent, given(1)$latent))
  expect_error(gmvae_control(protein_weight = 0), class = "gmvae_error_option")
})

test_that("proteins may be in many forms, and cells in another order", {
  fit_of <- function(proteins, of = x) {
    set.seed(6)
    fit <- quick_fit(of, 3, proteins = proteins, epochs = 2)
    list(fit$latent, fit$proteins)
  }
  plain <- fit_of(adt)
  expect_identical(fit_of(adt[, 240:1]), plain)
  expect_identical(fit_of(cbind(adt, c999 = 1)), plain)
  expect_identical(fit_of(unname_cells(adt)), plain)
  expect_identical(fit_of(methods::as(adt, "CsparseMatrix")), plain)
  skip_if_not_installed("SummarizedExperiment")
  stored <- SummarizedExperiment::SummarizedExperiment(list(counts = adt))
  expect_identical(fit_of(stored), plain)
})

test_that("values that are no counts are used as they are", {
  values <- asinh(adt / 5)
  expect_message(plain <- suppressWarnings(gmvae(
    x, 3, proteins = values, control = quick_control()
  )), "as they are", class = "gmvae_message")
  expect_identical(plain$proteins$transform, "none")
  expect_output(print(plain), "values as given")
  expect_equal(predict(plain, x[, cells], proteins = values[, cells],
                       type = "latent"), plain$latent[cells, ])
  counts <- quick_fit(x, 3, proteins = adt)
  expect_error(predict(counts, x, proteins = values),
               class = "gmvae_error_data")
})

test_that("the same bits for any number of threads", {
  fit_with <- function(n_threads) {
    set.seed(7)
    fit <- without_cautions(gmvae(x, 2:5, proteins = adt, control =
                                    quick_control(6, n_threads = n_threads)))
    fit[c("k", "k_path", "parameters", "posterior", "elbo", "proteins")]
  }
  expect_identical(fit_with(2), fit_with(1))
  expect_identical(fit_with(3), fit_with(1))
})

test_that("predict() reads both, for all types, as the fit did", {
  of <- function(type, ...) {
    predict(fit, x[, cells], type, proteins = adt[, cells], ...)
  }
  expect_identical(of("cluster"), fit$cluster[cells])
  expect_equal(of("posterior"), fit$posterior[cells, ])
  expect_equal(of("latent"), fit$latent[cells, ])
  expect_equal(of("mean"), predict(fit, type = "mean")[, cells])
  expect_identical(rownames(of("normalized")), fit$features)
  expect_true(all(is.finite(of("elbo"))))
  unlike <- of("outlier")
  expect_lt(mean(unlike$p_value < 0.05), 0.3)
  expect_identical(nrow(of("all")), 40L)
  expect_identical(of("cluster", reject = 0.01, threshold = 0.5) %in%
                     c(levels(fit$cluster), "unassigned", "unknown"),
                   rep(TRUE, 40))
  # Proteins that belong to another kind of cell change the result.
  other <- adt[, order(kind)]
  colnames(other) <- colnames(adt)
  expect_gt(mean(predict(fit, x, proteins = other) != fit$cluster), 0.2)
  # Further proteins are ignored, and the order doesn't matter.
  more <- rbind(CD99 = 7, adt[8:1, ])
  expect_equal(predict(fit, x, proteins = more), fit$cluster)
})

test_that("new cells with RNA alone, or a part of the panel, are refused", {
  expect_snapshot(error = TRUE, {
    predict(fit, x)
    predict(fit, x, proteins = adt[-(2:3), ])
    predict(fit, x, proteins = adt[, 1:10])
    predict(fit, x[, 1:9], proteins = unname_cells(adt))
    predict(fit, proteins = adt)
    predict(quick_fit(x, 2), x, proteins = adt)
    map_to_reference(fit, x)
  })
})

test_that("messages say what is wrong with proteins", {
  try_with <- function(proteins) gmvae(x, 3, proteins = proteins)
  expect_snapshot(error = TRUE, {
    try_with("ADT")
    try_with(adt[1, , drop = FALSE])
    try_with(unname(adt))
    try_with(rbind(adt, CD1 = 1))
    try_with(adt[, -1])
    try_with(replace(adt, 5, NA))
    try_with("lots"[0])
    try_with(list(1))
  })
})

test_that("update() and k that is not given have both", {
  four <- without_cautions(update(fit, 4, proteins = adt))
  expect_identical(four$k, 4L)
  expect_identical(four$proteins[c("name", "features", "checksum")],
                   fit$proteins[c("name", "features", "checksum")])
  expect_error(update(fit, 4, proteins = adt + 1), class = "gmvae_error_input")
  set.seed(8)
  chosen <- quick_fit(x, 1:8, proteins = adt, epochs = 60)
  expect_gte(chosen$k, 4L)
  expect_gt(adjusted_rand_index(chosen$cluster, kind), 0.9)
})

test_that("one population of both is one cluster", {
  set.seed(9)
  one <- x
  one[] <- rnbinom(length(x), size = 5, mu = rep(rowMeans(x), 240))
  fit <- quick_fit(one, 1:6, proteins = simulate_proteins(rep(1, 240)),
                   epochs = 40)
  expect_identical(fit$k, 1L)
})

test_that("markers() ranks genes or proteins", {
  found <- markers(fit, of = "proteins")
  expect_output(print(found), "Differences in standard deviations")
  expect_setequal(found$gene, rownames(adt))
  top <- vapply(split(found, found$cluster), function(one) one$gene[1], "")
  level <- vapply(levels(fit$cluster), function(k) {
    own <- rowMeans(log1p(adt[, fit$cluster == k]))
    names(which.max(own - rowMeans(log1p(adt))))
  }, "")
  expect_gte(mean(substr(top, 1, 3) == substr(level, 1, 3)), 0.6)
  expect_setequal(unique(markers(fit, x, p_values = "none")$gene), rownames(x))
  set.seed(10)
  tested <- markers(fit, x, proteins = adt)
  expect_lt(min(tested$fdr), 0.01)
  between <- differential_expression(fit, x, "1", "2", proteins = adt)
  expect_true(all(between$p_value >= 0 & between$p_value <= 1, na.rm = TRUE))
  expect_lt(min(between$fdr, na.rm = TRUE), 0.01)
  expect_error(markers(fit, x), class = "gmvae_error_input")
  expect_error(markers(fit, of = "proteins", p_values = "split"),
               class = "gmvae_error_option")
  expect_error(markers(quick_fit(x, 2), of = "proteins"),
               class = "gmvae_error_option")
})

test_that("simulate(), check_fit() and cluster_tree() have both", {
  drawn <- simulate(fit, seed = 1)
  expect_identical(dim(drawn$counts), dim(x))
  expect_identical(dimnames(drawn$proteins),
                   list(rownames(adt), colnames(drawn$counts)))
  real <- as.matrix(centred_log_ratios(adt))
  expect_gt(cor(rowMeans(drawn$proteins), rowMeans(real)), 0.95)
  expect_gt(cor(apply(drawn$proteins, 1, sd), apply(real, 1, sd)), 0.9)
  checked <- check_fit(fit, x, proteins = adt, nsim = 10)
  expect_identical(checked$genes$gene, fit$features)
  expect_error(check_fit(fit, x), class = "gmvae_error_input")
  tree <- cluster_tree(fit)
  expect_true(all(tree$splits$p >= 0 & tree$splits$p <= 1))
})

test_that("batches, covariates and labels go with proteins", {
  set.seed(15)
  batch <- sample(c("one", "two"), 240, TRUE)
  shifted <- adt
  shifted[1:4, batch == "two"] <- 5 * shifted[1:4, batch == "two"]
  set.seed(11)
  batches <- quick_fit(x, 5, proteins = shifted, batch = batch, epochs = 60)
  expect_gt(adjusted_rand_index(batches$cluster, kind), 0.9)
  known <- replace(kind, -(1:40), NA)
  set.seed(12)
  named <- quick_fit(x, 5, proteins = adt, labels = known, epochs = 40,
                     covariates = data.frame(depth = log(colSums(x))))
  expect_gt(mean(named$cluster == kind), 0.9)
  expect_equal(predict(batches, x, proteins = shifted), batches$cluster)
})

test_that("a fit keeps its proteins in a file, and is not trusted blindly", {
  path <- tempfile(fileext = ".rds")
  on.exit(unlink(path))
  saveRDS(fit, path)
  expect_identical(readRDS(path), fit)
  expect_output(print(fit), "Proteins +8, centred log ratios")
  expect_output(print(summary(fit)), "Proteins +8, centred log ratios")
  if (requireNamespace("ggplot2", quietly = TRUE)) {
    expect_s3_class(plot(fit, method = "pca"), "ggplot")
  }
  changed <- function(...) {
    wrong <- fit
    wrong$proteins[...names()] <- list(...)
    wrong
  }
  for (wrong in list(
    changed(features = fit$proteins$features[-1]), changed(features = 1:8),
    changed(transform = "log"), changed(input = list(scale = 1, offset = 1)),
    changed(input = NULL), changed(name = 1:2),
    replace(fit, "proteins", list(NULL)), replace(fit, "proteins", list(1)),
    replace(fit, "parameters", list(fit$parameters[-1]))
  )) {
    expect_error(predict(wrong, x, proteins = adt), class = "gmvae_error_input")
  }
})

test_that("the core refuses what a changed fit gives it", {
  state <- network_state(fit)
  rows <- with_proteins(methods::as(x, "CsparseMatrix"),
                        centred_log_ratios(adt))
  encode <- function(state, size = rep(1, 480)) {
    cpp_gmvae_encode(state, rows, size, NULL, NULL, 0, TRUE, 1, NULL)
  }
  expect_identical(dim(encode(state)$latent), c(240L, 3L))
  expect_error(encode(state, rep(1, 240)))
  for (beside in list(list(1), 1, list(list()), list(replace(
    state$beside[[1]], "n_genes", 1e9
  )), list(replace(state$beside[[1]], "n_genes", -1)), list(replace(
    state$beside[[1]], "likelihood", "normal"
  )), NULL, rep(state$beside, 2))) {
    expect_error(encode(replace(state, "beside", list(beside))))
  }
})

test_that("checkpoints of both are gone on from", {
  file <- tempfile()
  on.exit(unlink(file))
  control <- quick_control(6)
  set.seed(13)
  whole <- without_cautions(gmvae(x, 3, proteins = adt, control = control))
  control$checkpoint <- file
  set.seed(13)
  again <- without_cautions(gmvae(x, 3, proteins = adt, control = control))
  expect_identical(again$parameters, whole$parameters)
})

test_that("several networks have both", {
  set.seed(14)
  control <- quick_control(4, n_networks = 2)
  several <- without_cautions(gmvae(x, 3, proteins = adt, control = control))
  expect_identical(nrow(several$networks), 2L)
  expect_length(several$proteins$features, 8L)
})

test_that("runGMVAE() takes alternative experiments by name", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = x), altExps = list(
      ADT = SummarizedExperiment::SummarizedExperiment(list(counts = adt))
    )
  )
  set.seed(2)
  out <- without_cautions(runGMVAE(sce, 5, proteins = "ADT",
                                   control = quick_control(60)))
  stored <- gmvae_fit(out)
  expect_identical(stored$cluster, fit$cluster)
  expect_identical(stored$proteins$name, "ADT")
  expect_identical(predict(stored, sce[, cells]), fit$cluster[cells])
  expect_identical(without_cautions(update(stored, 4))$k, 4L)
  expect_identical(nrow(markers(stored, sce)), 300L)
  expect_output(print(stored), "8 of \"ADT\"")
  bare <- sce
  SingleCellExperiment::altExps(bare) <- NULL # nolint
  expect_snapshot(error = TRUE, {
    gmvae(sce, 3, proteins = "ADTs")
    gmvae(bare, 3, proteins = "ADT")
    predict(stored, bare)
  })
})

test_that("runGMVAE() takes assays of a Seurat object by name", {
  skip_if_not_installed("SeuratObject")
  seurat <- suppressWarnings(SeuratObject::CreateSeuratObject(x))
  seurat[["ADT"]] <- suppressWarnings(SeuratObject::CreateAssayObject(adt))
  set.seed(2)
  out <- without_cautions(runGMVAE(seurat, 5, proteins = "ADT",
                                   control = quick_control(60)))
  stored <- gmvae_fit(out)
  expect_identical(unname(stored$cluster), unname(fit$cluster))
  expect_equal(predict(stored, out), stored$cluster)
  expect_error(gmvae(seurat, 3, proteins = "HTO"),
               class = "gmvae_error_option")
})
