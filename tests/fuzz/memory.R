# Memory limits: each must give a result or a classed error, never an abort.
#   Rscript tests/fuzz/memory.R [library]

arguments <- commandArgs(TRUE)
library <- if (length(arguments) > 0L) arguments[1] else ""

code <- "
if (nzchar('%s')) .libPaths(c('%s', .libPaths()))
suppressMessages({library(gmvae); library(Matrix)})
set.seed(1)
x <- rsparsematrix(500, 40000, 0.05, rand.x = function(n) rpois(n, 2) + 1)
dimnames(x) <- list(paste0('g', 1:500), paste0('c', 1:40000))
control <- gmvae_control(verbose = FALSE, n_threads = 2, epochs = 2)
task <- switch(%d,
  function() predict(suppressWarnings(
    gmvae(x[, 1:300], 3, control = control)), x, type = 'mean'),
  function() gmvae(x, 3, control = control),
  function() gmm_fit(matrix(rnorm(4e6), ncol = 20), 3, 'VVV',
                     control = gmm_control(n_threads = 2, verbose = FALSE))
)
cat(tryCatch({suppressMessages(suppressWarnings(task())); 'done'},
             error = function(cnd) class(cnd)[1]))
"

n_aborts <- 0
for (task in 1:3) {
  for (mb in c(450, 600, 750, 900, 1200)) {
    script <- tempfile(fileext = ".R")
    writeLines(sprintf(code, library, library, task), script)
    said <- suppressWarnings(system(sprintf(
      "ulimit -v %d; timeout 600 Rscript %s 2>/dev/null", mb * 1024, script
    ), intern = TRUE))
    unlink(script)
    status <- attr(said, "status")
    fine <- is.null(status) && grepl("^(done|gmvae_error_[a-z]+)$",
                                     paste(said, collapse = " "))
    n_aborts <- n_aborts + !fine
    cat(sprintf("task %d, %4d MB: %s%s\n", task, mb,
                paste(said, collapse = " "),
                if (is.null(status)) "" else sprintf(" (status %d)", status)))
  }
}
cat(n_aborts, "of 15 ended otherwise\n")
