# gmm_fit() beside mclust and scikit-learn: agreement first, then times.
#   Rscript tests/bench/gmm.R [section]...             default: all
# Sections: iteration search models memory acceleration. A peer that is not
# installed is left out, and said to be. Times are medians.

library(gmvae)
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
here <- dirname(script)
source(file.path(here, "gmm-helpers.R"))

# Spherical groups of several sizes, and a partition that EM has something to
# do from: three labels of ten are wrong.
simulate_groups <- function(n, d, k, separation = 2) {
  group <- sample.int(k, n, replace = TRUE)
  centres <- matrix(rnorm(k * d, sd = separation), k)
  spread <- runif(k, 0.7, 1.5)
  list(x = centres[group, ] + spread[group] * matrix(rnorm(n * d), n),
       start = ifelse(runif(n) < 0.3, sample.int(k, n, replace = TRUE), group))
}

# Exactly so many EM iterations from the partition: one is an M-step.
ours <- function(data, k, model, iterations, n_threads = 2L) {
  gmm_fit(
    data$x, k, model, start = data$start, keep_posterior = FALSE,
    control = gmm_control(max_iter = iterations, tol = 0, accelerate = FALSE,
                          n_threads = n_threads, verbose = FALSE)
  )
}

mclust_em <- function(data, model, iterations) {
  control <- mclust::emControl(itmax = iterations,
                               tol = c(1e-300, mclust::emControl()$tol[2]))
  # me() itself looks for these where it is called.
  me_model <- getExportedValue("mclust", paste0("me", model))
  suppressWarnings(
    me_model(data$x, mclust::unmap(data$start), control = control)
  )
}

print_agreement <- function(peer, loglik, theirs) {
  say("  log-likelihood, relative difference from %s: %.1e", peer,
      abs(loglik - theirs) / abs(theirs))
}

print_seconds <- function(who, time, than = NULL) {
  ratio <- if (is.null(than)) "" else sprintf("  (%.1fx)", time / than)
  say("  %-28s %8.4f s%s", who, time, ratio)
}

# -- Section: iteration --------------------------------------------------------

python <- Sys.getenv("PYTHON", "/usr/bin/python3")
has_sklearn <- system2(python, c("-c", shQuote("import sklearn")),
                       stdout = FALSE, stderr = FALSE) == 0L

# Mixture of one M-step from a partition, covariances inverted, as doubles.
first_parameters <- function(data, k) {
  groups <- split(seq_len(nrow(data$x)), factor(data$start, seq_len(k)))
  moments <- lapply(groups, function(rows) {
    stats::cov.wt(data$x[rows, , drop = FALSE], method = "ML")
  })
  c(lengths(groups) / nrow(data$x),
    do.call(rbind, lapply(moments, `[[`, "center")),
    unlist(lapply(moments, function(moment) solve(moment$cov))))
}

# scikit-learn on 1 or 2 threads of OpenBLAS, whichever is faster.
sklearn_em <- function(data, k, iterations, long) {
  file <- tempfile()
  on.exit(unlink(file))
  writeBin(c(data$x, first_parameters(data, k)), file)
  runs <- vapply(1:2, function(n_threads) {
    arguments <- c(file.path(here, "sklearn_em.py"), file, dim(data$x), k,
                   iterations, long, 3)
    line <- with_openblas(n_threads, python, arguments)
    scan(text = line, quiet = TRUE)
  }, c(loglik = 0, seconds = 0))
  best <- which.min(runs["seconds", ])
  list(loglik = runs[["loglik", best]], seconds = runs[["seconds", best]],
       n_threads = best)
}

# Operations per second of OpenBLAS's matrix product on one thread, at its best
# and of processor time: what the machine can do, whatever else runs on it.
dgemm_rate <- function() {
  code <- "a <- matrix(runif(1e6), 1000)
    time <- function() system.time(for (i in 1:5) a %*% a)[[1]] / 5
    warm <- time()
    cat(2e9 / min(replicate(9, time())))"
  as.numeric(with_openblas(1, file.path(R.home("bin"), "Rscript"),
                           c("-e", shQuote(code))))
}

