set.seed(1)
data <- simulate_batches(n = 160, genes = 60, depth = 60)
x <- data$counts
batch <- data$batch
fit <- quick_fit(x, 3, batch = batch, epochs = 40)

test_that("batches named do not divide the clusters", {
  set.seed(2)
  data <- simulate_batches(n = 400, genes = 100, depth = 60, strength = 4)
  agreement <- function(...) {
    set.seed(3)
    fit <- quick_fit(data$counts, 3, ..., epochs = 60)
    c(cluster = adjusted_rand_index(fit$cluster, data$cluster),
      batch = adjusted_rand_index(fit$cluster, data$batch))
  }
  without <- agreement(batch = rep("one", 400))
  with <- agreement(batch = data$batch)
  expect_lt(without[["cluster"]], 0.8)
  expect_gt(without[["batch"]], 0.2)
  expect_gt(with[["cluster"]], 0.95)
  expect_lt(with[["batch"]], 0.05)
})

test_that("the number of clusters is that of groups, not of groups by batch", {
  set.seed(11)
  data <- simulate_batches(n = 400, genes = 100, depth = 60)
  control <- gmvae_control(n_latent = 6, hidden = 32, epochs = 60, n_init = 3,
                           verbose = FALSE)
  chosen <- function(...) {
    set.seed(1)
    without_cautions(gmvae(data$counts, 2:8, ..., control = control))$k
  }
  expect_gt(chosen(batch = rep("one", 400)), 3L)
  expect_identical(chosen(batch = data$batch), 3L)
})

test_that("a kind of cell that one batch lacks stays a cluster", {
  set.seed(4)
  data <- simulate_batches(n = 600, genes = 100, depth = 60)
  kept <- data$batch == "a" | data$cluster != 2
  fit <- quick_fit(data$counts[, kept], 3, batch = data$batch[kept],
                   epochs = 60)
  expect_gt(adjusted_rand_index(fit$cluster, data$cluster[kept]), 0.95)
  ours <- names(which.max(table(fit$cluster[data$cluster[kept] == 2])))
  expect_identical(single_batch_clusters(fit$cluster, fit$batch), ours)
  expect_match(fit_cautions(fit), "of one batch only", all = FALSE)
})

test_that("one batch is none, and labels are labels whatever their type", {
  fit_of <- function(batch) {
    set.seed(5)
    comparable(quick_fit(x, 3, batch = batch))
  }
  one <- fit_of(rep("a", 160))
  expect_identical(levels(one$batch), "a")
  one["batch"] <- list(NULL)
  expect_identical(one, fit_of(NULL))

  two <- fit_of(batch)
  expect_identical(two$batch, stats::setNames(factor(batch), colnames(x)))
  expect_identical(fit_of(factor(batch, c("a", "none", "b"))), two)
  numbers <- fit_of(ifelse(batch == "a", 1, 2))
  expect_identical(numbers$latent, two$latent)
  expect_identical(levels(numbers$batch), c("1", "2"))
  expect_identical(levels(fit_of(batch == "b")$batch), c("FALSE", "TRUE"))
})

test_that("fits with batches are the same for any number of threads", {
  fits <- lapply(1:2, function(n) {
    set.seed(6)
    fit <- without_cautions(gmvae(x, 2:3, batch = batch,
                                  control = quick_control(6, n_threads = n)))
    fit$control$n_threads <- NULL
    comparable(fit)
  })
  expect_identical(fits[[1]], fits[[2]])
})

test_that("every likelihood takes batches, and several networks do", {
  for (likelihood in likelihood_names()) {
    set.seed(7)
    counts <- simulate_counts(likelihood, n = 60, genes = 30)$counts
    fit <- quick_fit(counts, 2, likelihood, batch = rep(1:2, 30))
    expect_true(all(is.finite(fit$elbo)))
    expect_equal(predict(fit, counts, "latent"), fit$latent, tolerance = 1e-5)
  }
  fit <- without_cautions(gmvae(
    x, 3, batch = batch, control = quick_control(4, n_networks = 2)
  ))
  expect_identical(nrow(fit$networks), 2L)
  expect_identical(levels(fit$batch), c("a", "b"))
})

test_that("update() keeps the batches", {
  more <- without_cautions(update(fit, k = 4, x = x))
  expect_identical(more$batch, fit$batch)
  expect_true(all(is.finite(more$elbo)))
})

# Cells to predict -------------------------------------------------------------

