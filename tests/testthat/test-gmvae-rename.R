set.seed(1)
x <- simulate_counts(n = 60, genes = 30)$counts
fit <- quick_fit(x, 3)
named <- rename_clusters(fit, c("3" = "NK", "1" = "B cell"))

test_that("rename_clusters() changes names and nothing else", {
  expect_identical(levels(named$cluster), c("B cell", "2", "NK"))
  back <- rename_clusters(named, c("NK" = "3", "B cell" = "1"))
  expect_identical(back, fit)
  swapped <- rename_clusters(fit, c("1" = "2", "2" = "1"))
  expect_identical(levels(swapped$cluster), c("2", "1", "3"))
})

test_that("what is made from a fit has the names of its clusters", {
  new <- predict(named, x)
  expect_identical(new, named$cluster)
  expect_identical(as.integer(new), as.integer(fit$cluster))
  expect_identical(levels(predict(named, x, threshold = 0.9)),
                   c("B cell", "2", "NK", "unassigned"))
  expect_identical(colnames(predict(named, x, "posterior")),
                   levels(named$cluster))
  expect_identical(unname(predict(named, x, "mean")),
                   unname(predict(fit, x, "mean")))
  expect_identical(rownames(summary(named)$clusters), levels(named$cluster))
  expect_output(print(named), "B cell: [0-9]+, 2: [0-9]+, NK: [0-9]+ cells")
  expect_named(coef(named)$weights, levels(named$cluster))
  skip_if_not_installed("ggplot2")
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_identical(levels(plot(named, "sizes")$data$cluster),
                   levels(named$cluster))
})

test_that("rename_clusters() says what names must be", {
  for (bad in list("NK", c("1" = NA), c("1" = ""), c("1" = "a", "1" = "b"), 1,
                   NULL, c("9" = "NK"), c("1" = "2"), c("1" = "unknown"))) {
    expect_error(rename_clusters(fit, bad), class = "gmvae_error_option")
  }
  expect_error(rename_clusters(1, c("1" = "a")), class = "gmvae_error_input")
})

test_that("a fit without stabilities of its clusters keeps its other parts", {
  earlier <- fit
  earlier$cluster_stability <- NULL
  expect_identical(levels(rename_clusters(earlier, c("1" = "A"))$cluster)[1],
                   "A")
  expect_identical(cut_clusters(earlier, k = 2)$k, 2L)
})