compare_iteration <- function(n, d, k, rate, with_mclust) {
  set.seed(1)
  data <- simulate_groups(n, d, k)
  flops <- 2 * n * k * d^2
  long <- if (n * d > 1e6) 6L else 21L
  say("\nn = %d, d = %d, k = %d", n, d, k)
  fits <- lapply(1:2, function(threads) ours(data, k, "VVV", 5L, threads))
  parts <- c("loglik", "weights", "means", "covariances")
  say("  1 and 2 threads give the same bits: %s",
      identical(fits[[1]][parts], fits[[2]][parts]))
  if (has_sklearn) {
    sklearn <- sklearn_em(data, k, 5L, long)
    print_agreement("scikit-learn", fits[[1]]$loglik, sklearn$loglik)
  }
  if (with_mclust) {
    print_agreement("mclust", fits[[1]]$loglik,
                    mclust_em(data, "VVV", 5L)$loglik)
  }
  times <- vapply(1:2, function(threads) {
    per_iteration(function(i) ours(data, k, "VVV", i, threads), long)
  }, 0)
  print_seconds("gmm_fit(), 1 thread", times[1])
  print_seconds("gmm_fit(), 2 threads", times[2])
  print_seconds("2 n k d^2 flops at dgemm's", flops / rate)
  say("    1 thread takes %.1f times that", times[1] * rate / flops)
  if (has_sklearn) {
    print_seconds(sprintf("scikit-learn, %d thread(s)", sklearn$n_threads),
                  sklearn$seconds, times[2])
  }
  if (with_mclust) {
    peer <- per_iteration(function(i) mclust_em(data, "VVV", i), 4L)
    print_seconds("mclust", peer, times[2])
  }
}

bench_iteration <- function() {
  say("\n== One EM iteration, full covariance (VVV)")
  if (!has_sklearn) say("scikit-learn is not installed: left out")
  rate <- dgemm_rate()
  say("OpenBLAS dgemm, 1000 x 1000, one thread: %.1f GF/s", rate / 1e9)
  compare_iteration(1e5L, 50L, 10L, rate, FALSE)
  compare_iteration(1e5L, 10L, 10L, rate, FALSE)
  compare_iteration(2e4L, 10L, 10L, rate, has_mclust)
  compare_iteration(1e4L, 20L, 10L, rate, has_mclust)
}

# -- Section: search -----------------------------------------------------------

bench_search <- function() {
  say("\n== Search over k = 1:9 and all models, n = 1000, d = 10")
  set.seed(1)
  x <- simulate_groups(1000L, 10L, 5L)$x
  search <- function() {
    set.seed(1)
    gmm_fit(x, k = 1:9, control = gmm_control(verbose = FALSE))
  }
  fit <- search()
  if (has_mclust) {
    candidates <- compare_searches(fit$search, mclust_search(x, 1:9), nrow(x))
    worse <- candidates[candidates$worse, ]
    sound <- vapply(seq_len(nrow(worse)), function(i) {
      is.na(degeneracy(x, worse$k[i], worse$model[i]))
    }, TRUE)
    say("  %d candidates; gmm_fit() worse in %d, better by over 0.01 in %d",
        nrow(candidates), sum(sound), sum(candidates$gain > 0.01, na.rm = TRUE))
    say("  and in %d where mclust's solution is degenerate", sum(!sound))
  }
  time <- median_seconds(search)
  processor <- median_processor_seconds(search)
  print_seconds("gmm_fit(), 2 threads", time)
  print_seconds("  processor time", processor)
  if (has_mclust) {
    mclustBIC <- mclust::mclustBIC  # Mclust() looks for it where it is called
    peer_search <- function() mclust::Mclust(x, G = 1:9, verbose = FALSE)
    print_seconds("mclust", median_seconds(peer_search), time)
    print_seconds("  processor time", median_processor_seconds(peer_search),
                  processor)
  }
}

