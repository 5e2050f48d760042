set.seed(1)
data <- simulate_counts(n = 300, genes = 80, depth = 60, k = 3)
x <- data$counts
kinds <- factor(c("B cell", "NK", "T cell")[data$cluster])
some <- function(n, of = levels(kinds)) {
  replace(kinds, !(kinds %in% of & ave(seq_along(kinds), kinds,
                                       FUN = seq_along) <= n), NA)
}
set.seed(2)
fit <- quick_fit(x, 3, labels = some(10), epochs = 40)

test_that("classes are clusters with their names", {
  expect_identical(levels(fit$cluster), levels(kinds))
  expect_gt(mean(fit$cluster == kinds), 0.97)
  expect_identical(colnames(fit$posterior), levels(kinds))
  expect_lt(fit$label_noise, 0.15)
  expect_identical(unname(fit$labels), some(10))
  # From the counts alone, as for new cells.
  expect_identical(predict(fit, x), fit$cluster)
  expect_equal(predict(fit, x, type = "posterior"), fit$posterior)
})

test_that("a kind of cell without labels is found", {
  set.seed(3)
  fit <- quick_fit(x, 3, labels = some(10, c("NK", "T cell")), epochs = 40)
  expect_identical(levels(fit$cluster), c("NK", "T cell", "new1"))
  expect_gt(mean(fit$cluster[kinds == "B cell"] == "new1"), 0.97)
  expect_gt(mean(fit$cluster[kinds == "NK"] == "NK"), 0.97)
})

test_that("wrong labels are tolerated and their share is estimated", {
  set.seed(4)
  wrong <- kinds
  changed <- sample(300, 90)
  wrong[changed] <- sample(levels(kinds), 90, TRUE)  # a third of them right
  fit <- quick_fit(x, 3, labels = wrong, epochs = 40)
  expect_gt(mean(fit$cluster == kinds), 0.95)
  expect_equal(fit$label_noise, 0.3, tolerance = 0.3)
  expect_match(format_labels(summary(fit)), "about (1|2).% of the labels")
})

test_that("groups that labels join or divide follow the labels", {
  # Two of the three groups have one label.
  joined <- factor(ifelse(kinds == "B cell", "B", "other"))
  set.seed(5)
  fit <- quick_fit(x, 2, labels = joined, epochs = 40)
  expect_gt(adjusted_rand_index(fit$cluster, joined), 0.95)
})

test_that("labels may be in many forms", {
  fit_of <- function(labels, x = data$counts) {
    set.seed(6)
    quick_fit(x, 3, labels = labels, epochs = 2)[c("latent", "labels")]
  }
  plain <- fit_of(some(5))
  text <- as.character(some(5))
  expect_identical(fit_of(text), plain)
  expect_identical(fit_of(replace(text, is.na(text), "")), plain)
  known <- which(!is.na(text))
  expect_identical(fit_of(rev(stats::setNames(text[known],
                                              colnames(x)[known]))), plain)
  expect_identical(levels(fit_of(data$cluster)$labels), c("1", "2", "3"))
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = x), colData = S4Vectors::DataFrame(kind = text)
  )
  expect_identical(fit_of("kind", sce), plain)
})

test_that("k is that of the classes and of free components", {
  set.seed(7)
  chosen <- quick_fit(x, NULL, labels = some(10, c("NK", "T cell")),
                      epochs = 40)
  expect_identical(chosen$k, 3L)
  expect_identical(range(chosen$k_path$k), c(2L, 12L))
  four <- without_cautions(update(fit, k = 4, x = x))
  expect_identical(levels(four$cluster), c(levels(kinds), "new1"))
  expect_identical(four$labels, fit$labels)
})

test_that("labels that can't be used are errors that say why", {
  expect_snapshot(error = TRUE, {
    gmvae(x, 2, labels = kinds)
    gmvae(x, 3, labels = kinds[1:10])
    gmvae(x, 3, labels = rep(NA, 300))
    gmvae(x, 3, labels = "kind")
    gmvae(x, 3, labels = runif(300))
    gmvae(x, 3, labels = replace(as.character(kinds), 1, "unknown"))
    update(fit, k = 2, x = x)
  })
})

test_that("labels go with batches and several networks", {
  set.seed(8)
  fit <- without_cautions(gmvae(
    x, 3, labels = some(10), batch = rep(c("a", "b"), 150),
    control = quick_control(20, n_networks = 2)
  ))
  expect_identical(levels(fit$cluster), levels(kinds))
  expect_gt(mean(fit$cluster == kinds), 0.9)
})

test_that("fits with labels are the same for any number of threads", {
  fits <- lapply(1:2, function(n) {
    set.seed(9)
    fit <- without_cautions(gmvae(x, 3:4, labels = some(10),
                                  control = quick_control(6, n_threads = n)))
    fit$control$n_threads <- NULL
    comparable(fit)
  })
  expect_identical(fits[[1]], fits[[2]])
})

test_that("few labelled cells are all trained on", {
  expect_length(intersect(fit$heldout, which(!is.na(fit$labels))), 0)
  set.seed(10)
  all_known <- quick_fit(x, 3, labels = kinds, epochs = 2)
  expect_length(all_known$heldout, 30)
})

test_that("print(), summary() and as.data.frame() know the labels", {
  expect_output(print(fit), "Labels       30 of 300 cells, 3 classes; about")
  expect_identical(as.vector(summary(fit)$labels), rep(10L, 3))
  expect_identical(as.data.frame(fit)$label, unname(fit$labels))
})

test_that("fits whose labels were changed are refused", {
  refused <- function(...) {
    expect_error(predict(utils::modifyList(fit, list(...))),
                 class = "gmvae_error_input")
  }
  refused(labels = fit$labels[1:3])
  refused(labels = factor(seq_len(300)))
  refused(labels = "B cell")
  refused(label_noise = 2)
})
