# How soon Ctrl-C is heard, in every phase, and what stays behind:
#   Rscript tests/fuzz/interrupts.R [30] [library] [task]
# Sends SIGINT to this process at random moments of each task in turn. Prints
# the delay until R has the interrupt, threads and files that are left, and
# whether a small fit afterwards is as it was before. A task that ends before
# the signal counts as nothing, and is tried again with an earlier one.

arguments <- commandArgs(TRUE)
n <- if (length(arguments) > 0L) as.integer(arguments[1]) else 30L
if (length(arguments) > 1L && nzchar(arguments[2])) {
  .libPaths(c(arguments[2], .libPaths()))
}
suppressMessages({
  library(gmvae)
  library(Matrix)
})

threads <- function() length(list.files("/proc/self/task"))
files <- function() list.files(tempdir(), recursive = TRUE)
grDevices::pdf(NULL)

set.seed(1)
group <- rep_len(1:4, 20000)
big <- rsparsematrix(1000, 20000, 0.1, rand.x = function(n) rpois(n, 2) + 1)
marked <- outer(rep(1:4, each = 50), group, "==")
big <- big + rbind(Matrix(marked * rpois(length(marked), 2), sparse = TRUE),
                   Matrix(0, 800, 20000, sparse = TRUE))
big <- as(as(big, "generalMatrix"), "CsparseMatrix")
dimnames(big) <- list(paste0("g", 1:1000), paste0("c", 1:20000))
many <- big[, rep(seq_len(20000), 4)]
colnames(many) <- paste0("c", seq_len(ncol(many)))
control <- function(...) gmvae_control(verbose = FALSE, n_threads = 2, ...)
quietly <- function(expr) suppressWarnings(suppressMessages(expr))
small <- function() {
  set.seed(2)
  quietly(gmvae(big[, 1:500], 3, control = control(epochs = 2)))$parameters
}
fit <- quietly(gmvae(big[, 1:2000], 4, control = control(epochs = 10)))
query <- big[, 1:2000]
tall <- matrix(rnorm(2e5 * 10), ncol = 10)
wide <- matrix(rnorm(2000 * 1500), 2000)
options <- gmm_control(verbose = FALSE, n_threads = 2)
mixture <- gmm_fit(tall[1:20000, ], 3, "VVV", control = options)
ordinary <- gmm_fit(faithful, 2, "VVV", control = options)
tasks <- list(
  decode = function() predict(fit, many, type = "mean"),
  encode = function() predict(fit, many),
  large_steps = function() {
    gmvae(big, 3, control = control(
      batch_size = 20000, hidden = c(1024, 1024), epochs = 20
    ))
  },
  pretrain = function() gmvae(big, 3, control = control(epochs = 1000)),
  features = function() {
    for (i in 1:30) gmvae:::cpp_feature_deviance(many, colSums(many))
    gmvae(many, 3, features = 100, control = control(epochs = 50))
  },
  batches = function() {
    size <- colSums(big) / mean(colSums(big))
    repeat gmvae:::cpp_find_batches(big, size, 2L)
  },
  starts = function() {
    gmvae(big, 12, control = control(epochs = 2, n_init = 1000))
  },
  how_many = function() {
    gmvae(big[, 1:3000], 2:8, control = control(epochs = 3))
  },
  networks = function() {
    gmvae(query, 4, control = control(epochs = 50, n_networks = 5))
  },
  markers = function() markers(fit, query, n_draws = 100000),
  count_splitting = function() markers(fit, query, p_values = "split"),
  reference = function() map_to_reference(fit, many, batch = "new"),
  check = function() check_fit(fit, query, nsim = 1000),
  simulate = function() repeat simulate(fit, 1),
  umap = function() plot(fit, "latent", method = "umap"),
  source = function() {
    source <- cell_source(function(from, to) many[, from:to], dim(many),
                          dimnames(many))
    gmvae(source, 3, control = control(epochs = 20))
  },
  mixture = function() gmm_fit(tall, 1:9, control = options),
  columns = function() gmm_fit(wide, 2, "VVV", control = options),
  split_tests = function() {
    gmm_fit(tall[1:5000, ], 1:5, "EEE", criterion = "test", control = options)
  },
  bootstrap = function() {
    gmm_bootstrap(mixture, 999, data = tall[1:20000, ], n_threads = 2)
  },
  ratio_test = function() {
    gmm_lrt(tall[1:5000, ], 1:5, "VVV", control = options)
  },
  impute = function() {
    holes <- tall[1:20000, ]
    holes[sample(length(holes), 20000)] <- NA
    impute(gmm_fit(holes, 3, "VVV", na_action = "em", control = options), holes,
           m = 20)
  },
  merge = function() {
    merge_components(mixture, "modes", data = tall[1:20000, ])
  },
  region = function() {
    hdr(ordinary, newdata = as.matrix(faithful)[rep(1:272, 5000), ])
  },
  errors = function() vcov(mixture, data = tall[1:20000, ])
)
if (length(arguments) > 2L) tasks <- tasks[arguments[3]]

# The delay in seconds, or NA where the task ended before the signal.
interrupt_once <- function(task, after) {
  sent <- tempfile()
  on.exit(unlink(sent))
  system(sprintf("(sleep %.2f; date +%%s.%%N >%s; kill -INT %d) &", after, sent,
                 Sys.getpid()))
  ended <- FALSE
  heard <- tryCatch(
    {
      tryCatch(quietly(task()), error = function(cnd) {
        stop("This task does not work: ", conditionMessage(cnd), call. = FALSE)
      })
      ended <- TRUE
      Sys.sleep(after + 1)
    },
    interrupt = function(cnd) as.numeric(Sys.time())
  )
  if (ended) NA else heard - as.numeric(readLines(sent))
}

before <- small()
set.seed(NULL)
moments <- stats::runif(n)  # small() sets the seed
invisible(gc())
n_threads <- threads()
results <- NULL
for (i in seq_len(n)) {
  name <- names(tasks)[1L + (i - 1L) %% length(tasks)]
  most <- 5
  repeat {
    after <- 0.1 + moments[i] * (most - 0.1)
    here <- files()
    delay <- interrupt_once(tasks[[name]], after)
    if (!is.na(delay) || most < 0.3) break
    most <- most / 2
  }
  invisible(gc())  # removes temporary files of sources
  results <- rbind(results, data.frame(
    task = name, after = round(after, 2), delay = round(delay, 3),
    threads_left = threads() - n_threads,
    files_left = length(setdiff(files(), here)),
    usable = identical(small(), before)
  ))
  print(results[i, ], row.names = FALSE)
}
heard <- results[!is.na(results$delay), ]
cat(sprintf("%d interrupts: %.0f%% within 1 s, all within %.2f s\n",
            nrow(heard), 100 * mean(heard$delay <= 1), max(heard$delay)))
cat("Threads left:", max(results$threads_left), "files left:",
    max(results$files_left), "small fits as before:", sum(results$usable), "of",
    nrow(results), "\n")
