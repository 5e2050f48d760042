# A function(phase, done, total, value) for the core to call, drawing one bar
# per phase, or NULL for silence. The bars close with the frame `envir`, also
# when that ends by an error or by Ctrl-C; cli shows none in the first seconds.
progress_reporter <- function(verbose, envir = parent.frame()) {
  if (!verbose) return(NULL)
  bar <- NULL
  current <- ""
  function(phase, done, total, value) {
    status <- if (is.finite(value)) format(value, digits = 6) else ""
    if (phase != current) {
      if (!is.null(bar)) cli::cli_progress_done(bar, .envir = envir)
      bar <<- cli::cli_progress_bar(
        phase, total = total, clear = TRUE, .envir = envir,
        format = paste(
          "{cli::pb_name}{cli::pb_bar} {cli::pb_percent}",
          "{cli::pb_status} {cli::pb_eta_str}"
        )
      )
      current <<- phase
    }
    cli::cli_progress_update(
      set = done, total = total, status = status, id = bar, .envir = envir
    )
  }
}
