# One batch of tests/fuzz/run.R: a line for each call, as soon as it is done.
arguments <- commandArgs(TRUE)
report <- arguments[1]
kind <- arguments[2]
seeds <- seq(as.integer(arguments[3]), length.out = as.integer(arguments[4]))
seconds <- as.numeric(arguments[5])
if (nzchar(arguments[6])) .libPaths(c(arguments[6], .libPaths()))
library(gmvae)
file <- grep("^--file=", commandArgs(), value = TRUE)
folder <- file.path(dirname(sub("^--file=", "", file)), "../testthat")
world <- new.env(parent = asNamespace("gmvae"))
for (helper in c("data", "malformed", "fuzz-targets", "fuzz")) {
  sys.source(file.path(folder, sprintf("helper-%s.R", helper)), world)
}
# What all calls begin with does not count as the first one's time.
if (kind %in% c("call", "object")) world$fuzz_others() else world$fuzz_world()
for (seed in seeds) {
  # Seconds of the processor: a call that waits for others does not hang.
  setTimeLimit(cpu = seconds, transient = TRUE)
  done <- tryCatch(
    world$fuzz_outcome(kind, seed),
    interrupt = function(cnd) {
      data.frame(kind = kind, seed = seed, outcome = "hang", name = "",
                 message = "interrupted")
    }
  )
  setTimeLimit()
  if (grepl("time limit", done$message)) done$outcome <- "hang"
  utils::write.table(done, report, append = TRUE, sep = "\t", quote = FALSE,
                     row.names = FALSE, col.names = FALSE)
}
