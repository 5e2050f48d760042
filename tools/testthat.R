# Rscript tools/testthat.R FILE: runs tests/testthat on the installed package
# and writes "passed failed skipped" (tests, not expectations) into FILE.

library(testthat)

out <- commandArgs(TRUE)[[1]]

# The tests run in a copy of the tree, where their snapshots may change; a
# snapshot that did is a failure, also where it is new.
tree <- file.path(dirname(out), "tree")
unlink(tree, recursive = TRUE)
dir.create(file.path(tree, "tests"), recursive = TRUE)
file.copy(c("src", "R", "DESCRIPTION"), tree, recursive = TRUE)
file.copy("tests/testthat", file.path(tree, "tests"), recursive = TRUE)
for (folder in c("tests/cpp", "tests/bench")) {
  file.symlink(normalizePath(folder), file.path(tree, folder))
}
folder <- file.path(tree, "tests", "testthat")

results <- as.data.frame(test_dir(folder,
  package = "gmvae", load_package = "installed", reporter = "check",
  stop_on_failure = FALSE
))

snapshots <- function(folder) {
  files <- list.files(folder, recursive = TRUE)
  texts <- lapply(file.path(folder, files), readLines, warn = FALSE)
  stats::setNames(texts, files)
}
unchanged <- identical(
  snapshots("tests/testthat/_snaps"), snapshots(file.path(folder, "_snaps"))
)
if (!unchanged) {
  cat("Snapshots are not what tests/testthat/_snaps holds; see", folder, "\n")
}

is_failed <- results$failed > 0 | results$error
is_skipped <- !is_failed & results$skipped
counts <- c(
  sum(!is_failed & !is_skipped), sum(is_failed) + !unchanged, sum(is_skipped)
)
writeLines(paste(counts, collapse = " "), out)
