# A fit of 60 cells in three clusters, and counts of its cells and genes.
example <- function(likelihood = "nb", batch = NULL, ...) {
  fit <- made_up_fit(likelihood = likelihood, batch = batch, ...)
  set.seed(1)
  x <- switch(likelihood,
    bernoulli = matrix(rbinom(8 * 60, 1, 0.5), 8),
    gaussian = matrix(rnorm(8 * 60), 8),
    matrix(rnbinom(8 * 60, mu = 3, size = 2), 8)
  )
  x[8, ] <- x[8, ] + (likelihood %in% c("nb", "zinb", "poisson"))
  if (likelihood == "bernoulli") x[1, ] <- 1
  dimnames(x) <- list(paste0("g", 1:8), paste0("c", 1:60))
  list(fit = fit, x = x)
}

test_that("fold changes are those of the decoder, at the same size", {
  for (likelihood in c("nb", "poisson", "bernoulli")) {
    fit <- example(likelihood)$fit
    # All cells of a cluster at one point: no draw matters.
    for (k in 1:3) {
      cells <- fit$cluster == k
      fit$latent[cells, ] <- rep(fit$latent[which(cells)[1], ],
                                 each = sum(cells))
    }
    fit$latent_sd[] <- 0
    found <- markers(fit, pseudocount = 0.25, threshold = 0.1)
    first <- match(1:3, fit$cluster)
    level <- log2(predict(fit, type = "normalized")[, first] + 0.25)
    for (k in 1:3) {
      own <- found[found$cluster == k, ]
      change <- level[own$gene, k] - level[own$gene, -k]
      expect_equal(own$lfc_mean, unname(rowMeans(change)), tolerance = 1e-5)
      expect_equal(own$lfc_min, unname(apply(change, 1, min)), tolerance = 1e-5)
      expect_equal(own$lfc_max, unname(apply(change, 1, max)), tolerance = 1e-5)
      # The median of two is their mean.
      expect_equal(own$lfc, own$lfc_mean)
      expect_equal(own$probability, unname(rowMeans(abs(change) > 0.1)))
      expect_false(is.unsorted(-own$lfc))
    }
  }
})

test_that("measurements have differences in standard deviations", {
  fit <- example("gaussian")$fit
  fit$input <- list(scale = 1:5 / 2, offset = rep(3, 5))
  fit$latent_sd[] <- 0
  fit$latent <- fit$latent[match(fit$cluster, fit$cluster), ]
  rownames(fit$latent) <- paste0("c", 1:60)
  found <- markers(fit)
  value <- predict(fit, type = "mean")[, match(1:3, fit$cluster)]
  own <- found[found$cluster == "2", ]
  change <- (value[, 2] - rowMeans(value[, -2])) * (1:5 / 2)
  expect_equal(own$lfc_mean, unname(change[own$gene]), tolerance = 1e-4)
})

test_that("fold changes are averaged over batches", {
  batch <- factor(rep(c("a", "b", "b"), length.out = 60))
  fit <- example(batch = batch)$fit
  fit$latent_sd[] <- 0
  fit$latent <- fit$latent[match(fit$cluster, fit$cluster), ]
  rownames(fit$latent) <- paste0("c", 1:60)
  found <- markers(fit, pseudocount = 0.1)
  first <- match(1:3, fit$cluster)
  level <- 0
  for (name in c("a", "b")) {
    value <- predict(fit, type = "normalized", batch = name)[, first]
    level <- level + mean(batch == name) * log2(value + 0.1)
  }
  own <- found[found$cluster == "1", ]
  expect_equal(own$lfc_mean, unname(level[own$gene, 1] -
                                      rowMeans(level[own$gene, -1])),
               tolerance = 1e-5)
})

test_that("probabilities are shares of draws beyond the threshold", {
  fit <- example()$fit
  all <- markers(fit, threshold = 0)
  expect_true(all(all$probability == 1))
  few <- markers(fit, threshold = 2)
  none <- markers(fit, threshold = 100)
  expect_true(all(none$probability == 0 & none$expected_fdr == 1))
  expect_true(all(few$probability >= 0 & few$probability <= 1))
  own <- few[few$cluster == "1", ]
  own <- own[order(-own$probability), ]
  expected <- cumsum(1 - own$probability) / seq_len(5)
  tied <- ave(expected, own$probability, FUN = function(v) v[length(v)])
  expect_equal(own$expected_fdr, tied)
})

