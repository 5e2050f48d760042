skip_if_not_installed("ggplot2")

draw <- function(...) {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  plot(...)
}

test_that("the dots are genes and clusters, coloured by level", {
  fit <- made_up_fit()
  drawn <- draw(fit, "markers")
  expect_s3_class(drawn, "ggplot")
  dots <- drawn$data
  expect_identical(nrow(dots), 15L)
  expect_identical(range(dots$level), c(0, 1))
  # In each gene one cluster is lowest, and one highest.
  expect_true(all(tapply(dots$level, dots$gene, min) == 0))
  expect_true(all(tapply(dots$level, dots$gene, max) == 1))
  some <- draw(fit, "markers", genes = c("g3", "g1"))
  expect_identical(levels(some$data$gene), c("g3", "g1"))
})

test_that("dots have the detection rates of markers()", {
  fit <- made_up_fit()
  x <- matrix(1:8 %% 3, 8, 60, dimnames = list(paste0("g", 1:8),
                                               paste0("c", 1:60)))
  x[2, 1:30] <- 0
  found <- markers(fit, x, p_values = "none")
  dots <- draw(fit, "markers", genes = found)$data
  inside <- fit$cluster == "1"
  size <- dots$size[dots$gene == "g2" & dots$cluster == "1"]
  expect_equal(size, 100 * mean(x["g2", inside] > 0))
})

test_that("the map has a panel for each gene", {
  fit <- made_up_fit()
  drawn <- draw(fit, "expression", genes = c("g2", "g5"), method = "pca")
  expect_identical(nlevels(drawn$data$gene), 2L)
  expect_identical(nrow(drawn$data), 120L)
  value <- predict(fit, type = "normalized", features = "g2")
  of_gene <- drawn$data[grepl("^g2 ", drawn$data$gene), ]
  expect_equal(sort(of_gene$value), sort(as.vector(value / max(value))))
})

test_that("every likelihood has both plots", {
  for (likelihood in likelihood_names()) {
    fit <- made_up_fit(likelihood = likelihood)
    expect_s3_class(draw(fit, "markers"), "ggplot")
    expect_s3_class(draw(fit, "expression", genes = "g1", method = "pca"),
                    "ggplot")
  }
})

test_that("names of clusters are drawn", {
  fit <- rename_clusters(made_up_fit(), c("1" = "NK"))
  expect_identical(levels(draw(fit, "markers")$data$cluster),
                   c("3", "2", "NK"))
})

test_that("genes that can't be drawn are errors", {
  fit <- made_up_fit()
  expect_snapshot(error = TRUE, {
    plot(fit, "expression")
    plot(fit, "expression", genes = c("g1", "CD3D"))
    plot(fit, "markers", genes = 1:2)
    plot(fit, "sizes", genes = "g1")
  })
})
