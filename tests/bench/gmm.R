# Seconds per EM iteration of gmm_fit() beside mclust, full covariance:
#   Rscript tests/bench/gmm.R [n d k]...      default: 20000 10 10 100000 10 10
# Same data, same start; agreement is printed before any time. A time is the
# difference between a long and a short run over the iterations between them.

library(gmvae)

simulate_groups <- function(n, d, k) {
  group <- sample.int(k, n, replace = TRUE)
  centres <- matrix(rnorm(k * d, sd = 2), k)
  spread <- runif(k, 0.7, 1.5)
  list(x = centres[group, ] + spread[group] * matrix(rnorm(n * d), n),
       # A start that EM has something to do from.
       start = ifelse(runif(n) < 0.3, sample.int(k, n, replace = TRUE), group))
}

seconds <- function(expr) system.time(expr)[["elapsed"]]

ours <- function(data, k, iterations, n_threads) {
  control <- gmm_control(max_iter = iterations, tol = 1e-300, verbose = FALSE,
                         n_threads = n_threads)
  options <- c(unclass(control), list(k = k, model = "VVV",
                                      start = data$start - 1L))
  gmvae:::cpp_gmm_fit(data$x, options, 1, NULL)
}

theirs <- function(data, k, iterations) {
  control <- mclust::emControl(itmax = iterations, tol = 1e-300)
  mclust::meVVV(data$x, mclust::unmap(data$start), control = control)
}

per_iteration <- function(run, long, short = 1L) {
  once <- function() (seconds(run(long)) - seconds(run(short))) / (long - short)
  median(replicate(3, once()))
}

compare <- function(n, d, k, with_mclust) {
  set.seed(1)
  data <- simulate_groups(n, d, k)
  cat(sprintf("\nn = %d, d = %d, k = %d: at least %.3g Gflop an iteration\n",
              n, d, k, 2 * n * k * d^2 / 1e9))
  mine <- ours(data, k, 5L, 1L)
  bits <- identical(mine$history, ours(data, k, 5L, 2L)$history)
  cat("  1 and 2 threads give the same bits:", bits, "\n")
  if (with_mclust) {
    peer <- suppressWarnings(theirs(data, k, 5L))$loglik
    cat(sprintf("  log-likelihood, relative difference: %.1e\n",
                abs(mine$loglik - peer) / abs(peer)))
  }
  one <- per_iteration(function(i) ours(data, k, i, 1L), 21L)
  two <- per_iteration(function(i) ours(data, k, i, 2L), 21L)
  cat(sprintf("  gmm_fit, 1 thread   %7.4f s\n", one))
  cat(sprintf("  gmm_fit, 2 threads  %7.4f s  (%.2fx)\n", two, one / two))
  if (with_mclust) {
    peer <- per_iteration(function(i) suppressWarnings(theirs(data, k, i)), 4L)
    cat(sprintf("  mclust              %7.4f s  (%.0fx)\n", peer, peer / two))
  }
}

sizes <- as.integer(commandArgs(TRUE))
if (length(sizes) == 0L) sizes <- c(20000L, 10L, 10L, 100000L, 10L, 10L)
with_mclust <- requireNamespace("mclust", quietly = TRUE)
if (!with_mclust) cat("mclust is not installed: no comparison\n")
cat("cores:", parallel::detectCores(), "\n")
for (i in seq(1, length(sizes), by = 3)) {
  compare(sizes[i], sizes[i + 1], sizes[i + 2], with_mclust)
}
