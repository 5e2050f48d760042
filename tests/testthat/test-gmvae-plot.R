# Drawn into a file that nobody keeps.
draw <- function(...) {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  plot(...)
}

test_that("plot() draws each type and returns it invisibly", {
  skip_if_not_installed("ggplot2")
  fit <- made_up_fit()
  for (type in c("latent", "loss", "sizes", "uncertainty")) {
    expect_s3_class(draw(fit, type), "ggplot")
  }
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_invisible(plot(fit, "sizes"))
})

test_that("the loss is that of the ELBO and of both parts", {
  skip_if_not_installed("ggplot2")
  drawn <- draw(made_up_fit(), "loss")
  expect_identical(levels(drawn$data$part),
                   c("ELBO", "Reconstruction", "KL divergence"))
  expect_false(anyNA(drawn$data$part))
  expect_match(drawn$labels$y, "ELBO")
})

test_that("plot() of the latent space shows labels beside clusters", {
  skip_if_not_installed("ggplot2")
  fit <- made_up_fit()
  labels <- rep(c("B cell", "T cell", NA), 20)
  drawn <- draw(fit, colour = labels, method = "pca")
  expect_identical(levels(factor(drawn$data$panel)), c("Cluster", "Label"))
  expect_identical(nrow(drawn$data), 120L)
  expect_identical(drawn$labels$caption, "Grey: no label")
  # Labels that look like clusters are labels
  drawn <- draw(fit, colour = as.integer(fit$cluster), method = "pca")
  expect_length(unique(drawn$data$group), 6)
})

test_that("plot() of the latent space takes numbers, too", {
  skip_if_not_installed("ggplot2")
  fit <- made_up_fit()
  value <- replace(sin(1:60), 7, NA)
  drawn <- draw(fit, colour = value, method = "pca")
  expect_identical(drawn$data$value, c(NA, sort(value)))
  expect_identical(drawn$labels$caption, "Light grey: no value")
  expect_error(draw(fit, colour = value[-1]), class = "gmvae_error_option")
  expect_error(draw(fit, colour = as.character(1:60)), "36 different",
               class = "gmvae_error_option")
})

test_that("a label has the colour of the cluster that it shares cells with", {
  cluster <- factor(rep(1:3, c(30, 20, 10)))
  labels <- factor(rep(c("c", "b", "a", "d"), c(30, 15, 10, 5)))
  colours <- matched_colours(labels, cluster)
  expect_named(colours$labels, c("a", "b", "c", "d"))
  same <- match(colours$labels, colours$clusters)
  expect_identical(same, c(3L, 2L, 1L, NA))
  expect_identical(anyDuplicated(colours$labels), 0L)
})

test_that("arguments that a type does not use are refused", {
  fit <- made_up_fit()
  expect_error(plot(fit, "loss", colour = 1:60), "`colour` applies to type",
               class = "gmvae_error_option")
  expect_error(plot(fit, "sizes", max_cells = 10), class = "gmvae_error_option")
  expect_error(plot(fit, "uncertainty", method = "pca"),
               class = "gmvae_error_option")
})

test_that("plot() falls back on principal components and on one dimension", {
  skip_if_not_installed("ggplot2")
  fit <- made_up_fit()
  expect_match(draw(fit, method = "pca")$labels$x, "Principal component 1")
  expect_s3_class(draw(made_up_fit(n_latent = 1)), "ggplot")
  skip_if_not_installed("uwot")
  expect_match(draw(made_up_fit(), method = "umap")$labels$x, "UMAP")
})

test_that("group_colours() are distinct for any number of groups", {
  for (n in c(1, 8, 9, 34, 60)) {
    colours <- group_colours(seq_len(n))
    expect_identical(anyDuplicated(colours), 0L)
    expect_length(colours, n)
  }
})

test_that("plots of many clusters, of empty ones and without held-out cells", {
  skip_if_not_installed("ggplot2")
  expect_s3_class(draw(made_up_fit(n = 200, k = 60), "latent",
                       method = "pca"), "ggplot")
  fit <- made_up_fit(posterior = cbind(rep(1, 60), 0, 0))
  fit$history$elbo_heldout <- NA_real_
  for (type in c("loss", "sizes", "uncertainty")) {
    expect_s3_class(draw(fit, type), "ggplot")
  }
})

