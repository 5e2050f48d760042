# Checks of single arguments. Each returns its argument, converted, or raises an
# error in the name of the function that the user called (`call`).

# `length` whole numbers from `min` to `max`, returned as integers; `length =
# NULL` allows any length from 1.
check_count <- function(x, min = 1, max = .Machine$integer.max, length = 1L,
                        arg = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
  # Objects of other packages may not even have a length.
  good_length <- is.numeric(x) &&
    if (is.null(length)) length(x) >= 1L else length(x) == length
  if (good_length && all(is.finite(x)) &&
        all(x == round(x)) && all(x >= min) && all(x <= max)) {
    return(as.integer(x))
  }
  what <- if (identical(length, 1L)) {
    "a whole number"
  } else {
    "one or more whole numbers"
  }
  range <- if (max < .Machine$integer.max) {
    "from {min} to {max}"
  } else {
    "of at least {min}"
  }
  if (is.numeric(x) && any(x > .Machine$integer.max, na.rm = TRUE)) {
    range <- "from {min} to {max}"
  }
  gmvae_abort(c(
    paste0("{.arg {arg}} must be ", what, " ", range, "."),
    x = "You supplied {describe(x)}."
  ), "option", call = call)
}

# One finite number in [min, max], or (min, max] where `open`.
check_number <- function(x, min = -Inf, max = Inf, open = FALSE,
                         arg = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
  if (is.numeric(x) && length(x) == 1L && is.finite(x) &&
        (x > min || (!open && x == min)) && x <= max) {
    return(as.double(x))
  }
  low <- if (open) "above {min}" else "of at least {min}"
  high <- if (is.finite(max)) " and at most {max}" else ""
  gmvae_abort(c(
    paste0("{.arg {arg}} must be a number ", low, high, "."),
    x = "You supplied {describe(x)}."
  ), "option", call = call)
}

# A number for set.seed(), or NULL.
check_seed <- function(seed, call = rlang::caller_env()) {
  if (is.null(seed)) return(NULL)
  limit <- .Machine$integer.max
  if (is.numeric(seed) && length(seed) == 1L && isTRUE(abs(seed) <= limit)) {
    return(seed)
  }
  gmvae_abort(c(
    "{.arg seed} must be a number from {-limit} to {limit}, or `NULL`.",
    x = "You supplied {describe(seed)}."
  ), "option", call = call)
}

check_flag <- function(x, arg = rlang::caller_arg(x),
                       call = rlang::caller_env()) {
  if (rlang::is_bool(x)) return(as.vector(x))
  gmvae_abort(c(
    "{.arg {arg}} must be `TRUE` or `FALSE`.",
    x = "You supplied {describe(x)}."
  ), "option", call = call)
}

# One of `values`, exactly; returns it.
check_choice <- function(x, values, arg = rlang::caller_arg(x),
                         call = rlang::caller_env()) {
  # Without the dimensions or the class that a string may have.
  if (rlang::is_string(x) && x %in% values) return(values[match(x, values)])
  gmvae_abort(c(
    "{.arg {arg}} must be one of {.val {values}}.",
    x = "You supplied {describe(x)}."
  ), "option", call = call)
}

# What predict() is to return: one of `types`. R's other predict() methods call
# two of them "class" and "prob".
check_type <- function(type, types, call = rlang::caller_env()) {
  habits <- c(class = "cluster", prob = "posterior")
  if (rlang::is_string(type) && type %in% names(habits)) {
    type <- habits[[type]]
  }
  check_choice(type, types, "type", call)
}

# Refuses arguments that change nothing of what `type` gives: the user expects
# an effect. `given`: is each argument given? `types_with`: a list of the types
# that it applies to; both by its name.
check_applies <- function(given, types_with, type, call) {
  applies <- vapply(types_with, function(types) type %in% types, NA)
  without <- names(which(given & !applies[names(given)]))
  if (length(without) == 0L) return(invisible())
  types <- types_with[[without[1]]]
  gmvae_abort(c(
    "{.arg {without[1]}} applies to {cli::qty(types)}type{?s} {.val {types}}
     only.",
    x = "{.arg type} is {.val {type}}."
  ), "option", call = call)
}

# A control object, made by the function that is named as its `class`.
check_control <- function(x, class, call = rlang::caller_env()) {
  if (inherits(x, class)) return(x)
  gmvae_abort(c(
    "{.arg control} must be made by {.fn {class}}.",
    x = "You supplied {describe(x)}.",
    i = "Write `control = {class}(...)`."
  ), "option", call = call)
}

