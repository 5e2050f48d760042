# Does a fit survive kill -9, and a disk that fills up?
#   Rscript tests/fuzz/kills.R [20] [library] [small folder]
# Fits with a checkpoint in a process that is killed at random moments of its
# training, goes on in the next one, and so on; then compares the fit with that
# of a process that was never killed. `small folder`: a small disk of its own,
# such as one made by `mount -t tmpfs -o size=20m tmpfs FOLDER`, on which files
# of cells and checkpoints do not fit. Linux only.

arguments <- commandArgs(TRUE)
n_kills <- if (length(arguments) > 0L) as.integer(arguments[1]) else 20L
library_path <- if (length(arguments) > 1L) arguments[2] else .libPaths()[1]
small_disk <- if (length(arguments) > 2L) arguments[3]
.libPaths(c(library_path, .libPaths()))
suppressMessages(library(gmvae))

folder <- tempfile("kills")
dir.create(folder)
script <- file.path(folder, "fit.R")
writeLines(c(
  sprintf(".libPaths(c(%s, .libPaths()))", deparse1(library_path)),
  "suppressMessages(library(gmvae))",
  "arguments <- commandArgs(TRUE)",
  "checkpoint <- if (arguments[1] != 'none') arguments[1]",
  "data(pbmc_sorted)",
  "set.seed(1)",
  "fit <- suppressWarnings(suppressMessages(gmvae(pbmc_sorted$counts, 2:4,",
  "  features = 500,",
  "  control = gmvae_control(epochs = 20, n_init = 3, verbose = FALSE,",
  "    n_threads = 2, checkpoint = checkpoint, checkpoint_minutes = 0.002))))",
  "fit$history$seconds <- NULL",
  "fit$call <- NULL",
  "saveRDS(fit, arguments[2])"
), script)
# Number of the process.
start <- function(checkpoint, result) {
  as.integer(system(sprintf("Rscript %s %s %s >/dev/null 2>&1 & echo $!",
                            script, checkpoint, result), intern = TRUE))
}
lives <- function(pid) tools::pskill(pid, 0L)
wait <- function(pid) while (lives(pid)) Sys.sleep(0.05)

result <- file.path(folder, "whole.rds")
seconds <- system.time(wait(start("none", result)))[["elapsed"]]
whole <- readRDS(result)
cat(sprintf("Never killed: %.1f s\n", seconds))

set.seed(as.integer(Sys.time()) %% 1e6)
same <- logical()
n_done <- 0
while (n_done < n_kills) {
  checkpoint <- file.path(folder, "fit.ckpt")
  result <- file.path(folder, "killed.rds")
  unlink(result)
  n_here <- 0
  repeat {
    pid <- start(checkpoint, result)
    # Past the start of R, and within the time of the whole.
    Sys.sleep(stats::runif(1, 0.2, 0.7) * seconds)
    ended <- !lives(pid)
    if (!ended && n_done < n_kills) {
      tools::pskill(pid, 9L)
      n_done <- n_done + 1
      n_here <- n_here + 1
    }
    wait(pid)
    if (file.exists(result)) break
  }
  same <- c(same, identical(readRDS(result), whole))
  left <- setdiff(list.files(folder), c("fit.R", "whole.rds", "killed.rds"))
  cat(sprintf("%d kills, then done: identical %s; files left: %s\n", n_here,
              utils::tail(same, 1L), if (length(left)) toString(left) else
                "none"))
}
cat(sprintf("%d kills in %d fits: %d of them identical\n", n_done,
            length(same), sum(same)))

if (!is.null(small_disk)) {
  data(pbmc_sorted)
  many <- pbmc_sorted$counts[, rep(seq_len(1000), 20)]
  colnames(many) <- paste0("c", seq_len(ncol(many)))
  source <- cell_source(function(from, to) many[, from:to], dim(many),
                        dimnames(many))
  control <- function(...) {
    gmvae_control(epochs = 2, verbose = FALSE, n_threads = 2, ...)
  }
  said <- function(label, code) {
    found <- tryCatch({
      suppressWarnings(suppressMessages(code))
      "no error"
    }, error = function(cnd) {
      paste0(class(cnd)[1], ": ", gsub("\n", " ", conditionMessage(cnd)))
    })
    left <- list.files(small_disk)
    cat(sprintf("%s: %s\n  files left: %s\n", label, found,
                if (length(left)) toString(left) else "none"))
  }
  options(gmvae.cache = small_disk)
  said("File of cells on the small disk", gmvae(source, 3, control = control()))
  options(gmvae.cache = tempdir())
  said("Checkpoint on the small disk", gmvae(
    pbmc_sorted$counts, 3,
    control = control(hidden = 2048, checkpoint = file.path(small_disk, "c"))
  ))
  if (requireNamespace("HDF5Array", quietly = TRUE)) {
    said("Expected values on the small disk", predict(
      whole, pbmc_sorted$counts[, rep(seq_len(1000), 20)], "mean",
      sink = file.path(small_disk, "values.h5")
    ))
  }
}
