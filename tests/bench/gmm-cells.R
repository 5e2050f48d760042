# gmm_fit() beside mclust, cell by cell: the BIC of every (k, model) for
# k = 1:9, each with its defaults, on data of datasets and mclust:
#   Rscript tests/bench/gmm-cells.R [data set]...      default: all
# BIC is in gmm_fit()'s sign, smaller is better. A cell of gmm_fit() is worse if
# its BIC is above mclust's by more than 1e-6 per row of the data, or if only
# mclust has one. The exit status is 1 if there is such a cell where mclust's
# solution is not degenerate.

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

print_counts <- function(cells, times) {
  ours <- !is.na(cells$bic)
  theirs <- !is.na(cells$bic_mclust)
  say("  %d cells: a value from both in %d, only from mclust in %d,",
      nrow(cells), sum(ours & theirs), sum(theirs & !ours))
  say("    only from gmm_fit() in %d", sum(ours & !theirs))
  say("  gmm_fit() worse in %d; better by more than 0.01 in %d, than 10 in %d",
      sum(cells$worse), sum(cells$gain > 0.01, na.rm = TRUE),
      sum(cells$gain > 10, na.rm = TRUE))
  say("  best: mclust %s; gmm_fit() %s", winner(cells, "bic_mclust"),
      winner(cells))
  say("  seconds: mclust %.1f, gmm_fit() %.1f", times[["mclust"]],
      times[["gmm_fit"]])
}

print_worse <- function(cells) {
  ours <- ifelse(is.na(cells$bic), paste("none:", cells$reason),
                 sprintf("%.6f", cells$bic))
  verdict <- ifelse(is.na(cells$degeneracy), "sound",
                    paste("degenerate:", cells$degeneracy))
  say("  worse %s,%d: mclust %.6f, gmm_fit() %s; mclust's is %s", cells$model,
      cells$k, cells$bic_mclust, ours, verdict)
}

# How many cells are worse than a sound solution of mclust.
compare <- function(name) {
  x <- as.matrix(data_sets[[name]])
  say("\n%s: n = %d, d = %d", name, nrow(x), ncol(x))
  times <- c(mclust = seconds(theirs <- mclust_search(x, 1:9)))
  set.seed(1)
  times[["gmm_fit"]] <- seconds(
    fit <- gmm_fit(x, k = 1:9, control = gmm_control(verbose = FALSE))
  )
  cells <- compare_searches(fit$search, theirs, nrow(x))
  print_counts(cells, times)
  worse <- cells[cells$worse, ]
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
say("\n%d cells are worse than a sound solution of mclust", n_worse)
quit(status = as.integer(n_worse > 0L))
