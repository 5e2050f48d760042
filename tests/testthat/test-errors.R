# What users read when something is wrong: class, then the message.

refusal <- function(expr) {
  cnd <- rlang::catch_cnd(expr, "error")
  stopifnot(inherits(cnd, "gmvae_error"))
  cat("<", class(cnd)[1], "> ", rlang::expr_deparse(cnd$call), "\n", sep = "")
  cat(rlang::cnd_message(cnd), "\n\n")
}

changed <- function(at, to, x = tiny_counts()) {
  x[at] <- to
  x
}

test_that("gmvae() says what `x` must be", {
  x <- tiny_counts()
  expect_snapshot({
    refusal(gmvae("counts.csv", 3))
    refusal(gmvae(as.data.frame(x), 3))
    refusal(gmvae(list(x), 3))
    refusal(gmvae(matrix("a", 2, 2), 3))
    refusal(gmvae(x[0, ], 3))
    refusal(gmvae(x[, 0], 3))
  })
  named <- x
  rownames(named)[c(2, 5, 6)] <- "g1"
  unnamed <- x
  rownames(unnamed)[3] <- NA
  expect_snapshot({
    refusal(gmvae(named, 3))
    refusal(gmvae(unnamed, 3))
  })
  broken <- methods::as(x, "CsparseMatrix")
  broken@i[1] <- 100L
  expect_error(gmvae(broken, 3), class = "gmvae_error_input")
})

test_that("gmvae() names the first value that the likelihood can't take", {
  expect_snapshot({
    refusal(gmvae(changed(10, NA), 3))
    refusal(gmvae(changed(10:12, NaN), 3))
    refusal(gmvae(changed(3, Inf), 3))
    refusal(gmvae(changed(3, -Inf), 3, "gaussian"))
    refusal(gmvae(changed(10:12, -2), 3))
    refusal(gmvae(changed(10, 1.5), 3))
    refusal(gmvae(changed(10:40, 0.25), 3, "poisson"))
    refusal(gmvae(tiny_counts(), 3, "bernoulli"))
    refusal(gmvae(changed(5, 1e12), 3))
  })
})

test_that("gmvae() names cells without counts", {
  x <- tiny_counts()
  one <- x
  one[, 4] <- 0
  many <- x
  many[, 3:9] <- 0
  expect_snapshot({
    refusal(gmvae(one, 3))
    refusal(gmvae(many, 3))
  })
})

test_that("gmvae() needs as many different cells as clusters", {
  x <- tiny_counts()
  expect_snapshot({
    refusal(gmvae(x[, rep(1:2, 6)], 3))
    refusal(gmvae(matrix(3, 10, 20), 2, "gaussian"))
  })
  expect_s3_class(quick_fit(matrix(3, 10, 20), 1), "gmvae")
})

test_that("gmvae() says what its arguments must be", {
  x <- tiny_counts()
  expect_snapshot({
    refusal(gmvae(x, 0))
    refusal(gmvae(x, 2.5))
    refusal(gmvae(x, "three"))
    refusal(gmvae(x, 13))
    refusal(gmvae(x, 3, "binomial"))
    refusal(gmvae(x, 3, covariance = "shared"))
    refusal(gmvae(x, 3, featuers = 10))
    refusal(gmvae(x, 3, control = list(epochs = 3)))
  })
  expect_snapshot({
    refusal(gmvae(x, 3, features = 1))
    refusal(gmvae(x, 3, features = c("g1", "G2", "G3")))
    refusal(gmvae(x, 3, features = c("c1", "c2")))
    refusal(gmvae(x, 3, features = c(TRUE, FALSE)))
    refusal(gmvae(x, 3, features = 7:12))
    refusal(gmvae(x, 3, features = "g1"))
  })
  expect_snapshot({
    refusal(gmvae(x, 3, size_factors = 1:3))
    refusal(gmvae(x, 3, size_factors = c(0, -1, rep(1, 10))))
    refusal(gmvae(x, 3, "gaussian", size_factors = rep(1, 12)))
  })
})

