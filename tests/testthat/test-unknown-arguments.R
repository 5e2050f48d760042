# Unknown arguments and options are answered with where they belong.

said <- function(expr) {
  cnd <- rlang::catch_cnd(expr, "error")
  stopifnot(inherits(cnd, "gmvae_error_option"))
  cat(rlang::cnd_message(cnd), "\n", sep = "")
}

test_that("gmm_fit() says where an unknown argument belongs", {
  x <- faithful
  expect_snapshot({
    said(gmm_fit(x, G = 1:3))
    said(gmm_fit(x, 2, modelNames = "VVV"))
    said(gmm_fit(x, n_components = 2, covariance_type = "full"))
    said(gmm_fit(x, 2, covariance = "tied"))
    said(gmm_fit(x, 2, n_init = 20))
    said(gmm_fit(x, 2, nstart = 20))
    said(gmm_fit(x, 2, iter.max = 50))
    said(gmm_fit(x, 2, n_thread = 1))
    said(gmm_fit(x, 2, max_itr = 50))
    said(gmm_fit(x, 2, random_state = 1))
    said(gmm_fit(x, 2, resolution = 0.8))
    said(gmm_fit(x, 2, wieghts = rep(1, 272)))
    said(gmm_fit(x, 2, something_else = TRUE))
    said(gmm_fit(x, 2, NULL, NULL, NULL, NULL, NULL, NULL, "em", "bic", 7))
  })
})

test_that("gmvae() says where an unknown argument belongs", {
  x <- tiny_counts()
  expect_snapshot({
    said(gmvae(x, 3, epochs = 10))
    said(gmvae(x, 3, epochs = 10, n_threads = 1))
    said(gmvae(x, n_clusters = 3))
    said(gmvae(x, 3, n_epochs = 10))
    said(gmvae(x, 3, lr = 0.01))
    said(gmvae(x, 3, seed = 1))
    said(gmvae(x, 3, resolution = 0.8))
    said(gmvae(x, 3, model = "full"))
    said(gmvae(x, 3, featuers = 10))
  })
})

test_that("runGMVAE() says where an unknown argument belongs", {
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    list(counts = tiny_counts())
  )
  expect_snapshot({
    said(runGMVAE(sce, 3, epochs = 10))
    said(runGMVAE(sce, 3, batch_key = "donor"))
  })
})

test_that("methods and control functions do, too", {
  fit <- gmm_fit(faithful, 2, "EEE", control = quiet())
  expect_snapshot({
    said(predict(fit, what = "class"))
    said(predict(fit, new_data = faithful))
    said(plot(fit, what = "BIC"))
    said(simulate(fit, n_samples = 10))
    said(update(fit, G = 3))
    said(update(fit, n_init = 20))
    said(gmm_control(nstart = 20))
    said(gmm_control(max_iters = 50))
    said(gmm_control(k = 2))
    said(gmm_control(seed = 2))
    said(gmm_control(20))
    said(gmvae_control(foo = 1))
    said(gmvae_control(lernrate = 1e-3))
    said(gmvae_control(k = 3))
    said(gmvae_control(latent = 3))
  })
})

test_that("values are shown as they were written, if they are short", {
  long <- c(1:1e4, 5)
  for (fit in list(gmm_fit, gmm_control)) {
    expect_error(do.call(fit, list(n_threds = long)), "n_threads = ...",
                 class = "gmvae_error_option", fixed = TRUE)
  }
  expect_error(gmm_fit(faithful, n_threds = {
    2
  }), "n_threads = ...", class = "gmvae_error_option", fixed = TRUE)
  expect_error(gmm_fit(faithful, tool = "{1 + "), "{1 + ", fixed = TRUE,
               class = "gmvae_error_option")
})

test_that("arguments without a name are counted", {
  expect_error(vcov(gmm_fit(faithful, 1, "EII", control = quiet()), 1, 2),
               "2 arguments have no name")
})
