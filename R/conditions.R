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
#   "core"      anything else that the C++ core reports
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

# Evaluates `expr`, a call into the core, and turns C++ exceptions into classed
# errors in the name of the function that the user called.
with_core_errors <- function(expr, call = rlang::caller_env()) {
  rlang::try_fetch(
    expr,
    `gmvae::NumericalError` = function(cnd) {
      gmvae_abort("{conditionMessage(cnd)}", "numerical", call = call)
    },
    `std::invalid_argument` = function(cnd) {
      gmvae_abort("{conditionMessage(cnd)}", "option", call = call)
    },
    `std::bad_alloc` = function(cnd) {
      gmvae_abort(c(
        "Out of memory while the C++ code was running.",
        i = "Use fewer rows or features, a sparse matrix, or a machine with more
             memory."
      ), "core", call = call)
    },
    `C++Error` = function(cnd) {
      gmvae_abort("{conditionMessage(cnd)}", "core", call = call)
    }
  )
}