# What belongs to single rows or cells, in their order: `x`, a vector or a
# matrix with a row for each, is matched to their `names` if both are named.
match_by_name <- function(x, names, arg = rlang::caller_arg(x),
                          call = rlang::caller_env()) {
  by_row <- length(dim(x)) == 2L
  if (length(dim(x)) == 1L) x <- stats::setNames(as.vector(x), names(x))
  given <- if (by_row) rownames(x) else names(x)
  if (is.null(given) || is.null(names) || length(given) != length(names) ||
        identical(given, names)) {
    return(x)
  }
  order <- match(names, given)
  foreign <- setdiff(given, names)
  if (!anyNA(order) && !anyDuplicated(order)) {
    return(if (by_row) x[order, , drop = FALSE] else x[order])
  }
  gmvae_abort(c(
    "The names of {.arg {arg}} must be those of {.arg x}, in any order.",
    x = if (length(foreign) > 0L) {
      "{length(foreign)} of {length(given)} {?is/are} not, the first
       {.val {foreign[1]}}."
    } else {
      "Some names occur more than once, so that they can't be matched."
    },
    i = "If {.arg {arg}} is in the order of {.arg x}, drop its names:
         {.code unname({arg})}."
  ), "option", call = call)
}

# A few words on a value, for the `x` line of an error.
describe <- function(x) {
  # Methods of a class may fail for what only claims to be of it.
  dim <- function(x) tryCatch(base::dim(x), error = function(cnd) NULL)
  if (is.null(x)) return("`NULL`")
  if (is.factor(x)) return(paste0("a factor of length ", length(x)))
  plain <- is.atomic(x) && is.null(dim(x))
  if (plain && length(x) == 1L) {
    if (is.character(x)) return(paste0('"', shortened(x), '"'))
    # Classes may have methods that fail.
    return(tryCatch(format(x), error = function(cnd) format(unclass(x))))
  }
  if (plain && !is.object(x) && length(x) <= 5L && length(x) > 0L) {
    if (is.double(x)) x <- signif(x, 7)
    if (is.character(x)) x <- shortened(x)
    return(paste0("`", paste(deparse(x), collapse = ""), "`"))
  }
  size <- tryCatch(paste(dim(x), collapse = " x "), error = function(cnd) "")
  if (is.data.frame(x)) return(paste0("a data frame (", size, ")"))
  flat <- tryCatch(is.matrix(x), error = function(cnd) FALSE)
  if (flat) return(paste0("a matrix (", size, ")"))
  if (is.null(dim(x)) && !is.object(x) && is.vector(x)) {
    kind <- if (is.list(x)) "list" else paste(mode(x), "vector")
    return(paste0("a ", kind, " of length ", length(x)))
  }
  paste0("an object of class <", class(x)[1], ">",
         if (nzchar(size)) paste0(" (", size, ")") else
           paste(" of length", length(unclass(x))))
}

# Strings of at most `n` characters.
shortened <- function(x, n = 60L) {
  long <- which(nchar(x, "chars", allowNA = TRUE) > n)
  x[long] <- paste0(substr(x[long], 1L, n), "...")
  x
}

# A matched call under the name of the function that the user called. do.call()
# puts values into a call; each is replaced by the name of its argument, so that
# no fit carries the data in its call.
call_by_name <- function(call, name) {
  call[[1L]] <- as.name(name)
  for (argument in names(call)[-1L]) {
    value <- call[[argument]]
    if (!is.language(value) && (!is.atomic(value) || length(value) > 10L)) {
      call[[argument]] <- as.name(argument)
    }
  }
  call
}

# The default number of threads. Results do not depend on it; CRAN allows two.
# Users may set fewer for all packages (`mc.cores`), and so may a container.
default_threads <- function() {
  limits <- c(2, parallel::detectCores(), getOption("mc.cores"),
              container_cores())
  limits <- suppressWarnings(as.integer(limits))
  max(1L, min(limits, na.rm = TRUE))
}

# Cores that a control group of Linux allows, or NULL.
container_cores <- function(folder = "/sys/fs/cgroup") {
  numbers <- function(...) {
    files <- file.path(folder, c(...))
    if (!all(file.exists(files))) return(NULL)
    text <- tryCatch(unlist(lapply(files, readLines, n = 1L, warn = FALSE)),
                     error = function(cnd) "")
    suppressWarnings(as.numeric(unlist(strsplit(text, " "))))
  }
  quota <- numbers("cpu.max")
  if (is.null(quota)) {
    quota <- numbers("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")
  }
  if (length(quota) == 2L && !anyNA(quota) && all(quota > 0)) {
    max(1, floor(quota[1] / quota[2]))
  }
}

# One draw from R's generator seeds the core, so that set.seed() makes fits
# repeatable.
draw_seed <- function() {
  sample.int(.Machine$integer.max, 1L)
}

# A level of a factor may be missing, as addNA() has it: its items count as
# missing, and levels without items are dropped.
without_missing_level <- function(labels) {
  if (is.factor(labels)) factor(labels) else labels
}
