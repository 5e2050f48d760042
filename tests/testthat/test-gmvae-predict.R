set.seed(1)
simulated <- simulate_counts(n = 80, genes = 30)
x <- simulated$counts
fit <- quick_fit(x, 3, features = 20)

test_that("predict() of the training cells repeats the fit", {
  expect_identical(predict(fit), fit$cluster)
  expect_identical(predict(fit, type = "posterior"), fit$posterior)
  expect_identical(predict(fit, type = "latent"), fit$latent)
  expect_equal(predict(fit, x), fit$cluster)
  expect_equal(predict(fit, x, type = "posterior"), fit$posterior)
  expect_equal(predict(fit, x, type = "latent"), fit$latent)
  expect_equal(predict(fit, x, type = "mean"), predict(fit, type = "mean"))
})

test_that("predict() has the shapes that its page promises", {
  new <- x[, 1:4]
  genes <- fit$features
  expect_named(predict(fit, new), colnames(new))
  expect_identical(dim(predict(fit, new, "posterior")), c(4L, 3L))
  mean <- predict(fit, new, "mean")
  expect_identical(dimnames(mean), list(genes, colnames(new)))
  # Softmax: expected counts add up to the cell's total over the genes used
  expect_equal(colSums(mean), colSums(new[genes, ]), tolerance = 1e-5)
  normalized <- predict(fit, new, "normalized")
  expect_equal(unname(colSums(normalized)), rep(fit$size_reference, 4),
               tolerance = 1e-5)
  elbo <- predict(fit, new, "elbo")
  expect_named(elbo, colnames(new))
  expect_true(all(is.finite(elbo)))
  one <- predict(fit, new[, 1, drop = FALSE], "posterior")
  expect_equal(one, predict(fit, new, "posterior")[1, , drop = FALSE])
})

test_that("predict() gives the genes asked for, in their order", {
  genes <- fit$features[c(5, 2)]
  all_genes <- predict(fit, x, "mean")
  expect_equal(predict(fit, x, "mean", features = genes), all_genes[genes, ])
  expect_equal(predict(fit, x, "mean", features = c(5, 2)),
               all_genes[c(5, 2), ])
})

test_that("predict() matches genes by name, in any order, among others", {
  shuffled <- rbind(x, other = 9)[sample(31), ]
  expect_identical(predict(fit, shuffled, "posterior"),
                   predict(fit, x, "posterior"))
  sparse <- methods::as(x[fit$features, ], "CsparseMatrix")
  expect_identical(predict(fit, sparse, "latent"), predict(fit, x, "latent"))
})

test_that("predict() names missing genes and takes them as zero", {
  gone <- fit$features[3:7]
  zeroed <- x
  zeroed[gone, ] <- 0
  expect_snapshot(
    dropped <- predict(fit, x[!rownames(x) %in% gone, ], "latent")
  )
  expect_equal(dropped, predict(fit, zeroed, "latent"))
  expect_warning(predict(fit, x[setdiff(rownames(x), gone[1]), ]),
                 class = "gmvae_warning_input")
})

test_that("predict() fills missing gaussian features with their means", {
  set.seed(1)
  y <- simulate_counts("gaussian", n = 50, genes = 10)$counts
  fit <- quick_fit(y, 2, "gaussian")
  filled <- y
  filled[2, ] <- mean(y[2, ])
  expect_warning(dropped <- predict(fit, y[-2, ], "latent"),
                 "mean in the fit")
  expect_equal(dropped, predict(fit, filled, "latent"), tolerance = 1e-5)
})

test_that("predict() takes unnamed genes where the fit made the names", {
  bare <- unname(x)
  set.seed(1)
  fit <- quick_fit(bare, 2)
  expect_identical(fit$features[1], "gene1")
  expect_equal(unname(predict(fit, bare, "latent")), unname(fit$latent))
  expect_error(predict(fit, bare[-1, ]), class = "gmvae_error_input")
})

test_that("predict() uses size factors on the scale of the fit", {
  set.seed(1)
  size <- colSums(x)
  own <- quick_fit(x, 2, size_factors = size)
  expect_equal(predict(own, x[, 1:5], "latent", size_factors = size[1:5]),
               own$latent[1:5, ])
  relative <- fit$size_factors[1:5]
  expect_equal(predict(fit, x[, 1:5], "mean", size_factors = relative),
               predict(fit, x[, 1:5], "mean"))
})

test_that("a cell without counts in the genes used is still placed", {
  new <- x[, 1:2]
  new[fit$features, 1] <- 0
  new[setdiff(rownames(x), fit$features)[1], 1] <- 3
  expect_true(all(is.finite(predict(fit, new, "posterior"))))
  expect_true(all(is.finite(predict(fit, new, "mean"))))
})

test_that("probabilities and means of bernoulli and gaussian fits", {
  set.seed(1)
  y <- simulate_counts("bernoulli", n = 50, genes = 15)$counts
  binary <- quick_fit(y, 2, "bernoulli")
  probability <- predict(binary, type = "mean")
  expect_true(all(probability > 0 & probability < 1))
  expect_identical(probability, predict(binary, type = "normalized"))
})

test_that("type \"confidence\" is that of the cluster of each cell", {
  sure <- predict(fit, type = "confidence")
  expect_named(sure, colnames(x))
  expect_identical(unname(sure), confidence(fit, fit$posterior))
  expect_true(all(sure >= 0 & sure <= 1))
  expect_equal(predict(fit, x[, 4:9], "confidence"), sure[4:9])
})

