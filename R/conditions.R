# Errors: one sentence on what must hold, then (`x`) what was found and where,
# then (`i`) what to do. Callers and tests match on classes, never on prose.

# Every error of the package: class `gmvae_error_<class>`, above it
# `gmvae_error`. `class` is one of
#   "input"   the object given can't be used as data (type, shape, names)
#   "data"    the values in it can't be used (NA, negative, fractional, empty)
#   "option"  an argument that steers the fit is out of range or unknown
#   "package" a suggested package is needed and missing
#   "numerical" a computation broke down
#   "core"    anything else that the C++ core reports
gmvae_abort <- function(message, class, ..., call = rlang::caller_env(),
                        .envir = parent.frame()) {
  cli::cli_abort(
    message,
    class = c(paste0("gmvae_error_", class), "gmvae_error"),
    ..., call = call, .envir = .envir
  )
}

gmvae_warn <- function(message, class, ..., call = rlang::caller_env(),
                       .envir = parent.frame()) {
  cli::cli_warn(
    message,
    class = c(paste0("gmvae_warning_", class), "gmvae_warning"),
    ..., call = call, .envir = .envir
  )
}

# Runs `expr`, a call into the core, and rethrows what the core throws as a
# classed error of the function that the user called.
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
        "There must be enough memory for the fit.",
        x = "The operating system gave no more.",
        i = "Use fewer features or a sparse matrix."
      ), "core", call = call)
    },
    `C++Error` = function(cnd) {
      gmvae_abort("{conditionMessage(cnd)}", "core", call = call)
    }
  )
}
