# Does check_fit() tell likelihoods apart?  Rscript tests/bench/checks.R [sets]
#
# Simulated sets of 300 cells x 200 genes in four kinds, fitted with defaults.
# Bars: a wrong likelihood is flagged in at least 95 of 100 sets, the right one
# in at most 5.
library(gmvae)
source("tests/testthat/helper-data.R")

n_sets <- as.integer(c(commandArgs(TRUE), 100)[1])

flagged <- function(truth, likelihood, depth, seed) {
  set.seed(seed)
  x <- simulate_counts(truth, n = 300, genes = 200, k = 4, depth = depth)$counts
  x <- x[, colSums(x) > 0]
  fit <- suppressWarnings(suppressMessages(
    gmvae(x, 4, likelihood = likelihood,
          control = gmvae_control(verbose = FALSE, n_threads = 1))
  ))
  length(check_fit(fit, x, nsim = 10)$flagged) > 0
}

cases <- data.frame(
  truth = c("poisson", "nb", "zinb", "nb", "zinb", "zinb"),
  fitted = c("poisson", "nb", "zinb", "poisson", "nb", "poisson")
)
for (depth in c(20, 5)) {
  for (i in seq_len(nrow(cases))) {
    began <- proc.time()[["elapsed"]]
    share <- mean(vapply(seq_len(n_sets), function(seed) {
      flagged(cases$truth[i], cases$fitted[i], depth, seed)
    }, NA))
    right <- cases$truth[i] == cases$fitted[i]
    met <- if (right) share <= 0.05 else share >= 0.95
    cat(sprintf("%-8s fitted to %-8s %.1f counts a gene: ", cases$fitted[i],
                cases$truth[i], depth / 10),
        sprintf("flagged %5.1f%% (%s) %s  %.0f s\n", 100 * share,
                if (right) "at most 5%" else "at least 95%",
                if (met) "met" else "MISSED",
                proc.time()[["elapsed"]] - began), sep = "")
  }
}
