# The function(phase, done, total, value) that the core calls to move a progress
# bar, or NULL for none. The bar closes when the function with the frame `envir`
# ends, also by an error or by Ctrl-C; it does not close at `total`, which the
# core may report twice. cli shows no bar in the first two seconds.
progress_reporter <- function(verbose, envir = parent.frame()) {
  if (!verbose) return(NULL)
  force(envir)
  bar <- NULL
  function(phase, done, total, value) {
    status <- if (is.finite(value)) {
      paste(phase, formatC(value, format = "f", digits = 1, decimal.mark = "."))
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