test_that("plots of many cells draw a sample that has cells of each cluster", {
  skip_if_not_installed("ggplot2")
  sizes <- c(5000, 900, 90, 10)
  cluster <- factor(rep(1:4, sizes))
  shown <- sample_cells(cluster, 600)
  expect_identical(anyDuplicated(shown), 0L)
  expect_identical(tabulate(cluster[shown], 4), c(500L, 90L, 20L, 10L))
  expect_identical(sample_cells(cluster, 6000), 1:6000)
  expect_length(sample_cells(factor(cluster, 1:5), 600), 620)  # one is empty

  fit <- made_up_fit(n = 300)
  labels <- rep(c("B cell", "T cell", NA), 100)
  drawn <- draw(fit, colour = labels, method = "pca", max_cells = 90)
  expect_identical(nrow(drawn$data), 180L)
  expect_identical(drawn$labels$subtitle,
                   "Points: a sample of 90 of 300 cells")
  # The axes are those of all cells
  whole <- draw(fit, method = "pca", max_cells = Inf)
  expect_true(all(drawn$data$one %in% whole$data$one))
  expect_match(draw(fit, "uncertainty", max_cells = 90)$labels$subtitle,
               "sample of 90 of 300")
  expect_null(draw(fit, method = "pca")$labels$subtitle)
  expect_error(draw(fit, max_cells = 0), class = "gmvae_error_option")
})

test_that("each type of plot() looks as it should", {
  skip_if_not_installed("ggplot2")
  fit <- made_up_fit(k_path = data.frame(
    k = 2:5, stability = c(0.9, 0.95, 0.7, 0.6), stability_sd = 0.05,
    shared = c(0.5, 0.9, 0.7, 0.6), shared_sd = 0.1,
    log_density = c(-12, -10, -9.6, -9.5)
  ))
  for (type in c("loss", "sizes", "k")) {
    expect_picture(type, draw(fit, type))
  }
  expect_picture("latent", draw(fit, "latent", method = "pca"))
  labels <- rep(c("B cell", "T cell", NA), 20)
  expect_picture("latent with labels",
                 draw(fit, "latent", method = "pca", colour = labels))
  many <- made_up_fit(n = 300, k = 12)
  set.seed(1)
  expect_picture("latent of a sample",
                 draw(many, "latent", method = "pca", max_cells = 100))
  # Jitter is drawn while the plot is built.
  own <- outer(rep(1:3, 20), 1:3, "==")
  sure <- 0.5 + 0.5 * abs(sin(1:60))
  unsure <- made_up_fit(posterior = ifelse(own, sure, (1 - sure) / 2))
  set.seed(1)
  expect_picture("uncertainty", draw(unsure, "uncertainty"))
})

test_that("the path is drawn where there is one", {
  skip_if_not_installed("ggplot2")
  fit <- made_up_fit(k_path = data.frame(
    k = 2:4, stability = c(.9, .8, .7), stability_sd = 0.05,
    shared = c(.5, .4, .3), shared_sd = 0.1,
    log_density = 1:3, stable = c(FALSE, TRUE, FALSE)
  ))
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  drawn <- plot(fit, "k")
  expect_s3_class(drawn, "ggplot")
  expect_identical(nlevels(drawn$data$panel), 3L)
  expect_equal(drawn$data$high - drawn$data$low,
               2 * rep(c(0.1, 0.05, 0), each = 3))
  fit$k_path$shared_pcs <- fit$k_path$shared_pcs_sd <- NA_real_
  expect_identical(nlevels(plot(fit, "k")$data$panel), 3L)
  fit$k_path$shared_pcs <- c(.7, .8, .9)
  fit$k_path$shared_pcs_sd <- 0.1
  expect_identical(nlevels(plot(fit, "k")$data$panel), 4L)
  fit$k_path[c("shared_pcs", "shared_pcs_sd")] <- NULL
  fit$k_path$log_density <- NULL  # of an earlier version
  expect_identical(nlevels(plot(fit, "k")$data$panel), 2L)
  expect_error(plot(made_up_fit(), "k"), class = "gmvae_error_option")
})

test_that("labels and numbers may all be missing", {
  skip_if_not_installed("ggplot2")
  for (colour in list(rep(NA, 60), rep(NA_real_, 60))) {
    drawn <- draw(made_up_fit(), "latent", method = "pca", colour = colour)
    expect_s3_class(drawn, "ggplot")
  }
})
