# How soon Ctrl-C is heard, in every phase, and what stays behind:
#   Rscript tests/fuzz/interrupts.R [30] [library]
# Sends SIGINT to this process at random moments of each task. Prints the delay
# until R has the interrupt, and threads that are left.

arguments <- commandArgs(TRUE)
n <- if (length(arguments) > 0L) as.integer(arguments[1]) else 30L
if (length(arguments) > 1L) .libPaths(c(arguments[2], .libPaths()))
suppressMessages({
  library(gmvae)
  library(Matrix)
})

n_threads <- function() length(list.files("/proc/self/task"))

set.seed(1)
big <- rsparsematrix(1000, 20000, 0.1, rand.x = function(n) rpois(n, 2) + 1)
dimnames(big) <- list(paste0("g", 1:1000), paste0("c", 1:20000))
many <- big[, rep(seq_len(20000), 4)]
colnames(many) <- paste0("c", seq_len(ncol(many)))
control <- function(...) gmvae_control(verbose = FALSE, n_threads = 2, ...)
fit <- suppressWarnings(suppressMessages(
  gmvae(big[, 1:500], 3, control = control(epochs = 2))
))
rows <- matrix(rnorm(2e5 * 10), ncol = 10)
wide <- matrix(rnorm(2000 * 1500), 2000)
options <- gmm_control(verbose = FALSE, n_threads = 2)
tasks <- list(
  decode = function() predict(fit, many, type = "mean"),
  encode = function() predict(fit, many),
  large_steps = function() {
    gmvae(big, 3, control = control(
      batch_size = 20000, hidden = c(1024, 1024), epochs = 20
    ))
  },
  train = function() gmvae(big, 2:8, control = control(epochs = 20)),
  features = function() {
    gmvae(many, 3, features = 100, control = control(epochs = 50))
  },
  mixture = function() gmm_fit(rows, 1:9, control = options),
  columns = function() gmm_fit(wide, 2, "VVV", control = options)
)

before <- n_threads()
results <- NULL
for (i in seq_len(n)) {
  task <- tasks[[1L + i %% length(tasks)]]
  after <- stats::runif(1, 0.2, 5)
  sent <- tempfile()
  system(sprintf("(sleep %.2f; date +%%s.%%N >%s; kill -INT %d) &", after, sent,
                 Sys.getpid()))
  heard <- tryCatch(
    {
      suppressWarnings(suppressMessages(task()))
      Sys.sleep(10)  # the task was quicker than the signal
      NA
    },
    interrupt = function(cnd) as.numeric(Sys.time())
  )
  delay <- heard - as.numeric(readLines(sent))
  gc()
  results <- rbind(results, data.frame(
    task = names(tasks)[1L + i %% length(tasks)], after = round(after, 2),
    delay = round(delay, 3), threads_left = n_threads() - before
  ))
  print(results[i, ], row.names = FALSE)
}
cat(sprintf("%d interrupts: %.0f%% within 1 s, all within %.2f s\n", n,
            100 * mean(results$delay <= 1), max(results$delay)))
cat("Threads left:", max(results$threads_left), "\n")