test_that("predict() needs no batch for where cells are and which cluster", {
  new <- x[, 1:8]
  expect_equal(predict(fit, new), fit$cluster[1:8])
  expect_equal(predict(fit, new, "posterior"), fit$posterior[1:8, ],
               tolerance = 1e-5)
  expect_equal(predict(fit, new, "latent"), fit$latent[1:8, ],
               tolerance = 1e-5)
  expect_equal(predict(fit, new, "normalized"),
               predict(fit, type = "normalized")[, 1:8], tolerance = 1e-5)
})

test_that("predict() gives means in the cell's batch, or in another", {
  own <- predict(fit, type = "mean")
  expect_equal(predict(fit, x, "mean", batch = batch), own, tolerance = 1e-5)
  a <- predict(fit, type = "mean", batch = "a")
  expect_equal(a, predict(fit, x, "mean", batch = "a"), tolerance = 1e-5)
  expect_identical(a[, batch == "a"], own[, batch == "a"])
  # What a gene has in one batch over another is seen in the data, too.
  b <- predict(fit, type = "mean", batch = "b")
  share <- function(counts) (rowSums(counts) + 1) / sum(counts)
  seen <- log(share(x[, batch == "b"]) / share(x[, batch == "a"]))
  expect_gt(cor(seen, log(share(b) / share(a))), 0.95)
})

test_that("normalized values are means over the batches, by their cells", {
  sizes <- unname(fit$size_factors)
  in_batch <- function(level) {
    sweep(predict(fit, type = "mean", batch = level), 2, sizes, "/")
  }
  expected <- 0.75 * in_batch("a") + 0.25 * in_batch("b")
  expect_equal(predict(fit, type = "normalized"), expected, tolerance = 1e-5)
})

test_that("normalized values of a batch are those of all cells in it", {
  sizes <- unname(fit$size_factors)
  in_batch <- sweep(predict(fit, type = "mean", batch = "b"), 2, sizes, "/")
  expect_equal(predict(fit, type = "normalized", batch = "b"), in_batch,
               tolerance = 1e-5)
  expect_equal(predict(fit, x, "normalized", batch = "b"), in_batch,
               tolerance = 1e-5)
  expect_error(predict(fit, x, "normalized", batch = "c"),
               class = "gmvae_error_option")
})

test_that("cells of a new batch have the ELBO of the likelier batch", {
  elbo_in <- function(batch) predict(fit, x, "elbo", batch = batch)
  best <- pmax(elbo_in("a"), elbo_in("b"))
  expect_message(new <- elbo_in("c"), "no cells of batch \"c\"",
                 class = "gmvae_message")
  expect_identical(new, best)
  mixed <- suppressMessages(elbo_in(rep(c("a", "c"), 80)))
  odd <- rep(c(TRUE, FALSE), 80)
  expect_identical(mixed[odd], elbo_in("a")[odd])
  expect_identical(mixed[!odd], best[!odd])
  outside <- suppressMessages(predict(fit, x, "outlier", batch = "c"))
  expect_equal(outside$p_value[batch == "a"],
               predict(fit, x, "outlier", batch = batch)$p_value[batch == "a"])
  kinds <- suppressMessages(predict(fit, x, reject = 0.05, batch = "c"))
  expect_identical(unname(kinds == "unknown"), outside$p_value < 0.05)
})

test_that("ELBOs and outliers are those of cells of the batch", {
  own <- predict(fit, x, "elbo", batch = batch)
  other <- predict(fit, x, "elbo", batch = ifelse(batch == "a", "b", "a"))
  expect_gt(mean(own > other), 0.95)
  odd <- function(batch) mean(predict(fit, x, "outlier", batch = batch)$p_value)
  expect_gt(odd(batch), 0.4)
  expect_lt(odd(ifelse(batch == "a", "b", "a")), 0.2)
})

test_that("predict() says which batch it needs and which there are", {
  for (type in c("mean", "elbo", "outlier")) {
    expect_error(predict(fit, x, type), class = "gmvae_error_option",
                 "batch.*must be given")
  }
  expect_snapshot(error = TRUE, {
    predict(fit, x, "mean")
    predict(fit, x, "mean", batch = rep(c("a", "c"), 80))
    predict(fit, x, "mean", batch = c("a", "b"))
  })
  plain <- quick_fit(x, 2)
  expect_error(predict(plain, x, "mean", batch = "a"),
               class = "gmvae_error_option", "fit has batches")
})

# Arguments --------------------------------------------------------------------

test_that("batches must be one label per cell, none missing", {
  expect_snapshot(error = TRUE, {
    gmvae(tiny_counts(), 2, batch = c("a", "b"))
    gmvae(tiny_counts(), 2, batch = "donor")
    gmvae(tiny_counts(), 2, batch = c("a", NA, rep("b", 10)))
    gmvae(tiny_counts(), 2, control = gmvae_control(dispersion = "gene-batch"))
  })
  for (bad in list(list(1), as.list(1:12), mean, matrix(1, 2, 2))) {
    expect_error(gmvae(tiny_counts(), 2, batch = bad),
                 class = "gmvae_error_option")
  }
})

