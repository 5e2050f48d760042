# Standard errors, intervals and tests of k for gmm_fit(): agreement first, then
# time, then coverage and error rates by simulation.
#
#   Rscript tests/bench/gmm-inference.R [LIBRARY] [SIMULATIONS] [PARTS] [MODELS]
#
# SIMULATIONS (1000) is their number for each model and kind of data; PARTS (all
# of agreement,time,diabetes,coverage,nulls) and MODELS of coverage and nulls
# (all of VVV,EEE,VVI,VEE,EII) are separated by commas. Times are those of a
# package that is compiled to bytes, as R CMD INSTALL leaves it.

arguments <- commandArgs(TRUE)
if (length(arguments) > 0L) .libPaths(c(arguments[1], .libPaths()))
n_sim <- if (length(arguments) > 1L) as.integer(arguments[2]) else 1000L
parts <- if (length(arguments) > 2L) strsplit(arguments[3], ",")[[1]] else
  c("agreement", "time", "diabetes", "coverage", "nulls")
models <- if (length(arguments) > 3L) strsplit(arguments[4], ",")[[1]] else
  c("VVV", "EEE", "VVI", "VEE", "EII")
suppressPackageStartupMessages(library(gmvae))

quiet <- function(...) gmm_control(verbose = FALSE, ...)

# Three components in three columns, apart but not far: n rows of a mixture
# whose covariances are of the given model.
truth_of <- function(model) {
  base <- matrix(c(1, 0.4, 0.2, 0.4, 1.5, -0.3, 0.2, -0.3, 0.8), 3)
  other <- matrix(c(1.6, -0.5, 0.1, -0.5, 0.7, 0.2, 0.1, 0.2, 1.1), 3)
  covariances <- switch(model,
    VVV = list(base, other, diag(c(0.6, 1.2, 0.9)) + 0.15),
    EEE = list(base, base, base),
    VVI = list(diag(c(1, 1.5, 0.8)), diag(c(1.6, 0.7, 1.1)),
               diag(c(0.6, 1.2, 0.9))),
    VEE = list(base, 0.6 * base, 1.5 * base)
  )
  list(weights = c(0.5, 0.3, 0.2),
       means = rbind(c(0, 0, 0), c(5, 1, -4), c(-1, 6, 4)),
       covariances = array(unlist(covariances), c(3, 3, 3)))
}

draw <- function(truth, n) {
  z <- sample(3, n, replace = TRUE, prob = truth$weights)
  x <- matrix(rnorm(3 * n), n)
  for (k in 1:3) {
    x[z == k, ] <- sweep(x[z == k, , drop = FALSE] %*%
                           chol(truth$covariances[, , k]), 2,
                         truth$means[k, ], "+")
  }
  `colnames<-`(x, c("a", "b", "c"))
}

# Estimates of a truth, named as confint() names them.
true_values <- function(truth, fit, names) {
  # The components of a fit in the order of the truth.
  of <- apply(fit$means, 1, function(m) {
    which.min(colSums((t(truth$means) - m)^2))
  })
  if (anyDuplicated(of)) return(NULL)
  sorted <- fit
  sorted$weights[] <- truth$weights[of]
  sorted$means[] <- truth$means[of, ]
  sorted$covariances[] <- truth$covariances[, , of]
  base <- gmvae:::estimates_of(sorted)
  gmvae:::derive_estimates(base, names)
}

if ("agreement" %in% parts) {
  cat("Standard errors: information matrix over a 2,000-fold parametric",
      "bootstrap\n(range of the ratio over weights, means, variances and",
      "covariances; n = 2000)\n")
  for (model in c("VVV", "EEE", "VVI", "VEE")) {
    set.seed(1)
    x <- draw(truth_of(model), 2000)
    fit <- gmm_fit(x, 3, model, control = quiet())
    boot <- gmm_bootstrap(fit, 2000, "parametric")
    ours <- sqrt(diag(vcov(fit)))
    ratio <- (ours / sqrt(diag(vcov(boot))))[ours > 0]
    cat(sprintf("  %s  %.3f to %.3f, median %.3f\n", model, min(ratio),
                max(ratio), median(ratio)))
  }
}

