# gmm_fit() beside mclust, candidate by candidate: the BIC of every (k, model)
# for k = 1:9, each with its defaults, on data of datasets and mclust:
#   Rscript tests/bench/gmm-candidates.R [data set]...      default: all
# BIC is in gmm_fit()'s sign, smaller is better. A candidate of gmm_fit() is
# worse if its BIC is above mclust's by more than 1e-6 per row of the data, or
# if only mclust has one. The exit status is 1 if there is such a candidate
# where mclust's solution is not degenerate.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(script), "gmm-helpers.R"))
if (!has_mclust) stop("mclust must be installed: it is what we compare with.")

data_sets <- list(
  iris = iris[, 1:4],
  faithful = faithful,
  diabetes = mclust::diabetes[, -1],
  banknote = mclust::banknote[, -1],
  thyroid = mclust::thyroid[, -1],
  wdbc = mclust::wdbc[, 3:12],
  acidity = mclust::acidity,
  wreath = mclust::wreath
)

winner <- function(search, bic = "bic") {
  best <- search[which.min(search[[bic]]), ]
  sprintf("%s,%d %.4f", best$model, best$k, best[[bic]])
}

print_counts <- function(candidates, times) {
  ours <- !is.na(candidates$bic)
  theirs <- !is.na(candidates$bic_mclust)
  say("  %d candidates: a value from both in %d, only from mclust in %d,",
      nrow(candidates), sum(ours & theirs), sum(theirs & !ours))
  say("    only from gmm_fit() in %d", sum(ours & !theirs))
  say("  gmm_fit() worse in %d; better by more than 0.01 in %d, than 10 in %d",
      sum(candidates$worse), sum(candidates$gain > 0.01, na.rm = TRUE),
      sum(candidates$gain > 10, na.rm = TRUE))
  say("  best: mclust %s; gmm_fit() %s", winner(candidates, "bic_mclust"),
      winner(candidates))
  say("  seconds: mclust %.1f, gmm_fit() %.1f", times[["mclust"]],
      times[["gmm_fit"]])
}

print_worse <- function(candidates) {
  ours <- ifelse(is.na(candidates$bic), paste("none:", candidates$reason),
                 sprintf("%.6f", candidates$bic))
  verdict <- ifelse(is.na(candidates$degeneracy), "sound",
                    paste("degenerate:", candidates$degeneracy))
  say("  worse %s,%d: mclust %.6f, gmm_fit() %s; mclust's is %s",
      candidates$model, candidates$k, candidates$bic_mclust, ours, verdict)
}

# How many candidates are worse than a sound solution of mclust.
compare <- function(name) {
  x <- as.matrix(data_sets[[name]])
  say("\n%s: n = %d, d = %d", name, nrow(x), ncol(x))
  times <- c(mclust = seconds(theirs <- mclust_search(x, 1:9)))
  set.seed(1)
  times[["gmm_fit"]] <- seconds(
    fit <- gmm_fit(x, k = 1:9, control = gmm_control(verbose = FALSE))
  )
  candidates <- compare_searches(fit$search, theirs, nrow(x))
  print_counts(candidates, times)
  worse <- candidates[candidates$worse, ]
  worse$degeneracy <- vapply(seq_len(nrow(worse)), function(i) {
    degeneracy(x, worse$k[i], worse$model[i])
  }, "")
  if (nrow(worse) > 0L) print_worse(worse)
  sum(is.na(worse$degeneracy))
}

chosen <- commandArgs(TRUE)
if (length(chosen) == 0L) chosen <- names(data_sets)
chosen <- match.arg(chosen, names(data_sets), several.ok = TRUE)
n_worse <- sum(vapply(chosen, compare, 0L))
say("\n%d candidates are worse than a sound solution of mclust", n_worse)
quit(status = as.integer(n_worse > 0L))