test_that("gmvae_control() names the option that was meant", {
  expect_snapshot({
    refusal(gmvae_control(foo = 1))
    refusal(gmvae_control(lernrate = 1e-3))
    refusal(gmvae_control(something_else = 1))
    refusal(gmvae_control(n_latent = 0))
    refusal(gmvae_control(hidden = c(10, NA)))
    refusal(gmvae_control(hidden = rep(8, 9)))
    refusal(gmvae_control(epochs = -1))
    refusal(gmvae_control(learning_rate = 0))
    refusal(gmvae_control(mask = 1))
    refusal(gmvae_control(mask = c(0.7, 0.1)))
    refusal(gmvae_control(mask = numeric()))
    refusal(gmvae_control(n_pcs = -1))
    refusal(gmvae_control(heldout = 0.9))
    refusal(gmvae_control(n_threads = 0))
    refusal(gmvae_control(verbose = NA))
  })
  one_too_many <- c(unname(unclass(gmvae_control())), 1)
  expect_error(do.call(gmvae_control, one_too_many), "must be named",
               class = "gmvae_error_option")
  edited <- gmvae_control()
  edited$n_latent <- -1
  expect_snapshot(refusal(gmvae(tiny_counts(), 3, control = edited)))
})

test_that("predict() says what `newdata` must be", {
  fit <- made_up_fit()
  x <- tiny_counts()
  unnamed <- unname(x)
  others <- x
  rownames(others) <- tolower(LETTERS[1:8])
  twice <- x[c(1, 1:8), ]
  expect_snapshot({
    refusal(predict(fit, t(x)))
    refusal(predict(fit, unnamed))
    refusal(predict(fit, others))
    refusal(predict(fit, twice))
    refusal(predict(fit, changed(10, -1)))
    refusal(predict(fit, x, "loglik"))
    refusal(predict(fit, x, size_factors = 1:2))
    refusal(predict(fit, x, typ = "latent", prob = TRUE))
  })
  expect_snapshot({
    refusal(predict(fit, type = "elbo"))
    refusal(predict(fit, type = "latent", features = "g1"))
    refusal(predict(fit, type = "posterior", threshold = 0.5))
    refusal(predict(fit, type = "latent", batch = "a"))
    refusal(predict(fit, type = "mean", features = c("g1", "g8")))
    refusal(predict(fit, type = "mean", features = 6))
    refusal(predict(fit, type = "mean", size_factors = 1))
  })
  fit$size_source <- "user"
  expect_snapshot(refusal(predict(fit, x)))
})

test_that("a fit of a newer format is refused", {
  fit <- made_up_fit()
  fit$version <- 99L
  expect_snapshot(refusal(predict(fit)))
  expect_error(print(fit), class = "gmvae_error_input")
  expect_error(plot(fit), class = "gmvae_error_input")
  fit$version <- NULL
  expect_error(predict(fit), class = "gmvae_error_input")
})

test_that("SingleCellExperiments are refused by assay and by class", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = tiny_counts(), logcounts = log1p(tiny_counts()))
  )
  nameless <- SingleCellExperiment::SingleCellExperiment(list(tiny_counts()))
  expect_snapshot({
    refusal(gmvae(sce, 3, assay = "umi"))
    refusal(gmvae(sce, 3, assay = 1))
    refusal(gmvae(nameless, 3))
    refusal(gmvae(sce, 3, assay = "logcounts"))
    refusal(runGMVAE(tiny_counts(), 3))
    refusal(runGMVAE(sce, 3, name = ""))
    refusal(runGMVAE(sce, 99))
    refusal(gmvae_fit(sce))
    refusal(gmvae_fit(tiny_counts()))
  })
})

test_that("plot() and adjusted_rand_index() say what they need", {
  skip_if_not_installed("ggplot2")
  fit <- made_up_fit()
  expect_snapshot({
    refusal(plot(fit, "umap"))
    refusal(plot(fit, colour = 1:3))
    refusal(plot(fit, method = "tsne"))
    refusal(plot(fit, color = "red"))
    refusal(adjusted_rand_index(1:3, 1:4))
    refusal(adjusted_rand_index(c(1, NA), 1:2))
    refusal(adjusted_rand_index(list(1), 1))
  })
})

test_that("a suggested package that is missing is named", {
  expect_snapshot(refusal(
    require_package("nosuchpackage", "plot a fit", quote(plot()))
  ))
})