if ("time" %in% parts && requireNamespace("mclust", quietly = TRUE)) {
  suppressMessages(library(mclust))
  cat("\n999 non-parametric bootstrap fits: standard errors, then seconds\n")
  for (data in list(faithful, iris[, 1:4])) {
    set.seed(1)
    fit <- gmm_fit(data, 2, "VVV", control = quiet())
    theirs <- Mclust(data, 2, "VVV", verbose = FALSE)
    # In its first calls R loads and compiles code of each, for 10 milliseconds.
    # Then elapsed seconds, and processor seconds, which a busy machine does not
    # change.
    for (call in 1:8) {
      gmm_bootstrap(fit, 2, data = data, n_threads = 2)
      MclustBootstrap(theirs, nboot = 2, type = "bs", verbose = FALSE)
    }
    ours_s <- system.time(
      boot <- gmm_bootstrap(fit, 999, data = data, n_threads = 2)
    )
    theirs_s <- system.time(
      reference <- MclustBootstrap(theirs, nboot = 999, type = "bs",
                                   verbose = FALSE)
    )
    se <- summary(reference, what = "se")$mean
    order <- order(theirs$parameters$pro, decreasing = TRUE)
    means <- sqrt(diag(vcov(boot, parm = "mean")))
    cat(sprintf(paste("  %d x %d: se of means, ours over mclust's %.2f to",
                      "%.2f\n"),
                nrow(data), ncol(data), min(means / se[, order]),
                max(means / se[, order])))
    for (what in c("elapsed", "user.self")) {
      cat(sprintf("    %-9s  ours %.3f s, mclust %.3f s: %.1f times\n", what,
                  ours_s[[what]], theirs_s[[what]],
                  theirs_s[[what]] / ours_s[[what]]))
    }
  }
}

if ("diabetes" %in% parts && requireNamespace("mclust", quietly = TRUE)) {
  data("diabetes", package = "mclust")
  x <- diabetes[, -1]
  x$insulin[104] <- 455  # a misprint in the package, see ?mclust::diabetes
  set.seed(1)
  cat("\ndiabetes (corrected), VVV; published by mclust: 369.985, 121.107,",
      "19.901\n")
  print(gmm_lrt(x, 1:4, "VVV", control = quiet()))
}

if ("coverage" %in% parts) {
  cat(sprintf("\nCoverage of 95%% intervals, n = 500, %d simulations: weight,",
              n_sim), "mean, var, cov, cor\n")
  kinds <- c("weight", "mean", "var", "cov", "cor")
  for (model in intersect(c("VVV", "EEE", "VVI", "VEE"), models)) {
    truth <- truth_of(model)
    for (kind in c("complete", "10% missing", "weights")) {
      set.seed(1)
      hits <- lapply(seq_len(n_sim), function(i) {
        x <- draw(truth, 500)
        w <- NULL
        if (kind == "10% missing") {
          x[sample(length(x), 150)] <- NA
          x <- x[rowSums(!is.na(x)) > 0, ]
        }
        if (kind == "weights") w <- runif(500, 0.5, 1.5)
        fit <- gmm_fit(x, 3, model, weights = w, na_action = "em",
                       control = quiet(n_init = 2))
        limits <- tryCatch(suppressWarnings(confint(
          fit, kinds, data = x,
          # The weights are not numbers of rows.
          information = if (is.null(w)) "observed" else "sandwich"
        )),
                           error = function(cnd) NULL)
        if (is.null(limits)) return(NULL)
        value <- true_values(truth, fit, rownames(limits))
        if (is.null(value)) return(NULL)
        inside <- value >= limits[, 1] & value <= limits[, 2]
        inside[limits[, 2] == limits[, 1]] <- NA
        tapply(inside, gmvae:::kind_of(rownames(limits)), mean, na.rm = TRUE)
      })
      hits <- do.call(rbind, hits)
      rates <- colMeans(hits, na.rm = TRUE)[kinds]
      rates <- rates[!is.nan(rates)]
      cat(sprintf("  %s %-12s", model, kind),
          sprintf("%s %.1f", names(rates), 100 * rates),
          sprintf(" (%d failed)\n", n_sim - nrow(hits)))
      flush(stdout())
    }
  }
}

if ("nulls" %in% parts) {
  n_null <- max(n_sim %/% 10L, 10L)
  cat(sprintf("\nOne Gaussian: share of k > 1 in %d sets, by tests at 5%% and",
              n_null), "by BIC\n")
  for (n in c(100, 500, 5000)) {
    for (model in intersect(c("VVV", "EEE", "EII"), models)) {
      set.seed(n)
      chosen <- replicate(n_null, {
        x <- matrix(rnorm(2 * n), n)
        c(gmm_fit(x, 1:3, model, criterion = "test",
                  control = quiet(n_boot = 199, n_init = 2))$k,
          gmm_fit(x, 1:3, model, control = quiet(n_init = 2))$k)
      })
      cat(sprintf("  %s n = %4d: %4.1f%% and %4.1f%%\n", model, n,
                  100 * mean(chosen[1, ] > 1), 100 * mean(chosen[2, ] > 1)))
    }
  }
}
