set.seed(1)
data <- simulate_counts(n = 240, genes = 60, k = 3)
fit <- quick_fit(data$counts, 6, epochs = 60)
tree <- cluster_tree(fit)

test_that("cluster_tree() is an hclust object with a row for each split", {
  expect_s3_class(tree, c("gmvae_tree", "hclust"), exact = TRUE)
  expect_identical(tree$labels, levels(fit$cluster))
  expect_s3_class(stats::as.dendrogram(tree), "dendrogram")
  expect_named(tree$splits, c("first", "second", "cells", "height",
                              "stability", "p", "p_adjusted"))
  expect_identical(nrow(tree$splits), 5L)
  expect_identical(tree$splits$height, rev(tree$height))
  expect_identical(tree$splits$cells[1], 240)
  expect_true(all(tree$splits$p >= 0 & tree$splits$p <= 1))
  expect_true(all(tree$splits$p_adjusted >= tree$splits$p))
  expect_identical(cluster_tree(fit), tree)
  untested <- cluster_tree(fit, test = FALSE)
  expect_identical(untested$merge, tree$merge)
  expect_true(all(is.na(untested$splits$p)))
})

test_that("distances are Mahalanobis distances, averaged by weight", {
  distance <- cluster_distances(fit)
  mixture <- fit$mixture
  middle <- (mixture$covariances[, , 1] + mixture$covariances[, , 4]) / 2
  expect_equal(distance[1, 4]^2,
               stats::mahalanobis(mixture$means[1, ], mixture$means[4, ],
                                  middle))
  joined <- join_parts(fit, c(1, 1, 2, 3, 4, 5))
  w <- mixture$weights
  other <- which(joined$components == joined$components[3])
  expect_length(other, 1)
  between <- cluster_distances(joined)
  expect_equal(between[joined$components[1], joined$components[3]],
               unname((w[1] * distance[1, 3] + w[2] * distance[2, 3]) /
                        (w[1] + w[2])))
})

test_that("joined clusters are confused as their cells are", {
  with_groups <- fit
  with_groups$small_groups <- 1L
  joined <- join_parts(with_groups, c(1, 1, 2, 3, 4, 5))
  expect_null(joined$small_groups)
  group <- joined$components
  w <- fit$mixture$weights
  expect_equal(unname(rowSums(joined$cluster_confusion)), rep(1, 5))
  expect_identical(dimnames(joined$cluster_confusion),
                   list(levels(joined$cluster), levels(joined$cluster)))
  both <- colSums(w[1:2] * fit$cluster_confusion[1:2, ]) / sum(w[1:2])
  expect_equal(unname(joined$cluster_confusion[group[1], group[c(1, 3)]]),
               unname(c(both[1] + both[2], both[3])))
  expect_equal(unname(joined$cluster_confusion[group[3], group[4]]),
               fit$cluster_confusion[3, 4])
  # Six clusters of three groups: some share their cells, and no cell is sure;
  # joined to three, all are.
  expect_lt(mean(predict(fit, type = "confidence")), 0.8)
  three <- cut_clusters(fit, alpha = 0.05, tree = tree)
  expect_gt(mean(predict(three, type = "confidence")), 0.95)
})

test_that("tests tell three groups from the divisions of a group", {
  three <- cut_clusters(fit, alpha = 0.05, tree = tree)
  expect_identical(three$k, 3L)
  expect_gt(adjusted_rand_index(three$cluster, data$cluster), 0.95)
  expect_identical(three, cut_clusters(fit, alpha = 0.05))
})