test_that("measurements, and a batch for each cell, are no batches", {
  expect_snapshot(error = TRUE, {
    gmvae(tiny_counts(), 2, batch = c(0.25, 1:11))
    gmvae(tiny_counts(), 2, batch = letters[1:12])
  })
  expect_identical(levels(as_batch(c(2, 10, 2), 3, call = NULL)), c("2", "10"))
})

test_that("several labels give a batch for each combination", {
  parts <- data.frame(donor = rep(c("p", "q"), each = 6), day = rep(1:3, 4))
  parts$day[parts$donor == "q"] <- 1L
  both <- as_batch(parts, 12, call = NULL)
  expect_identical(levels(both), c("p, 1", "p, 2", "p, 3", "q, 1"))
  expect_identical(as.character(both)[c(2, 7)], c("p, 2", "q, 1"))
  expect_identical(as_batch(parts["donor"], 12, call = NULL),
                   factor(parts$donor))
  for (bad in list(parts[1:5, ], parts[0], data.frame(a = c(NA, 1:11)))) {
    expect_error(as_batch(bad, 12, call = NULL), class = "gmvae_error_option")
  }
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = tiny_counts()), colData = parts
  )
  expect_identical(as_batch(c("donor", "day"), 12, sce, NULL), both)
  expect_identical(as_batch(SummarizedExperiment::colData(sce), 12, sce, NULL),
                   both)
})

test_that("small batches are named", {
  expect_snapshot(small <- quick_fit(x, 3, batch = c("c", "c", batch[-(1:2)])))
  expect_identical(levels(small$batch), c("a", "b", "c"))
})

test_that("a column of a SingleCellExperiment names the batches", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = x), colData = data.frame(donor = batch, day = 1)
  )
  set.seed(8)
  from_matrix <- quick_fit(x, 3, batch = batch)
  set.seed(8)
  from_column <- quick_fit(sce, 3, batch = "donor")
  expect_identical(comparable(from_column), comparable(from_matrix))
  expect_identical(from_column$call$batch, "donor")
  expect_equal(predict(from_column, sce, "mean", batch = "donor"),
               predict(from_column, type = "mean"), tolerance = 1e-5)
  set.seed(8)
  out <- without_cautions(
    runGMVAE(sce, 3, batch = "donor", control = quick_control())
  )
  expect_identical(SingleCellExperiment::reducedDim(out, "GMVAE"),
                   from_matrix$latent)
  expect_snapshot(error = TRUE, gmvae(sce, 3, batch = "dnor"))
})

# What they change -------------------------------------------------------------

test_that("genes are chosen by what differs within batches", {
  set.seed(9)
  within <- rbind(matrix(rpois(5 * 160, 2 + 6 * (data$cluster == 1)), 5,
                         byrow = TRUE),
                  matrix(rpois(5 * 160, 2 + 60 * (batch == "b")), 5,
                         byrow = TRUE),
                  matrix(rpois(40 * 160, 20), 40))
  chosen <- function(likelihood, ...) {
    values <- if (likelihood == "gaussian") log1p(within) else within
    select_features(as_counts(values), likelihood, 5, ...)$index
  }
  for (likelihood in c("nb", "gaussian")) {
    expect_identical(chosen(likelihood), 6:10)
    expect_identical(chosen(likelihood, list(factor(batch))), 1:5)
  }
})

test_that("a dispersion by batch is found where there is one", {
  set.seed(10)
  data <- simulate_counts("poisson", n = 450, depth = 60)
  noisy <- rep(c(TRUE, FALSE, FALSE), 150)[order(runif(450))]
  mu <- data$counts[, noisy]
  data$counts[, noisy] <- rnbinom(length(mu), size = 0.7, mu = mu)
  elbo_of <- function(by) {
    set.seed(1)
    control <- quick_control(60, dispersion = by, batch_size = 16)
    fit <- without_cautions(
      gmvae(data$counts, 3, batch = noisy, control = control)
    )
    fit$elbo["heldout", "elbo"]
  }
  expect_gt(elbo_of("gene-batch"), elbo_of("gene") + 5)
})

test_that("single_batch_clusters() tells chance from one batch, by hand", {
  batch <- factor(rep(c("a", "b"), c(60, 40)))
  cluster <- factor(rep(c(1, 2, 3, 2), c(40, 20, 4, 36)), levels = 1:4)
  # 40 of 40 in "a"; 36 of 56; 4 of 4 in "b", which chance does in 1 of 40;
  # none at all.
  expect_identical(single_batch_clusters(cluster, batch), "1")
  expect_identical(single_batch_clusters(cluster, NULL), character())
})

