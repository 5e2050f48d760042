# Errors and warnings. An error begins with a sentence on what must hold or what
# went wrong; the line `x` says what was found and where, the line `i` what to
# do. Callers and tests match on classes, never on prose.

# Raises an error of class `gmvae_error_<class>`, whose parent is `gmvae_error`.
# `class` is one of
#   "input"     the data have a wrong type, shape or names
#   "data"      the data have wrong values (NA, negative, fractional, empty)
#   "option"    another argument is out of range or unknown
#   "package"   a suggested package is needed and not installed
#   "numerical" a computation broke down
#   "file"      a temporary file can't be written or is not what it should be
#   "worker"    processes that share the work die or can't be started
#   "core"      anything else that the C++ core reports
#   "unexpected" an error of R or of another package, the parent of ours
gmvae_abort <- function(message, class, ..., call = rlang::caller_env(),
                        .envir = parent.frame()) {
  local_decimal_point()
  cli::cli_abort(
    message,
    class = c(paste0("gmvae_error_", class), "gmvae_error"),
    ..., call = call, .envir = .envir
  )
}

gmvae_warn <- function(message, class, ..., call = rlang::caller_env(),
                       .envir = parent.frame()) {
  local_decimal_point()
  cli::cli_warn(
    message,
    class = c(paste0("gmvae_warning_", class), "gmvae_warning"),
    ..., call = call, .envir = .envir
  )
}

# Evaluates `expr` and turns errors that are not ours, those of C++ among them,
# into classed ones in the name of the function that the user called. Before an
# error counts as unexpected, `if_unexpected` is evaluated, which may raise
# another. Warnings and interrupts pass.
with_core_errors <- function(expr, call = rlang::caller_env(),
                             if_unexpected = NULL) {
  rlang::try_fetch(expr, error = function(cnd) {
    rethrow(cnd, call, if_unexpected)
  })
}

rethrow <- function(cnd, call, if_unexpected = NULL) {
  if (inherits(cnd, "gmvae_error")) return(rlang::zap())
  text <- conditionMessage(cnd)
  if (inherits(cnd, "gmvae::NumericalError")) {
    gmvae_abort("{text}", "numerical", call = call)
  }
  if (inherits(cnd, "gmvae::FileError")) {
    gmvae_abort("{text}", "file", call = call)
  }
  if (inherits(cnd, "std::invalid_argument")) {
    gmvae_abort("{text}", "option", call = call)
  }
  if (inherits(cnd, "std::bad_alloc") || is_out_of_memory(text)) {
    gmvae_abort(c(
      "Out of memory.",
      i = "Use fewer rows or features, a sparse matrix, or a machine with more
           memory."
    ), "core", parent = cnd, call = call)
  }
  if (inherits(cnd, "C++Error")) gmvae_abort("{text}", "core", call = call)
  force(if_unexpected)
  gmvae_abort(c(
    "An error occurred that gmvae did not expect.",
    i = "If an argument is not as the help page says, change it; otherwise
         please report the error below."
  ), "unexpected", parent = cnd, call = call)
}

# R has no class for it, only these messages, perhaps translated.
is_out_of_memory <- function(text) {
  patterns <- c("cannot allocate vector", "cannot allocate memory",
                "memory exhausted")
  patterns <- c(patterns, sub("%.*", "", gettext(
    "cannot allocate vector of size %0.1f Gb", domain = "R"
  )))
  any(vapply(patterns, grepl, NA, x = text, fixed = TRUE))
}

# `fn`, a function that users call, with no other errors than classed ones. Its
# body is evaluated in its own frame, so that it sees how it was called.
with_classed_errors <- function(fn, name) {
  call <- call(name)
  arguments <- setdiff(names(formals(fn)), "...")
  body(fn) <- bquote({
    result <- with_core_errors(
      withVisible(.(body(fn))), quote(.(call)),
      check_matrix_arguments(.(arguments), environment(), quote(.(call)))
    )
    if (result$visible) result$value else invisible(result$value)
  })
  fn
}