test_that("cells below the threshold are unassigned", {
  sure <- confidence(fit, fit$posterior)
  threshold <- median(sure)
  cluster <- predict(fit, threshold = threshold)
  expect_identical(levels(cluster), c("1", "2", "3", "unassigned"))
  expect_identical(unname(cluster == "unassigned"), sure < threshold)
  expect_identical(as.character(cluster)[sure >= threshold],
                   as.character(fit$cluster)[sure >= threshold])
  expect_named(cluster, colnames(x))
  # Without one, the clusters as they are
  expect_identical(predict(fit, threshold = 0), fit$cluster)
  expect_equal(predict(fit, x, threshold = threshold), cluster)
  expect_identical(nlevels(predict(fit, threshold = 1e-9)), 4L)
  for (bad in list(-0.1, 1.1, NA, "a", c(0.1, 0.2))) {
    expect_error(predict(fit, threshold = bad), class = "gmvae_error_option")
  }
})

test_that("predict() takes the names of types that R's users know", {
  expect_identical(predict(fit, x, "class"), predict(fit, x, "cluster"))
  expect_identical(predict(fit, type = "prob"), fit$posterior)
  expect_identical(predict(fit, type = "class", threshold = 0.9),
                   predict(fit, threshold = 0.9))
  expect_error(predict(fit, type = c("class", "prob")),
               class = "gmvae_error_option")
})

test_that("cells unlike those of the fit are unknown", {
  outside <- predict(fit, x, "outlier")
  reject <- 0.3
  rejected <- outside$p_value < reject
  expect_gt(sum(rejected), 0)
  cluster <- predict(fit, x, reject = reject)
  expect_identical(levels(cluster), c("1", "2", "3", "unknown"))
  expect_identical(unname(cluster == "unknown"), rejected)
  expect_identical(cluster[!rejected],
                   predict(fit, x, reject = 1e-9)[!rejected])
  both <- predict(fit, x, threshold = 0.99, reject = reject)
  expect_identical(levels(both), c("1", "2", "3", "unassigned", "unknown"))
  expect_identical(unname(both == "unknown"), rejected)
  expect_error(predict(fit, reject = 0.1), "reject",
               class = "gmvae_error_input")
  expect_error(predict(fit, x, reject = 2), class = "gmvae_error_option")
})

test_that("type \"all\" holds what the other types return", {
  new <- x[, 1:6]
  results <- predict(fit, new, "all", threshold = 0.9, reject = 0.2)
  expect_identical(rownames(results), colnames(new))
  expect_identical(results$cluster, unname(predict(fit, new, threshold = 0.9,
                                                   reject = 0.2)))
  posterior <- predict(fit, new, "posterior")
  columns <- paste0("posterior_", colnames(posterior))
  expect_identical(unname(as.matrix(results[columns])), unname(posterior))
  expect_identical(results$confidence, confidence(fit, posterior))
  latent <- predict(fit, new, "latent")
  expect_identical(as.matrix(results[colnames(latent)]), latent)
  expect_identical(results$elbo, unname(predict(fit, new, "elbo")))
  outside <- predict(fit, new, "outlier")
  expect_identical(results$outlier_score, outside$score)
  expect_identical(results$outlier_p_value, outside$p_value)
  expect_error(predict(fit, type = "all"), class = "gmvae_error_input")
})

test_that("genes with little of the encoder's information are not enough", {
  information <- encoder_information(fit)
  expect_length(information, 20)
  expect_equal(sum(information), 1)
  # By hand: a unit's input varies by its weight times the gene's input
  first <- matrix(fit$parameters[seq_len(16 * 20)], 16)
  size <- colSums(x) / median(colSums(x))
  input <- log1p(sweep(x[fit$features, ], 2, size, "/"))
  by_hand <- colSums(first^2) * apply(input, 1, var)
  expect_equal(information, by_hand / sum(by_hand), ignore_attr = TRUE)

  ranked <- fit$features[order(information)]
  expect_warning(predict(fit, x[ranked[8:20], ]),
                 class = "gmvae_warning_input")
  # The least informative genes, and a cell's worth of counts in others
  few <- rbind(x[ranked[1:3], ], other = 1)
  expect_snapshot(error = TRUE, predict(fit, few))
})

test_that("an assay can be named for containers only", {
  expect_error(predict(fit, x, assay = "counts"), "SummarizedExperiment",
               class = "gmvae_error_option")
  expect_error(predict(fit, assay = "counts"), class = "gmvae_error_option")
  skip_if_not_installed("SummarizedExperiment")
  se <- SummarizedExperiment::SummarizedExperiment(list(umi = x))
  expect_equal(predict(fit, se, assay = "umi"), predict(fit, x))
})

test_that("an argument that does not apply to the type is an error", {
  given <- list(threshold = 0.5, reject = 0.5, features = 1:2, batch = "a")
  for (type in eval(formals(predict.gmvae)$type)) {
    for (argument in names(given)) {
      if (type %in% types_with[[argument]]) next
      expect_error(
        do.call(predict, c(list(fit, x, type), given[argument])),
        paste0("`", argument, "` applies to types?"),
        class = "gmvae_error_option"
      )
    }
  }
})
