# Looks for weights and labels where the test calls it.
bootstrap_of <- function(fit, ..., seed = 1) {
  set.seed(seed)
  call <- rlang::call2("gmm_bootstrap", fit, ..., verbose = FALSE)
  eval(call, parent.frame())
}

test_that("the four kinds of samples agree with the information matrix", {
  x <- three_groups()$x[, 1:2]
  fit <- gmm_fit(x, 3, "VVV", control = quiet(), keep_data = TRUE)
  se <- sqrt(diag(vcov(fit, parm = c("weight", "mean"))))
  for (type in c("nonparametric", "weighted", "parametric", "jackknife")) {
    boot <- bootstrap_of(fit, n = 500, type = type)
    ratio <- sqrt(diag(vcov(boot, parm = c("weight", "mean")))) / se
    expect_true(all(ratio > 0.8 & ratio < 1.25), label = type)
    expect_identical(dim(boot$replicates), c(if (type == "jackknife") 240L else
      500L, 18L))
  }
})

test_that("gmm_bootstrap() gives the same for any threads and workers", {
  skip_if_not_installed("BiocParallel")
  fit <- gmm_fit(faithful, 2, "VVV", control = quiet())
  one <- bootstrap_of(fit, n = 30, n_threads = 1)
  expect_identical(bootstrap_of(fit, n = 30, n_threads = 2), one)
  expect_identical(bootstrap_of(fit, n = 30,
                                BPPARAM = BiocParallel::MulticoreParam(2)), one)
  expect_false(identical(bootstrap_of(fit, n = 30, seed = 2)$replicates,
                         one$replicates))
  # The first samples do not depend on how many follow.
  expect_identical(bootstrap_of(fit, n = 10)$replicates, one$replicates[1:10, ])
})

test_that("weights count rows, and gaps, labels and noise are kept", {
  groups <- three_groups()
  x <- with_gaps(groups$x[, 1:2], 0.1)
  w <- rep(1:2, 120)
  fit <- gmm_fit(x, 3, "VVV", weights = w, na_action = "em", control = quiet())
  twice <- x[rep(seq_len(240), w), ]
  same <- gmm_fit(twice, 3, "VVV", start = fit, na_action = "em",
                  control = quiet())
  by_weight <- bootstrap_of(fit, type = "jackknife", data = x)
  by_row <- bootstrap_of(same, type = "jackknife", data = twice)
  expect_equal(vcov(by_weight), vcov(by_row), tolerance = 1e-4)
  labels <- replace(groups$group, -(1:30), NA)
  noisy <- rbind(x, cbind(runif(10, -5, 25), runif(10, -5, 25)))
  labels <- c(labels, rep(NA, 10))
  fit <- gmm_fit(noisy, 3, "VVV", labels = labels, noise = 0.05,
                 na_action = "em", control = quiet())
  for (type in c("nonparametric", "weighted", "parametric")) {
    boot <- bootstrap_of(fit, n = 40, type = type, data = noisy)
    expect_true("weight[noise]" %in% colnames(boot$replicates))
    expect_lt(boot$n_failed, 10)
  }
})

test_that("a refit is a fit to its sample that begins at the mixture", {
  x <- as.matrix(iris[, 1:4])
  for (kind in c("plain", "noise", "prior", "weights", "ridge")) {
    noise <- if (kind == "noise") 0.05
    prior <- if (kind == "prior") gmm_prior()
    w <- if (kind == "weights") rep(1:3, 50)
    control <- quiet(tol = 1e-12, ridge = if (kind == "ridge") 0.01 else 0)
    fit <- gmm_fit(x, 2, "VVV", weights = w, noise = noise, prior = prior,
                   control = control)
    boot <- bootstrap_of(fit, type = "jackknife", data = x)
    for (row in c(1, 75, 150)) {
      # One unit of a row's weight is left out.
      kept <- if (is.null(w)) -row else 1:150
      v <- if (!is.null(w)) replace(w, row, w[row] - 1L)
      one <- gmm_fit(x[kept, ], 2, "VVV", weights = v, noise = noise,
                     prior = prior, start = fit, control = control)
      expect_equal(unname(boot$replicates[row, ]),
                   unname(estimates_of(one)$value), tolerance = 1e-6,
                   label = paste(kind, row))
    }
  }
})

test_that("intervals have their definitions", {
  fit <- gmm_fit(faithful, 2, "VVV", control = quiet())
  boot <- bootstrap_of(fit, n = 199)
  name <- "mean[1, waiting]"
  ends <- quantile(boot$replicates[, name], c(0.05, 0.95), type = 6,
                   names = FALSE)
  expect_equal(drop(unname(confint(boot, name, level = 0.9))), ends)
  basic <- confint(boot, name, level = 0.9, interval = "basic")
  expect_equal(drop(unname(basic)), 2 * fit$means[[1, 2]] - rev(ends))
  normal <- confint(boot, name, interval = "normal")
  expect_equal(drop(unname(normal)), fit$means[[1, 2]] +
                 c(-1, 1) * qnorm(0.975) * sd(boot$replicates[, name]))
  r <- vapply(seq_len(199), function(i) {
    v <- boot$replicates[i, ]
    v[["cov[1, eruptions, waiting]"]] /
      sqrt(v[["var[1, eruptions]"]] * v[["var[1, waiting]"]])
  }, 0)
  expect_equal(drop(vcov(boot, parm = "cor[1, eruptions, waiting]")), var(r),
               ignore_attr = TRUE)
})

test_that("gmm_bootstrap() prints, draws, and says what is wrong", {
  fit <- gmm_fit(faithful, 2, "EEE", control = quiet())
  boot <- bootstrap_of(fit, n = 50)
  expect_output(print(boot), "Non-parametric bootstrap of a Gaussian mixture")
  expect_snapshot(error = TRUE, {
    gmm_bootstrap(fit, n = 1)
    gmm_bootstrap(fit, type = "bayes")
    gmm_bootstrap(fit, data = iris)
    gmm_bootstrap(fit, 99, "jackknife", threads = 2)
    confint(bootstrap_of(fit, type = "jackknife"), interval = "basic")
  })
})
