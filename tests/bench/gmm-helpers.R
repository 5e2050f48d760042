# What the benchmarks of gmm_fit() share: times, processes with their own BLAS
# settings, and the comparison of a search with mclust's.

has_mclust <- requireNamespace("mclust", quietly = TRUE)

# Lines of the report: as sprintf(), vectorised.
say <- function(format, ...) cat(paste0(sprintf(format, ...), "\n"), sep = "")

seconds <- function(expr) system.time(expr)[["elapsed"]]

median_seconds <- function(run, repeats = 3L) {
  median(replicate(repeats, seconds(run())))
}

# Processor seconds of all threads: less of what else runs on the machine.
median_processor_seconds <- function(run, repeats = 3L) {
  median(replicate(repeats, sum(system.time(run())[1:2])))
}

# Seconds of one iteration: the difference between a long and a short run over
# the iterations between them, so that what both do once cancels.
per_iteration <- function(run, long, short = 1L, repeats = 3L) {
  once <- function() (seconds(run(long)) - seconds(run(short))) / (long - short)
  median(replicate(repeats, once()))
}

# Standard output of a command that sees OpenBLAS as it chooses itself, not as
# this session may have set it, on so many threads.
with_openblas <- function(n_threads, command, arguments) {
  system2("env", c("-u", "OPENBLAS_CORETYPE", "-u", "OPENBLAS_L2_SIZE",
                   paste0("OPENBLAS_NUM_THREADS=", n_threads), command,
                   arguments), stdout = TRUE)
}

# Candidates of mclust's search, its BIC with the sign of gmm_fit()'s.
mclust_search <- function(x, k) {
  bic <- unclass(mclust::mclustBIC(x, G = k, verbose = FALSE))
  data.frame(k = k[row(bic)], model = colnames(bic)[col(bic)], bic = -c(bic))
}

# One row per candidate of either search: both BICs, whether ours is worse (also
# where only mclust has a value; 1e-6 per row is slack for rounding), and by how
# much ours is better where both have a value.
compare_searches <- function(ours, theirs, n) {
  candidates <- merge(ours[c("k", "model", "bic", "reason")], theirs,
                      by = c("k", "model"), all = TRUE,
                      suffixes = c("", "_mclust"))
  candidates$gain <- candidates$bic_mclust - candidates$bic
  candidates$worse <- !is.na(candidates$bic_mclust) &
    (is.na(candidates$bic) | candidates$gain < -1e-6 * n)
  candidates
}

# Why mclust's solution of a candidate is degenerate, or becomes so when its EM
# runs on to convergence; NA where it is sound.
degeneracy <- function(x, k, model) {
  mclustBIC <- mclust::mclustBIC  # Mclust() looks for it where it is called
  fit <- mclust::Mclust(x, G = k, modelNames = model, verbose = FALSE)
  d <- ncol(x)
  control <- mclust::emControl(tol = 1e-12, itmax = 1e5)
  # me() would look for this on the search path.
  me_model <- getExportedValue("mclust", paste0("me", fit$modelName))
  converged <- me_model(x, fit$z, control = control)
  points <- min(colSums(as.matrix(fit$z)), colSums(as.matrix(converged$z)))
  one_covariance <- model %in% c("E", "EII", "EEI", "EEE")
  if (!one_covariance && points < d + 1) {
    return(sprintf("a component on %.2f effective points", points))
  }
  ratio <- min(eigenvalue_ratios(fit$parameters$variance, x))
  if (ratio < 1e-10) return(sprintf("an eigenvalue ratio of %.1e", ratio))
  NA_character_
}

# Smallest over largest eigenvalue of each component's covariance, the columns
# of the data scaled to variance 1.
eigenvalue_ratios <- function(variance, x) {
  if (ncol(x) == 1L) return(1)
  scale <- 1 / apply(x, 2, sd)
  apply(variance$sigma, 3, function(sigma) {
    values <- eigen(sigma * outer(scale, scale), TRUE, TRUE)$values
    values[length(values)] / values[1L]
  })
}
