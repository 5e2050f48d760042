# gmm_fit() on rows that are not in memory: peak memory, time of each pass, the
# same bits as in memory; what several workers gain; and what a model of compute
# and transfer says of more of them.
#
#   Rscript tests/bench/scale-gmm.R N [PART ...]
#
# N rows of 10 columns (1e8: 8 GB in the folder of options(gmvae.cache), or
# GMVAE_CACHE). Parts: memory (the default), same, workers, kill, model. Each
# part can run in a process of its own, as the peak memory is that of the
# process.

library(gmvae)
arguments <- commandArgs(TRUE)
n <- if (length(arguments) > 0L) as.numeric(arguments[1]) else 1e6
parts <- if (length(arguments) > 1L) arguments[-1] else "memory"
if (nzchar(Sys.getenv("GMVAE_CACHE"))) {
  options(gmvae.cache = Sys.getenv("GMVAE_CACHE"))
}

# Ten groups; a row depends on its number alone.
set.seed(1)
k <- 10
d <- 10
base <- matrix(rnorm(1e5 * d), ncol = d)
means <- matrix(rnorm(k * d, sd = 3), k)
group <- sample(k, 1e5, TRUE, prob = k:1)
for (j in seq_len(k)) {
  turn <- matrix(rnorm(d^2), d) / sqrt(d) + diag(d)
  base[group == j, ] <- base[group == j, ] %*% turn
}
base <- base + means[group, ]
read <- function(from, to) {
  i <- from:to
  base[(i * 7919) %% 1e5 + 1, ] + 0.2 * sin(outer(i, seq_len(d)))
}
rows <- row_source(read, c(n, d))

peak_memory <- function() {
  line <- grep("VmHWM", readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024^2
}
fit_rows <- function(x, ..., max_iter = 20, n_threads = 2) {
  set.seed(2)
  time <- system.time(fit <- suppressWarnings(gmm_fit(
    x, k, "VVV", ...,
    control = gmm_control(n_init = 4, max_iter = max_iter,
                          n_threads = n_threads, verbose = FALSE)
  )))
  fit$seconds <- time[["elapsed"]]
  fit
}
values <- function(fit) {
  fit[c("loglik", "history", "means", "covariances", "weights", "entropy",
        "n_iter", "starts")]
}
say <- function(...) cat(sprintf(...), "\n", sep = "")

if ("memory" %in% parts) {
  say("before: %.2f GB", peak_memory())
  fit <- fit_rows(rows, max_iter = as.numeric(Sys.getenv("MAX_ITER", "5")))
  say("%g rows x %d, VVV, k = %d: %.0f s, %d iterations, peak %.2f GB", n, d, k,
      fit$seconds, fit$n_iter, peak_memory())
  time <- system.time(gmm_fit(
    rows, k, "VVV", start = coef(fit), keep_posterior = FALSE,
    control = gmm_control(max_iter = 1, tol = 0, verbose = FALSE)
  ))
  say("written, scanned and two passes more: %.0f s", time[["elapsed"]])
}

if ("same" %in% parts) {
  x <- read(1, n)
  memory <- fit_rows(x, keep_posterior = FALSE)
  disk <- fit_rows(rows, keep_posterior = FALSE)
  say("in memory %.1f s, on disk %.1f s, identical: %s", memory$seconds,
      disk$seconds, identical(values(memory), values(disk)) &&
        identical(memory$cluster, disk$cluster))
}

# One thread each, so that workers are what differs.
if ("workers" %in% parts) {
  alone <- fit_rows(rows, n_threads = 1)
  say("this session: %.1f s", alone$seconds)
  for (n_workers in 1:3) {
    workers <- BiocParallel::bpstart(BiocParallel::SnowParam(n_workers))
    shared <- fit_rows(rows, BPPARAM = workers, n_threads = 1)
    BiocParallel::bpstop(workers)
    say("%d workers: %.1f s, identical: %s", n_workers, shared$seconds,
        identical(values(alone), values(shared)))
  }
}

# A worker is killed in each of ten fits, at a random time.
if ("kill" %in% parts) {
  shared_fit <- function(kill_after = NULL) {
    workers <- BiocParallel::bpstart(BiocParallel::SnowParam(2))
    on.exit(try(BiocParallel::bpstop(workers), silent = TRUE))
    pids <- unlist(BiocParallel::bplapply(1:2, function(i) Sys.getpid(),
                                          BPPARAM = workers))
    if (!is.null(kill_after)) {
      system(sprintf("(sleep %.2f; kill -9 %d) &", kill_after, sample(pids, 1)))
    }
    fit_rows(rows, BPPARAM = workers, n_threads = 2)
  }
  undisturbed <- shared_fit()
  usual <- min(undisturbed$seconds, shared_fit()$seconds)
  say("undisturbed: %.1f s", usual)
  set.seed(Sys.getpid())
  times <- runif(10, 0.1, 0.8) * usual
  for (time in times) {
    fit <- shared_fit(time)
    say("killed after %5.1f s: %5.1f s, %.2f times, identical: %s", time,
        fit$seconds, fit$seconds / usual,
        identical(values(fit), values(undisturbed)))
  }
}

# Seconds for a pass with W workers of one thread: what is computed, divided;
# asking; parameters to each and sums of 64 shards back. What the model leaves
# out: unequal machines, a shared disk, and that a file that no machine's memory
# holds is read again in each pass.
if ("model" %in% parts) {
  some <- read(1, 1e6)
  start <- coef(fit_rows(some, keep_posterior = FALSE, max_iter = 2))
  passes <- function(n_passes, x = some, ...) {
    system.time(gmm_fit(
      x, k, "VVV", start = start, keep_posterior = FALSE, ...,
      control = gmm_control(max_iter = n_passes, tol = 0, n_threads = 1,
                            accelerate = FALSE, verbose = FALSE)
    ))[["elapsed"]]
  }
  a_row <- (passes(12) - passes(2)) / 10 / nrow(some)
  tiny <- read(1, 5000)
  workers <- BiocParallel::bpstart(BiocParallel::SnowParam(2))
  asking <- (passes(52, tiny, BPPARAM = workers) -
               passes(2, tiny, BPPARAM = workers)) / 50
  BiocParallel::bpstop(workers)
  say("measured: %.0f ns a row, %.3f s to ask two workers by sockets",
      1e9 * a_row, asking)
  parameters <- 8 * (k * d^2 + k * d + k)
  sums <- 64 * 8 * (2 + k + k * d + k * d^2)
  cat("a pass of 1e8 rows in seconds, and how many times faster than one\n")
  for (speed in c(1, 10) * 1e9 / 8) {
    for (n_workers in c(1, 4, 16, 64)) {
      time <- 1e8 * a_row / n_workers + asking / 2 * max(n_workers, 2) +
        (n_workers * parameters + sums) / speed
      first <- time + 1e8 * d * 8 / n_workers /
        min(speed / n_workers, speed)  # one server sends every part once
      say("  %2.0f GbE, %2d workers: %7.2f s, %5.1f times; the first %7.1f s",
          speed * 8 / 1e9, n_workers, time, 1e8 * a_row / time, first)
    }
  }
}