test_that("print() and summary() name the batches and their sizes", {
  made_up <- made_up_fit(batch = factor(rep(c("chip 1", "chip 2"), c(40, 20))))
  expect_snapshot(made_up)
  expect_identical(summary(made_up)$batches[["chip 1"]], 40L)
  expect_null(summary(made_up_fit())$batches)
})

# Batches that gmvae() detects ------------------------------------------------

set.seed(2)
unnamed <- simulate_batches(n = 400, genes = 100, depth = 60)
quietly <- function(...) {
  set.seed(3)
  quick_fit(unnamed$counts, 3, ..., epochs = 40)
}

test_that("batches are detected and treated as those named are, in a warning", {
  set.seed(3)
  without_not_converged <- function(expr) {
    suppressWarnings(expr, classes = "gmvae_warning_not_converged")
  }
  expect_warning(
    fit <- without_not_converged(
      gmvae(unnamed$counts, 3, control = quick_control(40))
    ),
    "detected two batches, of 300 and 100 cells",
    class = "gmvae_warning_batches"
  )
  expect_identical(fit$batch_source, "found")
  expect_identical(unname(fit$batch),
                   factor(ifelse(unnamed$batch == "a", "found1", "found2")))
  named <- quietly(batch = unnamed$batch)
  expect_identical(named$batch_source, "user")
  expect_identical(fit$parameters, named$parameters)
  expect_gt(adjusted_rand_index(fit$cluster, unnamed$cluster), 0.95)
  expect_true("batches_found" %in% names(fit_cautions(fit)))
  # update() did not detect them: the user has heard of them
  heard <- character()
  withCallingHandlers(
    update(fit, k = 4, x = unnamed$counts),
    gmvae_warning = function(cnd) {
      heard <<- c(heard, class(cnd)[1])
      rlang::cnd_muffle(cnd)
    }
  )
  expect_false("gmvae_warning_batches" %in% heard)
  expect_output(print(fit), "found1: 300, found2: 100 cells")
})

test_that("batches are looked for only where that makes sense", {
  source_of <- function(...) quietly(...)$batch_source
  one <- rep("one", 400)
  expect_identical(source_of(batch = one), "none")
  control <- quick_control(2, find_batches = FALSE)
  expect_silent(
    without <- suppressWarnings(gmvae(unnamed$counts, 3, control = control),
                                classes = caution_classes)
  )
  expect_identical(without$batch_source, "none")
  counts <- unnamed$counts
  find <- function(likelihood, ks) {
    counts <- as_counts(counts)
    find_batches(counts, counts, likelihood, ks, gmvae_control())
  }
  expect_identical(nlevels(find("poisson", 3L)), 2L)
  expect_identical(nlevels(find("zinb", 2:20)), 2L)
  expect_null(find("nb", 2L))
  expect_null(find("gaussian", 3L))
  counts <- simulate_counts(n = 400)$counts
  expect_null(find("nb", 3L))
})

test_that("kinds of cells of real data are no batches", {
  data("pbmc_sorted", package = "gmvae", envir = environment())
  counts <- pbmc_sorted$counts
  types <- pbmc_sorted$celltype_coarse
  find <- function(counts) {
    find_batches(counts, counts, "nb", 5L, gmvae_control())
  }
  expect_null(find(counts))
  for (type in unique(types)) expect_null(find(counts[, types != type]))
})

test_that("predict() finds the batches of new cells, and of one", {
  fit <- quietly()
  new <- unnamed$counts[, seq(1, 400, by = 7)]
  batch <- fit$batch[colnames(new)]
  for (type in c("elbo", "outlier", "mean")) {
    expect_identical(predict(fit, new, type),
                     predict(fit, new, type, batch = batch))
  }
  one <- new[, 3, drop = FALSE]
  expect_equal(predict(fit, one, "elbo"), predict(fit, new, "elbo")[3])
  more <- without_cautions(update(fit, k = 4, x = unnamed$counts))
  expect_identical(more$batch, fit$batch)
})

test_that("a level of a factor may be missing", {
  x <- simulate_counts(n = 20)$counts
  missing <- addNA(factor(c(NA, rep("b", 19))))
  expect_error(gmvae(x, 2, batch = missing), "first that of cell 1",
               class = "gmvae_error_option")
  expect_error(gmvae(x, 2, covariates = data.frame(a = missing)),
               "first that of cell 1", class = "gmvae_error_option")
})
