# Answers of mclust 6.0.0, and mclust itself where it is installed. Its BIC has
# the other sign.

quiet <- function(...) gmm_control(..., verbose = FALSE)
flowers <- iris[, 1:4]

# From the true species, so that no random start is involved: `first` is the
# log-likelihood after one M-step, `last` that of the converged EM.
oracle <- read.table(header = TRUE, text = "
  model  first          last           df
  VVV    -182.92084861  -180.18547713  44
  EEE    -256.64618425  -256.35404313  24
  VVI    -309.36275789  -306.86046051  26
  VII    -392.49841450  -384.31409506  17
")

test_that("EM from the species gives mclust's log-likelihoods", {
  for (i in seq_len(nrow(oracle))) {
    one <- gmm_fit(flowers, 3, oracle$model[i], start = iris$Species,
                   control = quiet(max_iter = 1))
    expect_lt(abs(one$loglik - oracle$first[i]), 1e-6)
    expect_identical(one$df, oracle$df[i])
    expect_identical(one$n_iter, 1L)

    all <- gmm_fit(flowers, 3, oracle$model[i], start = iris$Species,
                   control = quiet())
    expect_lt(abs(all$loglik - oracle$last[i]), 1e-6)
  }
})

test_that("random starts reach mclust's best BIC or better", {
  set.seed(1)
  geyser <- gmm_fit(faithful, k = 1:5, control = quiet())
  expect_identical(geyser$model, "EEE")
  expect_identical(geyser$k, 3L)
  expect_lt(geyser$bic, 2314.295679)

  two <- gmm_fit(flowers, 2, "VVV", control = quiet())
  expect_lt(abs(two$bic - 574.0178), 1e-4)
  three <- gmm_fit(flowers, 3, "VVV", control = quiet())
  expect_gte(three$loglik, -180.185478)
})

test_that("mclust evaluates a fit to the same log-likelihood", {
  skip_if_not_installed("mclust")
  set.seed(2)
  for (model in gmm_models$code) {
    fit <- gmm_fit(flowers, 3, model, control = quiet())
    parameters <- list(
      pro = unname(fit$weights), mean = t(fit$means),
      variance = c(
        list(modelName = "VVV", d = 4, G = 3, sigma = fit$covariances),
        list(cholsigma = array(apply(fit$covariances, 3, chol), c(4, 4, 3)))
      )
    )
    theirs <- mclust::estepVVV(as.matrix(flowers), parameters)
    expect_equal(fit$loglik, theirs$loglik, tolerance = 1e-10)
    expect_equal(unname(fit$posterior), unname(theirs$z), tolerance = 1e-8)
  }
})

test_that("no combination is worse than mclust's", {
  skip_if_not_installed("mclust")
  mclustBIC <- mclust::mclustBIC
  for (data in list(faithful, flowers)) {
    set.seed(3)
    ours <- gmm_fit(data, k = 1:4, control = quiet(n_init = 20))$search
    theirs <- mclustBIC(as.matrix(data), G = 1:4, modelNames = gmm_models$code,
                        verbose = FALSE)
    for (i in seq_len(nrow(ours))) {
      peer <- -theirs[as.character(ours$k[i]), ours$model[i]]
      if (is.na(peer)) next
      expect_lte(ours$bic[i], peer + 1e-6 * nrow(data),
                 label = paste(ours$model[i], ours$k[i]))
    }
  }
})