test_that("cut_clusters() joins along the tree, and all methods follow", {
  two <- cut_clusters(fit, k = 2)
  expect_identical(validate_fit(two), two)
  expect_identical(cut_clusters(fit, k = 6), fit)
  # Each cluster is inside of one.
  expect_true(all(rowSums(table(fit$cluster, two$cluster) > 0) <= 1))
  expect_equal(rowSums(two$posterior), rowSums(fit$posterior))
  expect_identical(two$mixture, fit$mixture)
  expect_identical(predict(two, data$counts), two$cluster)
  expect_equal(predict(two, data$counts, "posterior"), two$posterior)
  all <- predict(two, data$counts, "all")
  expect_identical(all$outlier_score,
                   predict(fit, data$counts, "all")$outlier_score)
  expect_equal(sum(summary(two)$clusters$weight), 1)
  expect_output(print(two), "2 clusters")
  expect_identical(levels(simulate(two, 20, seed = 1)$cells$cluster),
                   c("1", "2"))
  mapped <- map_to_reference(two, data$counts[, 1:30])
  expect_identical(as.character(mapped$cells$cluster),
                   unname(as.character(two$cluster[1:30])))
  expect_identical(nrow(markers(two, data$counts, p_values = "none")),
                   2L * length(two$features))
  again <- update(two, k = 3, x = data$counts)
  expect_null(again$components)
  one <- cut_clusters(two, k = 1)
  expect_identical(levels(one$cluster), "1")
  file <- tempfile()
  on.exit(unlink(file))
  saveRDS(two, file)
  expect_identical(predict(readRDS(file), data$counts), two$cluster)
})

test_that("clusters with names keep them", {
  named <- rename_clusters(fit, c("1" = "NK"))
  two <- cut_clusters(named, k = 2)
  expect_setequal(unlist(strsplit(levels(two$cluster), " + ", fixed = TRUE)),
                  levels(named$cluster))
  renamed <- rename_clusters(two, stats::setNames("B", levels(two$cluster)[1]))
  expect_identical(levels(predict(renamed, data$counts)),
                   levels(renamed$cluster))
})

test_that("clusters without cells are not worth a split", {
  empty <- made_up_fit(k = 4)
  empty$cluster[] <- "1"
  empty$posterior[] <- rep(c(1, 0, 0, 0), each = nrow(empty$posterior))
  tree <- cluster_tree(empty)
  none <- tree$splits$cells < lengths(merged_clusters(tree)$both)
  expect_true(any(none))
  expect_true(all(tree$splits$p[none] == 1))
  expect_true(all(is.na(tree$splits$stability[none])))
})

test_that("a fit with joined clusters does not speak of the choice of k", {
  chosen <- made_up_fit(k = 3, k_path = data.frame(
    k = 1:4, stability = c(1, 0.9, 0.95, 0.8), stability_sd = 0.05,
    shared = c(0, 0.6, 0.9, 0.7), shared_sd = 0.1, log_density = -(4:1),
    stable = c(FALSE, TRUE, TRUE, FALSE), p = c(1e-4, 1e-3, NA, NA)
  ))
  expect_match(summary(chosen)$choice, "3 of 1 to 4")
  joined <- cut_clusters(chosen, k = 2)
  expect_null(summary(joined)$choice)
  expect_length(summary(joined)$levels, 0)
  skip_if_not_installed("ggplot2")
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  drawn <- plot(joined, "k")$data
  expect_identical(unique(drawn$k[drawn$chosen]), 3L)
})

test_that("adjusted p-values follow the tree", {
  clusters <- list(1:2, 3:4, 1:4)
  expect_equal(hierarchical_p(c(0.01, 0.3, 0.02), clusters, 4),
               c(0.02, 0.6, 0.02))
  expect_equal(hierarchical_p(c(0.01, 0.3, 0.2), clusters, 4),
               c(0.2, 0.6, 0.2))
})

test_that("cluster_tree() and cut_clusters() say what they need", {
  one <- quick_fit(data$counts[, 1:40], 1, epochs = 2)
  expect_snapshot(error = TRUE, {
    cluster_tree(1)
    cluster_tree(one)
    cut_clusters(fit)
    cut_clusters(fit, k = 2, alpha = 0.05)
    cut_clusters(fit, k = 7)
    cut_clusters(fit, alpha = 2)
    cut_clusters(fit, k = 2, tree = "tree")
    cut_clusters(fit, k = 2, tree = cluster_tree(cut_clusters(fit, 3), FALSE))
    cut_clusters(fit, alpha = 0.05, tree = cluster_tree(fit, test = FALSE))
  })
  expect_identical(cut_clusters(one, alpha = 0.05), one)
})
