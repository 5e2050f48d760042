# Generated calls by the thousand, in processes that may crash or hang:
#   Rscript tests/fuzz/run.R call 5000 [first seed] [library]
#   Rscript tests/fuzz/run.R fit 1000
#   Rscript tests/fuzz/run.R matrix 200
# Prints how many had which outcome, and every finding with its seed:
# fuzz_outcome(kind, seed) of tests/testthat/helper-fuzz.R runs it again. For an
# address sanitizer see tests/fuzz/README.md.

arguments <- commandArgs(TRUE)
kind <- arguments[1]
n <- as.integer(arguments[2])
first <- if (length(arguments) > 2L) as.integer(arguments[3]) else 1L
library <- if (length(arguments) > 3L) arguments[4] else ""
batch <- 200L
seconds <- 60  # that a single call may take, see batch.R

root <- normalizePath(file.path(dirname(sub("^--file=", "", grep(
  "^--file=", commandArgs(), value = TRUE
))), "../.."))

# Runs seeds in a process of its own; returns what it reported.
run_seeds <- function(seeds, limit) {
  report <- tempfile()
  on.exit(unlink(report))
  script <- file.path(root, "tests", "fuzz", "batch.R")
  command <- sprintf(
    "ulimit -v %s; timeout %d Rscript %s %s %s %d %d %s >/dev/null 2>&1",
    Sys.getenv("FUZZ_MEMORY_KB", "8000000"), limit, shQuote(script),
    shQuote(report), kind, seeds[1], length(seeds), shQuote(library)
  )
  status <- system(command)
  done <- if (file.exists(report) && file.size(report) > 0) {
    utils::read.delim(report, header = FALSE, quote = "", col.names = c(
      "kind", "seed", "outcome", "name", "message"
    ), colClasses = "character")
  }
  list(done = done, status = status)
}

show <- function(results) {
  bad <- results[!results$outcome %in% c("sound", "error"), ]
  columns <- c("seed", "outcome", "name", "message")
  if (NROW(bad) > 0L) print(bad[columns], row.names = FALSE, right = FALSE)
  NROW(bad)
}

n_bad <- 0
results <- NULL
began <- Sys.time()
seeds <- seq(first, length.out = n)
while (length(seeds) > 0L) {
  some <- utils::head(seeds, batch)
  run <- run_seeds(some, 1800)
  results <- rbind(results, run$done)
  reached <- NROW(run$done)
  if (reached < length(some)) {
    # The process ended at this seed; alone, with more time, it says how.
    at <- some[reached + 1L]
    alone <- run_seeds(at, 30 + seconds)
    if (is.null(alone$done)) {
      outcome <- if (alone$status == 124L) "hang" else "crash"
      alone$done <- data.frame(kind = kind, seed = at, outcome = outcome,
                               name = "", message = paste("status",
                                                          alone$status))
    }
    run$done <- rbind(run$done, alone$done)
    results <- rbind(results, alone$done)
    reached <- reached + 1L
  }
  n_bad <- n_bad + show(run$done)
  seeds <- seeds[-seq_len(reached)]
}

cat(sprintf("%d of kind \"%s\" in %.0f s\n", nrow(results), kind,
            as.numeric(difftime(Sys.time(), began, units = "secs"))))
print(table(results$outcome))
quit(status = as.integer(n_bad > 0L))
