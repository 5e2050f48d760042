# Densities, regions, imputation and exchange with mclust: agreement first, then
# time.
#   Rscript tests/bench/gmm-densities.R [LIBRARY] [SIMULATIONS]
# Every number that mclust gives for the same parameters, the levels of regions
# against draws, and the coverage of intervals from imputed data.
arguments <- commandArgs(TRUE)
if (length(arguments) > 0) .libPaths(c(arguments[1], .libPaths()))
simulations <- if (length(arguments) > 1) as.integer(arguments[2]) else 500L
suppressMessages(library(gmvae))
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(),
                                                 value = TRUE))),
                 "gmm-helpers.R"))
quiet <- gmm_control(verbose = FALSE)

# -- Agreement with mclust -----------------------------------------------------

compare <- function(what, ours, theirs) {
  difference <- max(abs(unname(c(ours)) - unname(c(theirs))))
  say("%-44s %8d %10.1e  %s", what, length(c(ours)), difference,
      if (difference < 1e-6) "ok" else "DIFFERS")
}

if (has_mclust) {
  suppressMessages(library(mclust))
  say("%-44s %8s %10s", "number, same parameters", "values",
      "largest |difference|")
  precise <- emControl(tol = c(1e-12, 1e-12), itmax = c(1e5, 1e5))
  x <- as.matrix(iris[, 1:4])
  for (model in gmm_models()$code) {
    m <- Mclust(x, 3, model, control = precise, verbose = FALSE)
    fit <- as_gmm_fit(m)
    d <- as.densityMclust(m)
    compare(paste(model, "density"), predict(fit, x, "density"), predict(d, x))
    compare(paste(model, "probabilities"), predict(fit, x, "posterior"),
            predict(m, x)$z)
    compare(paste(model, "logLik, BIC, ICL, df"),
            c(fit$loglik, fit$bic, fit$icl, fit$df),
            c(m$loglik, -m$bic, -m$icl, m$df))
    back <- as.Mclust(gmm_fit(x, 3, model, start = iris$Species,
                              control = quiet))
    ours <- gmm_fit(x, 3, model, start = iris$Species, control = quiet)
    compare(paste(model, "as.Mclust, probabilities"), predict(back)$z,
            ours$posterior)
  }
  for (set in list(acidity, faithful$waiting, log(rivers))) {
    for (k in 1:4) {
      d <- densityMclust(set, G = k, plot = FALSE, verbose = FALSE)
      fit <- as_gmm_fit(d)
      name <- sprintf("%d values, %s,%d", length(set), d$modelName, k)
      at <- sort(set)
      compare(paste(name, "density"), predict(fit, at, "density"),
              predict(d, at))
      compare(paste(name, "cdf"), predict(fit, at, "cdf"), cdfMclust(d, at)$y)
      p <- seq(0.005, 0.995, by = 0.005)
      compare(paste(name, "quantiles"), quantile(fit, p), quantileMclust(d, p))
      level <- c(0.25, 0.5, 0.75, 0.95)
      compare(paste(name, "hdrlevels"),
              unique(hdr(fit, level, newdata = set)$density),
              hdrlevels(predict(d, set), level))
    }
  }
  noisy <- Mclust(x, 2, "VVV", verbose = FALSE,
                  initialization = list(noise = c(42, 107, 118, 132)))
  fit <- as_gmm_fit(noisy)
  compare("noise, probabilities", predict(fit, x, "posterior"),
          predict(noisy, x)$z)
  compare("noise, density", predict(fit, x, "density"),
          predict(as.densityMclust(noisy), x))
  a <- Mclust(x, 3, verbose = FALSE)$classification
  compare("adjustedRandIndex", adjusted_rand_index(a, iris$Species),
          adjustedRandIndex(a, iris$Species))
  compare("classError", classification_error(a, iris$Species),
          classError(a, iris$Species)$errorRate)
  compare("majorityVote", majority_vote(a[100:150]),
          as.numeric(majorityVote(a[100:150])$majority))
}

# -- Regions hold their levels -------------------------------------------------

level <- c(0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
say("\nShare of a million draws in regions of level %s, largest error:",
    toString(level))
cases <- list(
  "waiting, V,2" = gmm_fit(faithful["waiting"], 2, "V", control = quiet),
  "faithful, VVV,3" = gmm_fit(faithful, 3, "VVV", control = quiet),
  "iris, VEV,3" = gmm_fit(iris[, 1:4], 3, "VEV", control = quiet),
  "iris with noise" = gmm_fit(iris[, 1:4], 3, "VEV", noise = 0.05,
                              control = quiet)
)
for (name in names(cases)) {
  fit <- cases[[name]]
  border <- unique(hdr(fit, level)[c("level", "density")])
  density <- predict(fit, simulate(fit, 1e6, seed = 1), "density")
  held <- vapply(border$density, function(b) mean(density >= b), 0)
  say("  %-18s %.4f", name, max(abs(held - border$level)))
}

# -- Imputation ----------------------------------------------------------------

# Two groups, a bent relation, and y missing for a third of the rows, more often
# for large x. The coefficients of y on x and x^2 in the population come from a
# million rows.
draw_population <- function(n) {
  group <- rbinom(n, 1, 0.4)
  x <- rnorm(n) + 3 * group
  data.frame(x, y = 1 + 0.5 * x - 2 * group + rnorm(n))
}
analyse <- function(data) lm(y ~ x + I(x^2), data)

covers <- function(pooled, truth) {
  ends <- summary(pooled, conf.int = TRUE)[c("2.5 %", "97.5 %")]
  ends[[1]] <= truth & ends[[2]] >= truth
}

if (requireNamespace("mice", quietly = TRUE)) {
  set.seed(1)
  truth <- coef(analyse(draw_population(1e6)))
  found <- replicate(simulations, {
    data <- draw_population(200)
    data$y[runif(200) < plogis(data$x - 2)] <- NA
    fit <- gmm_fit(data, 2, "VVV", na_action = "em", control = quiet)
    one <- function(proper) {
      sets <- impute(fit, data, m = 20, proper = proper, data = data)
      covers(mice::pool(lapply(sets, analyse)), truth)
    }
    ends <- confint(analyse(data))
    c(one(TRUE), one(FALSE), ends[, 1] <= truth & ends[, 2] >= truth)
  })
  share <- matrix(rowMeans(found), 3, dimnames = list(
    names(truth), c("proper", "improper", "complete rows")
  ))
  say("\nCoverage of 95%% intervals in %d simulations (n = 200, m = 20):",
      simulations)
  print(round(share, 3))
}

# -- Time ----------------------------------------------------------------------

say("\nSeconds:")
fit <- cases[["waiting, V,2"]]
say("  1,000 quantiles       %.3f",
    median_seconds(function() quantile(fit, ppoints(1000))))
say("  hdr() of one column   %.3f", median_seconds(function() hdr(fit, 0.95)))
plane <- cases[["faithful, VVV,3"]]
say("  hdr() of two columns  %.3f", median_seconds(function() hdr(plane, 0.95)))
if (has_mclust) {
  d <- as.densityMclust(as.Mclust(fit, data = faithful["waiting"]))
  say("  mclust's 1,000 quantiles  %.3f",
      median_seconds(function() quantileMclust(d, ppoints(1000))))
}
