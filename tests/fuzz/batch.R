# One batch of tests/fuzz/run.R: a line for each call, as soon as it is done.
arguments <- commandArgs(TRUE)
report <- arguments[1]
kind <- arguments[2]
seeds <- seq(as.integer(arguments[3]), length.out = as.integer(arguments[4]))
if (nzchar(arguments[5])) .libPaths(c(arguments[5], .libPaths()))
library(gmvae)
file <- grep("^--file=", commandArgs(), value = TRUE)
folder <- file.path(dirname(sub("^--file=", "", file)), "../testthat")
world <- new.env(parent = asNamespace("gmvae"))
for (helper in c("helper-data.R", "helper-malformed.R", "helper-fuzz.R")) {
  sys.source(file.path(folder, helper), world)
}
world$fuzz_world()
for (seed in seeds) {
  setTimeLimit(elapsed = 60, transient = TRUE)
  done <- world$fuzz_outcome(kind, seed)
  setTimeLimit()
  if (grepl("time limit", done$message)) done$outcome <- "hang"
  utils::write.table(done, report, append = TRUE, sep = "\t", quote = FALSE,
                     row.names = FALSE, col.names = FALSE)
}
