# Generated calls by the thousand, in processes that may crash or hang:
#   Rscript tests/fuzz/run.R call 5000 [first seed] [library]
#   Rscript tests/fuzz/run.R fit 1000
#   Rscript tests/fuzz/run.R object 1000
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
# Of the processor, that a single call may take; a sanitizer needs more.
seconds <- as.numeric(Sys.getenv("FUZZ_SECONDS", "60"))
preload <- Sys.getenv("FUZZ_PRELOAD")  # a sanitizer's library

root <- normalizePath(file.path(dirname(sub("^--file=", "", grep(
  "^--file=", commandArgs(), value = TRUE
))), "../.."))

# Seconds of the processor that a process has used; NA if it has ended.
processor_seconds <- function(pid) {
  time <- suppressWarnings(system(paste("ps -o time= -p", pid), intern = TRUE))
  if (length(time) == 0L) return(NA)
  parts <- as.numeric(strsplit(trimws(time), "[-:]")[[1]])
  sum(rev(parts) * c(1, 60, 3600, 86400)[seq_along(parts)])
}

lines_of <- function(file) {
  if (file.exists(file)) length(readLines(file, warn = FALSE)) else 0L
}

# Runs seeds in a process of its own, which is ended if a call does not end
# itself; returns what it reported.
run_seeds <- function(seeds) {
  files <- tempfile(c("report", "pid", "status"))
  on.exit(unlink(files))
  report <- files[1]
  script <- file.path(root, "tests", "fuzz", "batch.R")
  system(sprintf(
    "(ulimit -v %s; %s Rscript %s %s %s %d %d %g %s >/dev/null 2>&1 &
      echo $! >%s; wait $!; echo $? >%s) >/dev/null 2>&1 &",
    Sys.getenv("FUZZ_MEMORY_KB", "8000000"),
    if (nzchar(preload)) paste0("LD_PRELOAD=", preload) else "",
    shQuote(script), shQuote(report),
    kind, seeds[1], length(seeds), seconds, shQuote(library), files[2],
    files[3]
  ))
  while (lines_of(files[2]) == 0L) system("sleep 0.1")
  pid <- readLines(files[2])
  reached <- 0L
  used <- seconds  # the first call also makes the fits that all begin with
  n_looks <- 0L  # since the last call was done
  hang <- FALSE
  while (lines_of(files[3]) == 0L) {
    system("sleep 0.2")  # Sys.sleep() lasts where the clock is set back
    n_looks <- n_looks + 1L
    now <- processor_seconds(pid)
    if (lines_of(report) > reached) {
      reached <- lines_of(report)
      used <- now
      n_looks <- 0L
    }
    # The call's own limit comes first; an hour without an end is a deadlock.
    stuck <- n_looks > 3600 / 0.2
    if (!hang && !is.na(now) && (now - used > seconds + 10 || stuck)) {
      hang <- TRUE
      system(paste("kill -9", pid))
    }
  }
  done <- if (reached > 0L || lines_of(report) > 0L) {
    utils::read.delim(report, header = FALSE, quote = "", col.names = c(
      "kind", "seed", "outcome", "name", "message"
    ), colClasses = "character")
  }
  list(done = done, status = as.integer(readLines(files[3])), hang = hang)
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
  run <- run_seeds(some)
  reached <- NROW(run$done)
  if (reached < length(some)) {
    # The process ended at this seed.
    reached <- reached + 1L
    run$done <- rbind(run$done, data.frame(
      kind = kind, seed = some[reached],
      outcome = if (run$hang) "hang" else "crash", name = "",
      message = paste("status", run$status)
    ))
  }
  results <- rbind(results, run$done)
  n_bad <- n_bad + show(run$done)
  seeds <- seeds[-seq_len(reached)]
}

cat(sprintf("%d of kind \"%s\" in %.0f s\n", nrow(results), kind,
            as.numeric(difftime(Sys.time(), began, units = "secs"))))
print(table(results$outcome))
quit(status = as.integer(n_bad > 0L))
