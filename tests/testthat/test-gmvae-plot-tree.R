skip_if_not_installed("ggplot2")

fit <- made_up_fit(k = 4)
tree <- cluster_tree(fit, test = FALSE)
tree$splits$p <- tree$splits$p_adjusted <- c(1e-5, 0.02, 0.4)
tree$splits$stability <- c(1, 0.9, 0.3)

draw <- function(...) {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  plot(...)
}

test_that("a tree has a line for each side, dashed where it is chance", {
  lines <- tree_lines(tree)
  expect_identical(nrow(lines$segments), 9L)
  expect_identical(sum(!lines$segments$significant), 3L)
  expect_identical(lines$splits$height, tree$height)
  expect_identical(lines$splits$label, c("0.4\n0.30", "0.02\n0.90",
                                         "< 0.001\n1.00"))
  # Leaves lie on whole numbers, and each split between its sides.
  expect_setequal(lines$segments$at[lines$segments$height_end == 0], 1:4)
})

test_that("plot(fit, \"tree\") draws the tree of the fit", {
  drawn <- draw(fit, "tree")
  expect_s3_class(drawn, "ggplot")
  expect_identical(drawn$labels$title, "Tree of the clusters")
  expect_error(draw(made_up_fit(k = 1), "tree"), class = "gmvae_error_input")
})

test_that("the picture of a tree", {
  expect_picture("tree-of-clusters", function() plot(tree))
})