# -- Section: models -----------------------------------------------------------

compare_model <- function(model, data, k) {
  fit <- ours(data, k, model, 5L)
  times <- vapply(1:2, function(threads) {
    per_iteration(function(i) ours(data, k, model, i, threads), 21L)
  }, 0)
  line <- sprintf("  %s   %8.4f   %8.4f", model, times[1], times[2])
  if (has_mclust) {
    peer <- per_iteration(function(i) mclust_em(data, model, i), 6L)
    theirs <- mclust_em(data, model, 5L)$loglik
    line <- sprintf("%s  %8.4f  %8.1fx  %10.1e", line, peer, peer / times[2],
                    (fit$loglik - theirs) / abs(theirs))
  }
  say("%s", line)
}

bench_models <- function() {
  say("\n== Seconds per iteration of each model, n = 20000, d = 10, k = 5")
  say("  difference: relative, of the log-likelihood after 5 iterations")
  say("        1 thread  2 threads  mclust       ratio  difference")
  set.seed(1)
  data <- simulate_groups(20000L, 10L, 5L)
  codes <- c("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE",
             "VVE", "EEV", "VEV", "EVV", "VVV")
  for (model in codes) compare_model(model, data, 5L)
}

# -- Section: memory -----------------------------------------------------------

bench_memory <- function() {
  say("\n== Peak memory, n = 1e6, d = 20, k = 10")
  if (!file.exists("/proc/self/clear_refs")) {
    say("  this system has no /proc/self: left out")
    return(invisible())
  }
  lines <- system2(file.path(R.home("bin"), "Rscript"),
                   file.path(here, "gmm-memory.R"), stdout = TRUE)
  say("  %s", lines)
}

# -- Section: acceleration -----------------------------------------------------

compare_acceleration <- function(name, x, k, model) {
  set.seed(1)
  start <- kmeans(scale(x), k, iter.max = 50)$cluster
  fit <- function(accelerate) {
    gmm_fit(x, k, model, start = start,
            control = gmm_control(accelerate = accelerate, max_iter = 1e5,
                                  verbose = FALSE))
  }
  plain <- fit(FALSE)
  fast <- fit(TRUE)
  say("  %s, %s,%d: log-likelihood %.8g,", name, model, k, plain$loglik)
  say("    accelerated minus plain, per row: %.1e",
      (fast$loglik - plain$loglik) / nrow(x))
  say("    passes    plain %6d    accelerated %6d  (%.1fx)", plain$n_iter,
      fast$n_iter, plain$n_iter / fast$n_iter)
  times <- c(median_seconds(function() fit(FALSE)),
             median_seconds(function() fit(TRUE)))
  say("    seconds   plain %6.3f    accelerated %6.3f  (%.1fx)", times[1],
      times[2], times[1] / times[2])
}

bench_acceleration <- function() {
  say("\n== Acceleration, to the default tolerance from the same partition")
  compare_acceleration("iris", as.matrix(iris[, 1:4]), 4L, "VVV")
  compare_acceleration("faithful", as.matrix(faithful), 4L, "EEE")
  set.seed(1)
  overlapping <- simulate_groups(20000L, 5L, 5L, separation = 0.7)
  compare_acceleration("overlapping groups, n = 20000, d = 5", overlapping$x,
                       5L, "VVV")
}

sections <- list(iteration = bench_iteration, search = bench_search,
                 models = bench_models, memory = bench_memory,
                 acceleration = bench_acceleration)
chosen <- commandArgs(TRUE)
if (length(chosen) == 0L) chosen <- names(sections)
chosen <- match.arg(chosen, names(sections), several.ok = TRUE)
say("%s kernels, %d cores", gmvae:::cpp_kernels(), parallel::detectCores())
if (!has_mclust) say("mclust is not installed: left out")
for (section in chosen) sections[[section]]()