test_that("summaries choose the fold change that ranks", {
  fit <- example()$fit
  columns <- c(median = "lfc_median", mean = "lfc_mean", min = "lfc_min",
               any = "lfc_max")
  for (summary in names(columns)) {
    found <- markers(fit, summary = summary)
    expect_identical(found$lfc, found[[columns[[summary]]]])
    expect_identical(found$rank, rep(1:5, 3))
  }
})

test_that("detection rates are shares of cells with a count", {
  given <- example()
  found <- markers(given$fit, given$x, p_values = "none")
  own <- found[found$cluster == "3", ]
  inside <- given$fit$cluster == "3"
  detected <- given$x[own$gene, ] > 0
  expect_equal(own$detected, unname(rowMeans(detected[, inside])))
  expect_equal(own$detected_others, unname(rowMeans(detected[, !inside])))
})

test_that("every class of data and any number of threads give the same", {
  given <- example()
  fit <- given$fit
  found <- markers(fit, given$x, p_values = "direct")
  same <- function(x, ...) {
    expect_identical(markers(fit, x, p_values = "direct", ...), found)
  }
  same(methods::as(given$x, "CsparseMatrix"))
  fit$control$n_threads <- 2L
  same(given$x)
  if (requireNamespace("DelayedArray", quietly = TRUE)) {
    same(DelayedArray::DelayedArray(given$x))
  }
  if (requireNamespace("SingleCellExperiment", quietly = TRUE)) {
    same(SingleCellExperiment::SingleCellExperiment(list(counts = given$x)))
    se <- SummarizedExperiment::SummarizedExperiment(list(raw = given$x))
    same(se, assay = "raw")
    fit$call <- quote(gmvae(se, assay = "raw"))
    same(se)
  }
  if (requireNamespace("SeuratObject", quietly = TRUE)) {
    fit$call <- NULL
    same(suppressWarnings(SeuratObject::CreateSeuratObject(
      methods::as(given$x, "CsparseMatrix")
    )))
  }
})

test_that("every likelihood has markers", {
  for (likelihood in likelihood_names()) {
    set.seed(1)
    data <- simulate_counts(likelihood, n = 60, genes = 30)
    if (likelihood == "bernoulli") data$counts[1, ] <- 1
    fit <- quick_fit(data$counts, 2, likelihood)
    if (nlevels(droplevels(fit$cluster)) < 2L) next
    found <- markers(fit, data$counts)
    expect_s3_class(found, "gmvae_markers")
    expect_true(all(is.finite(found$lfc)))
    expect_identical("p_value" %in% names(found), likelihood != "bernoulli")
    expect_identical("detected" %in% names(found), likelihood != "gaussian")
    direct <- markers(fit, data$counts, p_values = "direct")
    expect_true(all(direct$p_value >= 0 & direct$p_value <= 1, na.rm = TRUE))
  }
})

test_that("names of clusters are kept, and empty clusters left out", {
  given <- example()
  named <- rename_clusters(given$fit, c("2" = "NK"))
  found <- markers(named, given$x, p_values = "direct")
  expect_identical(levels(found$cluster), c("1", "NK", "3"))
  fit <- given$fit
  fit$cluster[fit$cluster == "2"] <- "1"
  expect_identical(unique(as.character(markers(fit)$cluster)), c("1", "3"))
})

test_that("markers are printed by cluster", {
  given <- example()
  hide_numbers <- function(lines) gsub("[0-9]+[.][0-9]", "#", lines)
  expect_snapshot(print(markers(given$fit, given$x, p_values = "direct"),
                        n = 3), transform = hide_numbers)
})

test_that("what does not fit the data or the likelihood is an error", {
  given <- example()
  fit <- given$fit
  binary <- example("bernoulli")
  single <- fit
  single$cluster[] <- "1"
  expect_snapshot(error = TRUE, {
    markers(given$x)
    markers(fit, given$x[, 1:50])
    markers(fit, p_values = "split")
    markers(binary$fit, binary$x, p_values = "split")
    markers(single)
    markers(fit, threshold = -1)
    markers(fit, pseudocount = 0)
    markers(fit, n_draws = 1)
    markers(fit, summary = "max")
  })
  expect_error(markers(given$x), class = "gmvae_error_input")
  expect_error(markers(fit, given$x[, 1:50]), class = "gmvae_error_input")
  expect_error(markers(fit, p_values = "split"), class = "gmvae_error_option")
})
