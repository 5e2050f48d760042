# A function(phase, done, total, value) for the core to call, drawing a bar, or
# NULL for silence. The bar closes with the frame `envir`, also when that ends
# by an error or by Ctrl-C, not at `total`, which may be reported twice; cli
# shows none in the first seconds.
progress_reporter <- function(verbose, envir = parent.frame()) {
  if (!verbose) return(NULL)
  force(envir)
  bar <- NULL
  function(phase, done, total, value) {
    status <- if (is.finite(value)) {
      paste(phase, formatC(value, format = "f", digits = 1))
    } else {
      phase
    }
    if (is.null(bar)) {
      bar <<- cli::cli_progress_bar(
        total = total, clear = TRUE, auto_terminate = FALSE,
        .envir = envir, format = paste(
          "{cli::pb_bar} {cli::pb_percent} {cli::pb_status}",
          "{cli::pb_eta_str}"
        )
      )
    }
    cli::cli_progress_update(set = done, total = total, status = status,
                             id = bar, .envir = envir)
  }
}
